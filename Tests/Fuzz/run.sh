#!/usr/bin/env bash
# Fuzzes a checkpoint reader: run.sh FORMAT [SECONDS], FORMAT as in CheckpointReaders.all.
#
# Seeds are the golden files; what is found goes to .build/fuzz/FORMAT/found, and from there, once fixed,
# to Formats/FORMAT/golden/bad with its message. The corpus stays in .build/fuzz/FORMAT/corpus.
# Address sanitizer and the standard library's own checks are on; 512 MB and 10 seconds an input are the limit.
set -euo pipefail
cd "$(dirname "$0")/../.."
format=${1:?usage: Tests/Fuzz/run.sh FORMAT [SECONDS]}
seconds=${2:-1200}
[ -d "Formats/$format/golden" ] || { echo "error: no golden files for '$format'" >&2; exit 2; }

out=.build/fuzz
target=$out/checkpoints
protobuf=.build/checkouts/swift-protobuf/Sources/SwiftProtobuf
[ -d $protobuf ] || swift package resolve

stamp() { find Sources/MBQCheckpoints Sources/MBQModel Sources/MBQCore Sources/MBQTokenizer Sources/CMBQKernels Tests/Fuzz \
  -type f -print0 | sort -z | xargs -0 cat | cksum; }

build() {
  local modules=$out/modules kernels=Sources/CMBQKernels module
  mkdir -p $modules $out/objects
  printf 'module CMBQKernels { header "%s" export * }\n' "$PWD/$kernels/include/mbq_kernels.h" >$modules/module.modulemap
  find $kernels -name '*.c' | while read -r file; do
    clang -O2 -std=c17 -I $kernels/include -c "$file" -o "$out/objects/$(echo "$file" | tr / _).o"
  done
  # Debug checks of the standard library with optimized code.
  local flags=(-O -wmo -parse-as-library -assert-config Debug -package-name mbq -swift-version 6
    -enable-upcoming-feature ExistentialAny -enable-upcoming-feature MemberImportVisibility
    -I $modules -I Sources/CZlib)
  for module in SwiftProtobuf MBQCore MBQTokenizer MBQModel; do
    local from=Sources/$module extra=()
    if [ $module = SwiftProtobuf ]; then from=$protobuf extra=(-swift-version 5); fi
    [ $module = SwiftProtobuf ] && [ -e $out/objects/$module.o ] && continue
    swiftc "${flags[@]}" "${extra[@]}" -module-name $module -emit-module -emit-module-path $modules/$module.swiftmodule \
      -c $(find $from -name '*.swift') -o $out/objects/$module.o
  done
  swiftc "${flags[@]}" -D MBQ_FUZZING -sanitize=fuzzer,address -module-name MBQCheckpoints \
    $(find Sources/MBQCheckpoints -name '*.swift') Tests/Fuzz/CheckpointTarget.swift $out/objects/*.o -lz -o $target
  stamp >$out/stamp
}

mkdir -p $out
(
  flock 9
  [ "$(cat $out/stamp 2>/dev/null)" = "$(stamp)" ] || build
) 9>$out/lock

corpus=$out/$format/corpus found=$out/$format/found seeds=$out/$format/seeds
rm -rf "$seeds"
mkdir -p "$corpus" "$found" "$seeds"
find "Formats/$format/golden" -type f ! -name '*.txt' -size -64k | while read -r file; do
  cp "$file" "$seeds/$(echo "$file" | tr / _)"
done
export SWIFT_BACKTRACE=enable=no MBQ_FUZZ_FORMAT=$format
# Files that an input names are the good golden ones, and those that TensorFlow derives from its name.
files=$out/$format/files
rm -rf "$files"
cp -r "Formats/$format/golden/good" "$files"
for file in "$files"/blocks.data-*; do
  [ -e "$file" ] || continue
  for part in 00000-of-00001 00000-of-00002 00001-of-00002; do cp "$file" "$files/fuzzed.data-$part"; done
done
export MBQ_FUZZ_PATH="$PWD/$files/fuzzed.index"
exec $target -max_total_time="$seconds" -timeout=10 -rss_limit_mb=512 -max_len=65536 -print_final_stats=1 \
  -artifact_prefix="$found/" "$corpus" "$seeds"
