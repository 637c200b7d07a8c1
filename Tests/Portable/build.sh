#!/usr/bin/env bash
# Builds the runtime with Embedded Swift: build.sh [x86_64 | aarch64 | wasm32]...
#
#   .build/portable/x86_64/libmbq.so     the C API of Sources/MBQEmbedding/include/mbq.h
#   .build/portable/aarch64/libmbq.a     the same
#   .build/portable/wasm32/mbq.wasm      the same; needs no imports
#   .build/portable/*/{classify,kernels} the test's programs (classify.c, kernels_main.c)
#
# A target whose sources did not change is left alone.
set -euo pipefail
cd "$(dirname "$0")/../.."
. Tests/Portable/tools.sh

out=.build/portable
kernels=Sources/CMBQKernels
bytes=Sources/CMBQBytes
embedding=Sources/MBQEmbedding
modules=(MBQCore MBQTokenizer MBQModel MBQSchemes MBQFormat MBQKernels MBQRuntime)
exports=$(grep -oE '\bmbq_[a-z_]+\(' $embedding/include/mbq.h | tr -d '(' | sort -u)

# $1: target. Sets swift_target, c_flags.
choose() {
  c_flags=(-std=c17 -DMBQ_SMALL -fPIC -fno-asynchronous-unwind-tables -ffunction-sections -fdata-sections -I "$kernels/include" -I "$bytes/include")
  case $1 in
  x86_64)
    swift_target=x86_64-unknown-linux-gnu
    c_flags+=(--target=x86_64-unknown-linux-gnu)
    ;;
  aarch64)
    # The embedded standard library of bare machines; the C side is Linux.
    swift_target=aarch64-none-none-elf
    c_flags+=(--target=aarch64-linux-gnu)
    ;;
  wasm32)
    swift_target=wasm32-unknown-none-wasm
    c_flags+=(--target=wasm32-unknown-none-wasm -msimd128 -mbulk-memory)
    ;;
  *) die "unknown target '$1'; there are x86_64, aarch64 and wasm32" ;;
  esac
}

# The interfaces of the modules, and one object with all that the last one uses of them: only sizes that
# are asked for are paid.
compile_swift() {
  local to=$1 module flags
  mkdir -p "$to/modules"
  printf 'module %s { header "%s" export * }\n' CMBQKernels "$PWD/$kernels/include/mbq_kernels.h" \
    CMBQBytes "$PWD/$bytes/include/mbq_bytes.h" >"$to/modules/module.modulemap"
  flags=(-target "$swift_target" -enable-experimental-feature Embedded -wmo -Osize -parse-as-library
    -package-name mbq -swift-version 6 -enable-upcoming-feature ExistentialAny
    -enable-upcoming-feature MemberImportVisibility -warnings-as-errors -I "$to/modules")
  [ "$swift_target" != wasm32-unknown-none-wasm ] \
    || flags+=(-Xcc -msimd128 -Xcc -mbulk-memory)
  for module in "${modules[@]}"; do
    swiftc "${flags[@]}" -module-name "$module" -emit-module \
      -emit-module-path "$to/modules/$module.swiftmodule" $(find "Sources/$module" -name '*.swift')
  done
  swiftc "${flags[@]}" -module-name MBQEmbedding -c -o "$to/MBQEmbedding.o" $embedding/*.swift
}

# Tiles are unrolled by pragmas, whatever the level.
compile_c() {
  local to=$1 source
  rm -f "$to"/objects/*.o
  mkdir -p "$to/objects"
  for source in $kernels/{,arm/,generic/,wasm/,x86/}*.c $bytes/{,arm/,x86/}*.c; do
    "$clang" "${c_flags[@]}" -Os -fvisibility=hidden -c "$source" \
      -o "$to/objects/$(basename "$source" .c).o"
  done
}

build() {
  local to=$out/$1
  choose "$1"
  compile_swift "$to"
  compile_c "$to"
  case $1 in
  x86_64)
    { echo '{ global:'; printf '%s;\n' $exports | grep -vE 'mbq_(allocate|free);'; echo 'local: *; };'; } \
      >"$to/exports"
    "$clang" -shared -fuse-ld=lld -Wl,--gc-sections,--icf=all,-z,noseparate-code,--version-script="$to/exports" -s \
      -Wl,-soname,libmbq.so -o "$to/libmbq.so" "$to/MBQEmbedding.o" "$to"/objects/*.o
    "$clang" -O1 -I $embedding/include Tests/Portable/classify.c -fuse-ld=lld -o "$to/classify" \
      -L "$to" -lmbq -Wl,-rpath,'$ORIGIN'
    "$clang" -O1 "${c_flags[@]}" Tests/Portable/kernels_*.c "$to"/objects/*.o -o "$to/kernels" ;;
  aarch64)
    rm -f "$to/libmbq.a"
    "$toolchain/llvm-ar" rcs "$to/libmbq.a" "$to/MBQEmbedding.o" "$to"/objects/*.o
    "$clang" --target=aarch64-linux-gnu -fuse-ld=lld -static -O1 -I $embedding/include -Wl,--gc-sections \
      Tests/Portable/classify.c "$to/libmbq.a" -s -o "$to/classify"
    "$clang" "${c_flags[@]}" -fuse-ld=lld -static -O1 Tests/Portable/kernels_*.c "$to"/objects/*.o \
      -o "$to/kernels" ;;
  wasm32)
    "$clang" "${c_flags[@]}" -Os -fno-builtin -c $embedding/freestanding/memory.c -o "$to/memory.o"
    link_wasm "$to/mbq.wasm" $exports -- "$to/MBQEmbedding.o" "$to"/objects/*.o "$to/memory.o"
    "$clang" "${c_flags[@]}" -O1 -c Tests/Portable/kernels_check.c -o "$to/kernels_check.o"
    "$clang" "${c_flags[@]}" -O1 -c Tests/Portable/kernels_wasm.c -o "$to/kernels_wasm.o"
    link_wasm "$to/kernels.wasm" kernels_report -- "$to"/kernels_*.o "$to"/objects/*.o "$to/memory.o" ;;
  esac
}

link_wasm() {
  local to=$1 names=()
  shift
  while [ "$1" != -- ]; do
    names+=(--export="$1")
    shift
  done
  shift
  "$wasm_ld" --no-entry --gc-sections --strip-all --compress-relocations -O2 -z stack-size=1048576 \
    "${names[@]}" -o "$to" "$@"
}

mkdir -p $out
[ $# -gt 0 ] || set -- x86_64 aarch64 wasm32
state=$({ swiftc --version 2>&1; find "${modules[@]/#/Sources/}" $kernels $bytes $embedding Tests/Portable -type f \
  | LC_ALL=C sort | xargs sha256sum; } | sha256sum)
jobs=()
for target in "$@"; do
  choose "$target"
  mkdir -p "$out/$target"
  if [ "$(cat "$out/$target/built" 2>/dev/null)" = "$state" ]; then continue; fi
  rm -f "$out/$target/built"
  # In a list with &&, `set -e` would not hold.
  (
    build "$target"
    echo "$state" >"$out/$target/built"
  ) >"$out/$target/log" 2>&1 &
  jobs+=("$!:$target")
done
failed=
for job in "${jobs[@]}"; do
  wait "${job%%:*}" || { cat "$out/${job#*:}/log" >&2; failed="$failed ${job#*:}"; }
done
[ -z "$failed" ] || die "could not build$failed"
