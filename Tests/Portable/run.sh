#!/usr/bin/env bash
# The same bits everywhere: run.sh, or run.sh REAL-CHECKPOINT [TEXTS]
#
# Builds the runtime with Embedded Swift for x86-64, aarch64 (run by qemu) and wasm32 (run by Node), and
# compares on the small model of Examples/tiny-news what the kernels, the tokenizer and the C API give with what
# `mbq` on this machine gives: bits, token ids, messages. Then the sizes, with Tests/Baselines/size.csv.
#
# With a checkpoint's folder it packs that instead, and takes a few of its golden.jsonl's texts.
set -euo pipefail
cd "$(dirname "$0")/../.."
Tests/Portable/build.sh
. Tests/Portable/tools.sh

out=.build/portable
mbq=.build/release/mbq
[ -x $mbq ] || die "no $mbq; run 'make' first"
passed=0
failed=0

# check NAME COMMAND...: one line a check, and what it had to say only if it failed.
check() {
  local name=$1
  shift
  if "$@" >"$out/check.log" 2>&1; then
    passed=$((passed + 1))
    printf 'ok      %s\n' "$name"
  else
    failed=$((failed + 1))
    printf 'FAILED  %s\n' "$name"
    head -n 20 "$out/check.log" | sed 's/^/        /'
  fi
}

on_x86_64() { "$out/x86_64/$1" "${@:2}"; }
on_aarch64() {
  local set jobs=()
  [ "$1" = classify ] || { qemu-aarch64 -cpu max "$out/aarch64/$1" "${@:2}"; return; }
  # By far the slowest: one process a kernel set.
  for set in $(expected_sets aarch64); do
    qemu-aarch64 -cpu max "$out/aarch64/$1" "${@:2}" "$set" >"$out/aarch64/$set" &
    jobs+=($!)
  done
  for set in "${jobs[@]}"; do wait "$set" || true; done
  for set in $(expected_sets aarch64); do cat "$out/aarch64/$set"; done
}
on_wasm32() { node "Tests/Portable/$1.mjs" "$out/wasm32/$([ "$1" = classify ] && echo mbq || echo "$1").wasm" "${@:2}"; }

# The lines of one kernel set, without its name.
lines_of() { sed -n "s/^$1 //p" "$2"; }
sets_in() { cut -d ' ' -f 1 "$1" | uniq; }

# The kernel sets a platform has to run; x86-64 has what its processor runs.
expected_sets() {
  case $1 in
  aarch64) echo neon-i8mm neon-dotprod generic ;;
  wasm32) echo wasm-simd128 ;;
  x86_64) echo "$(sets_in "$out/x86_64/$2.$3")" ;;
  esac
}

# same PLATFORM SET PROGRAM RUN: the lines of a set are the reference's. The module's host prints fewer.
same() {
  local found=$out/$1/$3.$4 reference=$out/reference.$3.$4
  lines_of "$2" "$found" >"$out/found"
  [ -s "$out/found" ] || { echo "no lines of $2"; cat "$found.error"; return 1; }
  if [ "$1" = wasm32 ]; then
    grep -vE '^(past-the-labels|closed-first|moved|not-a-model) ' "$reference" | diff - "$out/found"
  else
    diff "$reference" "$out/found"
  fi
}

# compare PROGRAM RUN ARGUMENTS...: runs it on all platforms at once.
compare() {
  local program=$1 run=$2 platform set jobs=()
  shift 2
  for platform in x86_64 aarch64 wasm32; do
    "on_$platform" "$program" "$@" >"$out/$platform/$program.$run" 2>"$out/$platform/$program.$run.error" &
    jobs+=($!)
  done
  for set in "${jobs[@]}"; do wait "$set" || true; done
  lines_of generic "$out/x86_64/$program.$run" >"$out/reference.$program.$run"
  for platform in x86_64 aarch64 wasm32; do
    for set in $(expected_sets $platform "$program" "$run"); do
      check "$program $run: $platform $set" same $platform "$set" "$program" "$run"
    done
  done
}

# right RUN MODEL TEXTS: the reference is what `mbq`, built for this machine without restrictions, says.
right() {
  local reference=$out/reference.classify.$1
  "$mbq" classify "$2" --json <"$3" | node Tests/Portable/bits.mjs >"$out/expected" || return 1
  grep -E '^[0-9]+ ' "$reference" | cut -d ' ' -f 1-3,5- | diff "$out/expected" - || return 1
  "$mbq" inspect "$2" --json | node Tests/Portable/bits.mjs --decision >"$out/expected" || return 1
  grep -E '^decision ' "$reference" | diff "$out/expected" - || return 1
  local line
  for line in 'verify [1-9][0-9]* ' 'batches-that-differ 0' 'no-room -2 .*room for 1' \
    'no-tokens -3 .*0 tokens.*' 'no-such-token -3 .*' 'past-the-labels 1' 'closed-first 1' \
    'moved [1-9][0-9]*' 'cut 1 model: .*' 'not-a-model 1 model: not ' 'no-such-set 1'; do
    grep -qxE "$line" "$reference" || { echo "no line '$line' in $reference"; return 1; }
  done
}

model() { # RUN TEXTS
  local file=$out/$1.mbq
  check "verify $1: x86_64, every kernel set" "$mbq" verify "$file"
  compare classify "$1" "$file" "$2"
  check "classify $1: as mbq says" right "$1" "$file" "$2"
}

if [ $# -gt 0 ]; then
  checkpoint=$1
  "$mbq" quantize "$checkpoint" --bits 8 -o $out/real.mbq >/dev/null
  node Tests/Portable/bits.mjs --texts "${2:-4}" <"$checkpoint/golden.jsonl" >$out/texts
  # Timed, because this is long: each text is classified twice, alone and in a batch.
  time model real $out/texts
else
  {
    cat Tests/Portable/texts.txt
    # Bytes that are no UTF-8, and a text longer than the model takes.
    printf 'cut \xe2\x82 short, \xff\xfe, \xc0\xaf, \xed\xa0\x80 and \xf5\x80\x80\x80 end \xf0\x9f\n'
    head -n 41 Examples/tiny-news/test.csv | tail -n 40
    tail -n 30 Examples/tiny-news/test.csv | tr '\n' ' '
    echo
  } >$out/texts
  compare kernels all
  # qemu does fused multiply-adds in software: a few texts have to do for floats.
  sed -n '2p;3p;6p;12p;17p;30p' $out/texts >$out/few-texts
  for bits in 8 16 32; do
    "$mbq" quantize Examples/tiny-news/model --bits $bits -o $out/int$bits.mbq >/dev/null
    model int$bits $out/$([ $bits = 8 ] || echo few-)texts
  done
  # Another temperature and threshold than the ones all files have that were not tuned.
  # Labels that make the fit move: the model knows its own well.
  awk '/,0$/ && NR % 5 < 3 { sub(/,0$/, ",1") } { print }' Examples/tiny-news/test.csv > $out/biased.csv
  "$mbq" tune-threshold $out/int8.mbq --data $out/biased.csv --for f1 \
    -o $out/tuned.mbq >/dev/null
  model tuned $out/few-texts
  check "node example" Tests/Portable/example.sh
  if Tests/Portable/sizes.sh; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
fi

echo "portable: $passed passed, $failed failed"
[ $failed = 0 ]
