#!/usr/bin/env bash
# Compares what is deployed with its limit and with Tests/Baselines/size.csv. A size may grow by 1 % before
# the baseline has to be changed, in the commit that says why.
set -euo pipefail
cd "$(dirname "$0")/../.."

swift build -c release --product mbq-classify --static-swift-stdlib \
  -Xswiftc -use-ld=lld -Xlinker -s -Xlinker --icf=all -Xlinker --no-export-dynamic \
  --scratch-path .build/static >.build/portable/static.log 2>&1 \
  || { tail -n 20 .build/portable/static.log >&2; echo "error: mbq-classify does not build" >&2; exit 1; }

failed=0
printf '%-28s %10s %10s %10s\n' file bytes baseline limit
while IFS=, read -r file baseline limit; do
  bytes=$(stat -Lc %s "$file")
  verdict=
  if [ "$bytes" -gt "$limit" ]; then verdict='over its limit'
  elif [ "$bytes" -gt $((baseline + baseline / 100)) ]; then verdict='larger than its baseline'
  fi
  [ -z "$verdict" ] || failed=1
  printf '%-28s %10d %10d %10d  %s\n' "$(basename "$file")" "$bytes" "$baseline" "$limit" "$verdict"
done < <(tail -n +2 Tests/Baselines/size.csv)
exit $failed
