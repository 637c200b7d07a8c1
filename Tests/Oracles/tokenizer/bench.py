"""Throughput on one thread against Hugging Face `tokenizers`: interleaved rounds, medians.

usage: bench.py TOKENIZER.json FILE.csv ...     (texts: title, a space, text)
"""

import csv
import pathlib
import statistics
import struct
import subprocess
import sys
import tempfile
import time

import common  # first: it asks for one thread
import tokenizers

ROUNDS = 9


def main():
    csv.field_size_limit(1 << 30)
    texts = []
    for name in sys.argv[2:]:
        with open(name, newline="", encoding="utf-8") as file:
            texts += [row["title"] + " " + row["text"] for row in csv.DictReader(file)]
    size = sum(len(t.encode()) for t in texts)
    print(f"{len(texts)} texts, {size / 1e6:.2f} MB, tokenizers {tokenizers.__version__}")
    theirs = tokenizers.Tokenizer.from_file(sys.argv[1])
    theirs.no_padding()
    with tempfile.TemporaryDirectory() as folder:
        common.build(folder)
        ours = common.Ours(folder, pathlib.Path(sys.argv[1]).read_text())
        loads = subprocess.run(ours.command("load"), stdout=subprocess.PIPE, check=True, text=True).stdout
        loads = sorted(int(line.split()[0]) for line in loads.splitlines())
        print(f"building the vocabulary: {loads[0] / 1e6:.2f} ms at best, {loads[-1] / 1e6:.2f} at worst")
        path = pathlib.Path(folder) / "texts"
        path.write_bytes(b"".join(struct.pack("<I", len(t)) + t for t in (t.encode() for t in texts)))
        for limit in (0, 512, 128):
            theirs.no_truncation()
            if limit:
                theirs.enable_truncation(limit)
            command = ours.command("time", limit, path)
            with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as program:
                seconds = {"ours": [], "encode_batch_fast": [], "encode_batch": []}
                for turn in range(ROUNDS + 1):
                    program.stdin.write("\n")
                    program.stdin.flush()
                    taken = int(program.stdout.readline().split()[0]) / 1e9
                    for name, encode in (
                        ("encode_batch_fast", theirs.encode_batch_fast), ("encode_batch", theirs.encode_batch)
                    ):
                        if name == "encode_batch" and turn > 3:
                            continue
                        start = time.perf_counter()
                        encode(texts)
                        if turn:
                            seconds[name].append(time.perf_counter() - start)
                    if turn:
                        seconds["ours"].append(taken)
                program.stdin.close()
            print(f"limit {limit or 'none'}:", ", ".join(
                f"{name} {size / 1e6 / statistics.median(s):.1f} MB/s" for name, s in seconds.items()))


main()
