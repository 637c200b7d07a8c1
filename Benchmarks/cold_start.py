"""From the start of a process to its first label, and its peak memory: mbq-classify and ONNX Runtime, in turn.

    python cold_start.py --reference REF --tokenizer CHECKPOINT/tokenizer.json --mbq model.mbq --classify .build/release/mbq-classify

A Python interpreter is not ONNX Runtime's fault, so its rows are given twice: the whole process, and the part from the
first import of onnxruntime on (library, session, one text), which any program that embeds it pays."""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import time

PEER = """
import sys, time
import numpy, tokenizers
start = time.perf_counter()
import onnxruntime
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = 1
session = onnxruntime.InferenceSession(sys.argv[1], options, providers=["CPUExecutionProvider"])
tokenizer = tokenizers.Tokenizer.from_file(sys.argv[2])
tokenizer.enable_truncation(512)
ids = numpy.array([tokenizer.encode(sys.argv[3]).ids], dtype=numpy.int64)
logits = session.run(None, {"input_ids": ids, "attention_mask": numpy.ones_like(ids)})[0][0]
print(int(logits.argmax()), (time.perf_counter() - start) * 1e3)
"""


def run(command):
    """(milliseconds, peak megabytes, output) of one process."""
    started = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    elapsed = (time.perf_counter() - started) * 1e3
    if status != 0:
        sys.exit(f"{command[0]} ended with status {status}")
    return elapsed, usage.ru_maxrss / 1024, output


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0], formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--reference", type=pathlib.Path, required=True)
    parser.add_argument("--tokenizer", type=pathlib.Path, required=True)
    parser.add_argument("--mbq", type=pathlib.Path, required=True, help="the int8 .mbq file")
    parser.add_argument("--classify", required=True, help="the mbq-classify executable")
    parser.add_argument("--words", type=int, default=100, help="words of the text")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--json", type=pathlib.Path)
    arguments = parser.parse_args()
    text = " ".join(["Senate", "passes", "the", "budget", "after", "a", "long", "night"] * arguments.words)
    text = " ".join(text.split()[:arguments.words])
    commands = {"mbq-classify": [arguments.classify, str(arguments.mbq), text]}
    for name, file in (("ort-int8-dynamic", "model.dynamic.onnx"), ("ort-fp32", "model.onnx")):
        path = arguments.reference / file
        if path.exists():
            commands[name] = [sys.executable, "-c", PEER, str(path), str(arguments.tokenizer), text]
    whole = {name: [] for name in commands}
    inside = {name: [] for name in commands}
    memory = {name: 0 for name in commands}
    for round in range(arguments.rounds + 1):
        for name, command in commands.items():
            elapsed, peak, output = run(command)
            if round:  # the first one fills the file cache
                whole[name].append(elapsed)
                memory[name] = max(memory[name], peak)
                inside[name].append(elapsed if name == "mbq-classify" else float(output.split()[1]))
    ratio = lambda times, name: statistics.median(a / b for a, b in zip(whole["mbq-classify"], times[name]))
    print(f"a text of {arguments.words} words, one thread, file cached, medians of {arguments.rounds} rounds")
    print(f"{'':18}{'process ms':>11}{'library ms':>11}{'mbq / process':>15}{'mbq / library':>15}{'peak MB':>9}")
    rows = []
    for name in commands:
        rows.append({"name": name, "process": statistics.median(whole[name]), "library": statistics.median(inside[name]),
                     "to_process": ratio(whole, name), "to_library": ratio(inside, name), "peak_megabytes": memory[name]})
        row = rows[-1]
        print(f"{name:18}{row['process']:11.1f}{row['library']:11.1f}{row['to_process']:15.2f}{row['to_library']:15.2f}{row['peak_megabytes']:9.1f}")
    if arguments.json:
        arguments.json.write_text(json.dumps({"words": arguments.words, "rounds": arguments.rounds, "results": rows}, indent=2) + "\n")


if __name__ == "__main__":
    main()
