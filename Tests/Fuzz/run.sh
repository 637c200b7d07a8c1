#!/usr/bin/env bash
# Fuzzes a reader: run.sh FORMAT [SECONDS], FORMAT as in CheckpointReaders.all, or dataset, or answers.
#
# Seeds are the golden files; what is found goes to .build/fuzz/FORMAT/found, and from there, once fixed,
# to Formats/FORMAT/golden/bad with its message. The corpus stays in .build/fuzz/FORMAT/corpus.
# Address sanitizer and the standard library's own checks are on; 512 MB and 10 seconds an input are the limit.
set -euo pipefail
cd "$(dirname "$0")/../.."
format=${1:?usage: Tests/Fuzz/run.sh FORMAT [SECONDS]}
seconds=${2:-1200}
case $format in
  dataset | answers) fuzzed=MBQEvaluation source=EvaluationTarget.swift ;;
  *) fuzzed=MBQCheckpoints source=CheckpointTarget.swift
    [ -d "Formats/$format/golden" ] || { echo "error: no golden files for '$format'" >&2; exit 2; } ;;
esac

out=.build/fuzz
target=$out/$fuzzed
protobuf=.build/checkouts/swift-protobuf/Sources/SwiftProtobuf
[ -d $protobuf ] || swift package resolve

imported="MBQCore MBQTokenizer MBQModel"
[ $fuzzed = MBQCheckpoints ] || imported="$imported MBQSchemes MBQFormat MBQKernels MBQRuntime"
stamp() { find Sources/$fuzzed $(printf 'Sources/%s ' $imported) Sources/CMBQKernels Sources/CMBQBytes Tests/Fuzz -type f -print0 | sort -z | xargs -0 cat | cksum; }

build() {
  local modules=$out/modules kernels=Sources/CMBQKernels bytes=Sources/CMBQBytes module
  mkdir -p $modules $out/objects
  printf 'module %s { header "%s" export * }\n' CMBQKernels "$PWD/$kernels/include/mbq_kernels.h" \
    CMBQBytes "$PWD/$bytes/include/mbq_bytes.h" >$modules/module.modulemap
  find $kernels $bytes -name '*.c' | while read -r file; do
    clang -O2 -std=c17 -I $kernels/include -I $bytes/include -c "$file" -o "$out/objects/$(echo "$file" | tr / _).o"
  done
  # Debug checks of the standard library with optimized code.
  local flags=(-O -wmo -parse-as-library -assert-config Debug -package-name mbq -swift-version 6
    -enable-upcoming-feature ExistentialAny -enable-upcoming-feature MemberImportVisibility
    -I $modules -I Sources/CZlib)
  for module in SwiftProtobuf $imported; do
    local from=Sources/$module extra=()
    if [ $module = SwiftProtobuf ]; then from=$protobuf extra=(-swift-version 5); fi
    [ $module = SwiftProtobuf ] && [ $fuzzed = MBQEvaluation -o -e $out/objects/$module.o ] && continue
    swiftc "${flags[@]}" "${extra[@]}" -module-name $module -emit-module -emit-module-path $modules/$module.swiftmodule \
      -c $(find $from -name '*.swift') -o $out/objects/$module.o
  done
  swiftc "${flags[@]}" -D MBQ_FUZZING -sanitize=fuzzer,address -module-name $fuzzed \
    $(find Sources/$fuzzed -name '*.swift') Tests/Fuzz/$source $out/objects/*.o -lz -o $target
  stamp >$target.stamp
}

mkdir -p $out
(
  flock 9
  [ "$(cat $target.stamp 2>/dev/null)" = "$(stamp)" ] || build
) 9>$out/lock

corpus=$out/$format/corpus found=$out/$format/found seeds=$out/$format/seeds
rm -rf "$seeds"
mkdir -p "$corpus" "$found" "$seeds"
if [ $format = dataset ]; then
  # The first byte chooses the reader and how many bytes it gets at a time.
  printf '\000title,text,label\r\n"a ""b""",c,0\r\n,"d\ne",1\r\n' >"$seeds/csv"
  printf '\000\357\273\277"text",label\ra,fake\rb,real\r' >"$seeds/mac"
  printf '\001text\tlabel\n"a\tb"\t1.0\nc\treal\n' >"$seeds/tsv"
  printf '\002{"text":"a\\ud83d\\ude00","n":[{"x":-1.5e3}],"label":0}\n{"label":true,"n":null,"text":""}\n' >"$seeds/jsonl"
  for name in csv tsv jsonl; do
    { head -c 1 "$seeds/$name" && tail -c +2 "$seeds/$name" | gzip -n; } >"$seeds/$name-gz"
  done
else
  find "Formats/$format/golden" -type f ! -name '*.txt' -size -64k | while read -r file; do
    cp "$file" "$seeds/$(echo "$file" | tr / _)"
  done
fi
export SWIFT_BACKTRACE=enable=no MBQ_FUZZ_FORMAT=$format
# Files that an input names are the good golden ones, and those that TensorFlow derives from its name.
files=$out/$format/files
rm -rf "$files"
[ $fuzzed = MBQEvaluation ] || cp -r "Formats/$format/golden/good" "$files"
for file in "$files"/blocks.data-*; do
  [ -e "$file" ] || continue
  for part in 00000-of-00001 00000-of-00002 00001-of-00002; do cp "$file" "$files/fuzzed.data-$part"; done
done
export MBQ_FUZZ_PATH="$PWD/$files/fuzzed.index"
exec $target -max_total_time="$seconds" -timeout=10 -rss_limit_mb=512 -max_len=65536 -print_final_stats=1 \
  -artifact_prefix="$found/" "$corpus" "$seeds"
