#!/usr/bin/env bash
# Examples/embedding does what its README says, in JavaScript and in C.
set -euo pipefail
cd "$(dirname "$0")/../.."
. Tests/Portable/tools.sh
out=.build/portable
model=$out/int8.mbq
text='Doubts about the new voting law'
expected=$(.build/release/mbq classify $model "$text")
[ "$(node Examples/embedding/classify.mjs $out/wasm32/mbq.wasm $model "$text")" = "$expected" ] \
  || die "the JavaScript example does not say '$expected'"
"$clang" -fuse-ld=lld -Wall -Wextra -Werror -I Sources/MBQEmbedding/include Examples/embedding/classify.c \
  -L $out/x86_64 -lmbq -Wl,-rpath,"$PWD/$out/x86_64" -o $out/example
[ "$($out/example $model "$text")" = "$expected" ] || die "the C example does not say '$expected'"
