#!/usr/bin/env bash
# make bench: mbq and its peers on one checkpoint, one machine, in interleaved runs; Benchmarks/README.md.
#
#   CHECKPOINT=folder    Hugging Face folder (default: the small one that comes with mbq)
#   CALIBRATION=csv      texts for the peers' static int8 (columns title, text); none: those rows are left out
#   TEXTS="a.csv b.csv"  labelled texts to answer one by one, each of its own length
#   PEERS=folder         Python environment with the peers' libraries (default ~/.cache/mbq-peers, made if missing, 5 GB)
#   OUT=folder           where models, tables and JSON go (default .build/bench)
#   THREADS=1 ROUNDS=9 SHAPES=1x128,1x512,8x128,32x128 KERNELS=
set -euo pipefail
cd "$(dirname "$0")/.."
checkpoint=${CHECKPOINT:-Examples/tiny-news/model}
peers=${PEERS:-$HOME/.cache/mbq-peers}
out=${OUT:-.build/bench}
threads=${THREADS:-1} rounds=${ROUNDS:-9} kernels=${KERNELS:-}
build=.build/release

[ -f "$checkpoint/config.json" ] || { echo "error: CHECKPOINT=$checkpoint has no config.json"; exit 1; }
# The longest shapes that the checkpoint has positions for.
positions=$(sed -n 's/.*"max_position_embeddings": *\([0-9]*\).*/\1/p' "$checkpoint/config.json")
if [ "${positions:-512}" -ge 512 ]; then shapes=1x32,1x128,1x512,8x128,32x128; else shapes=1x32,1x128,8x128,32x128; fi
shapes=${SHAPES:-$shapes}

if [ ! -x "$peers/bin/python" ]; then
  echo "making $peers with the peers' libraries (about 5 GB)"
  python3 -m venv "$peers"
  "$peers/bin/pip" install --quiet numpy torch transformers tokenizers onnx onnxruntime openvino nncf
fi
python=$peers/bin/python
mkdir -p "$out"
name=$(basename "$(cd "$checkpoint" && pwd)")
reference=$out/$name-reference
if [ ! -f "$reference/reference.json" ]; then
  "$python" Benchmarks/make_reference.py "$checkpoint" "$reference" ${CALIBRATION:+--calibration "$CALIBRATION" --static}
fi
for bits in 8 32; do "$build/mbq" quantize "$checkpoint" --bits $bits -o "$out/$name-$bits.mbq" >/dev/null; done

candidates=(--reference "$reference" --model "int8=$out/$name-8.mbq" --model "fp32=$out/$name-32.mbq"
  --threads "$threads" ${kernels:+--kernels "$kernels"})
{
  echo "# $name"
  echo
  echo '## Full rows'
  echo
  echo '```'
  "$python" Benchmarks/peers.py "${candidates[@]}" --shapes "$shapes" --rounds "$rounds" --json "$out/$name-shapes.json"
  echo '```'
  for texts in ${TEXTS:-}; do
    echo
    echo "## Real texts: $(basename "$texts")"
    echo
    echo '```'
    "$python" Benchmarks/real_texts.py "${candidates[@]}" --tokenizer "$checkpoint/tokenizer.json" --texts "$texts" \
      --json "$out/$name-$(basename "$texts" .csv).json"
    echo
    "$python" Benchmarks/tokenizing.py --tokenizer "$checkpoint/tokenizer.json" --mbq "$out/$name-8.mbq" --texts "$texts" \
      --json "$out/$name-$(basename "$texts" .csv)-tokenizing.json"
    echo '```'
  done
  echo
  echo '## From the start of a process to its first label'
  echo
  echo '```'
  "$python" Benchmarks/cold_start.py --reference "$reference" --tokenizer "$checkpoint/tokenizer.json" \
    --mbq "$out/$name-8.mbq" --classify "$build/mbq-classify" --json "$out/$name-cold.json"
  echo '```'
  echo
  echo '## By tokens, by batch'
  echo
  echo '```'
  "$build/mbq" benchmark "$out/$name-8.mbq" "$out/$name-32.mbq" --threads "$threads" --batch 1 \
    --tokens "$([ "${positions:-512}" -ge 512 ] && echo 16,32,64,128,256,512 || echo 16,32,64,128)"
  "$build/mbq" benchmark "$out/$name-8.mbq" "$out/$name-32.mbq" --threads "$threads" --batch 2,4,8,16,32 --tokens 128
  echo '```'
  echo
  echo '## Kernels alone'
  echo
  echo '```'
  "$build/mbq-bench" kernels ${kernels:+--kernels "$kernels"} --rows 1,128
  echo '```'
} | tee "$out/$name.md"
"$build/mbq-bench" kernels ${kernels:+--kernels "$kernels"} --json >"$out/$name-kernels.json"
echo "written: $out/$name.md and $out/$name-*.json"
