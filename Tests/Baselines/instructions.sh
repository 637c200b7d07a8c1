#!/usr/bin/env bash
# Instructions that one answer takes, against Tests/Baselines/instructions.csv: unlike seconds they are the
# same on every run and every x86-64 processor with AVX2 (valgrind shows programs a processor of its own).
#
#   instructions.sh           compare; more than TOLERANCE per cent above the baseline fails
#   instructions.sh record    write the baseline anew, for a commit that says why
#
# Another compiler gives other counts: then nothing is compared, and that is said.
set -euo pipefail
cd "$(dirname "$0")/../.."
baseline=Tests/Baselines/instructions.csv
tolerance=${TOLERANCE:-2}
work=.build/instructions
build=.build/release
# 64 tokens of the small model's vocabulary.
ids=$(awk 'BEGIN { printf "ids"; for (i = 0; i < 64; i++) printf " %d", (7 * i * i + 3) % 2000 }')

if [ "$(uname -m)" != x86_64 ]; then
  echo "instructions: skipped, the baseline is for x86_64 and this is $(uname -m)"
  exit 0
fi
if ! command -v valgrind >/dev/null; then
  run=; [ "$(id -u)" = 0 ] || run=sudo
  command -v apt-get >/dev/null || { echo 'error: valgrind is missing; install it to count instructions'; exit 1; }
  echo "installing valgrind: $run apt-get install -y valgrind"
  $run apt-get update -qq && $run apt-get install -y -qq valgrind
fi

mkdir -p "$work"
# Valgrind does not read the debug information of newer compilers.
strip --strip-debug -o "$work/mbq-bench" "$build/mbq-bench"
for bits in 8 16 32; do
  "$build/mbq" quantize Examples/tiny-news/model --bits $bits -o "$work/tiny-$bits.mbq" >/dev/null
done

# count MODEL KERNELS: the instructions between entering and leaving Executor.run
count() {
  local log="$work/log"
  echo "$ids" | valgrind --tool=callgrind --toggle-collect='*8ExecutorV3run*' \
    --callgrind-out-file=/dev/null "$work/mbq-bench" worker "$work/$1.mbq" --kernels "$2" >"$log" 2>&1 \
    || { cat "$log" >&2; return 1; }
  awk '/Collected :/ { found = $NF } END { if (found > 0) print found; else exit 1 }' "$log" \
    || { echo "error: valgrind counted nothing; it said:" >&2; cat "$log" >&2; return 1; }
}

compiler=$(${SWIFT:-swift} --version 2>/dev/null | sed -n 's/.*\(swift-[0-9][^ )]*\).*/\1/p' | head -n 1)
if [ "${1:-}" = record ]; then
  {
    echo "# compiler $compiler"
    echo "model,kernels,tokens,instructions"
    for model in tiny-8 tiny-16 tiny-32; do
      for kernels in avx2 generic; do echo "$model,$kernels,64,$(count $model $kernels)"; done
    done
  } >"$work/recorded.csv"
  mv "$work/recorded.csv" "$baseline"
  cat "$baseline"
  exit 0
fi
recorded=$(sed -n 's/^# compiler //p' "$baseline")
if [ "$recorded" != "$compiler" ]; then
  echo "instructions: skipped, the baseline is of $recorded and this is $compiler"
  exit 0
fi
passed=0 failed=0
printf '%-8s %-8s %6s %13s %13s %8s\n' model kernels tokens baseline now change
while IFS=, read -r model kernels tokens expected; do
  now=$(count "$model" "$kernels")
  change=$(awk "BEGIN { printf \"%+.2f\", ($now / $expected - 1) * 100 }")
  printf '%-8s %-8s %6s %13s %13s %7s%%\n' "$model" "$kernels" "$tokens" "$expected" "$now" "$change"
  if awk "BEGIN { exit !($change > $tolerance) }"; then failed=$((failed + 1)); else passed=$((passed + 1)); fi
done < <(grep -v '^#' "$baseline" | tail -n +2)
if [ $failed -gt 0 ]; then
  echo "error: more than $tolerance % above the baseline; if that is meant, run Tests/Baselines/instructions.sh record and say why in the commit"
fi
echo "instructions: $passed passed, $failed failed"
[ $failed = 0 ] && [ $passed -gt 0 ]
