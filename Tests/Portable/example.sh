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
# A model that gives any number of labels: none, one, several.
for family in bert distilbert; do
  .build/release/mbq quantize Formats/$family/golden/multi-label -o $out/multi-label.mbq >/dev/null
  said=$(node Examples/embedding/classify.mjs $out/wasm32/mbq.wasm $out/multi-label.mbq river 'the news said')
  [ "$said" = "$(.build/release/mbq classify $out/multi-label.mbq river 'the news said')" ] \
    || die "the JavaScript example does not give the labels of $family/multi-label"
done
"$clang" -fuse-ld=lld -Wall -Wextra -Werror -I Sources/MBQEmbedding/include Examples/embedding/classify.c \
  -L $out/x86_64 -lmbq -Wl,-rpath,"$PWD/$out/x86_64" -o $out/example
[ "$($out/example $model "$text")" = "$expected" ] || die "the C example does not say '$expected'"
