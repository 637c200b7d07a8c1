"""Real texts of their own lengths, one at a time: what a text costs, and whether the answers stay right.

    python real_texts.py --reference REF --tokenizer CHECKPOINT/tokenizer.json --model int8=model.mbq --texts news.csv

Every text goes to every candidate in turn before the next one, no padding; whoever answers first changes from text to
text. Prints mean and median milliseconds a text, the ratio of the sums to the best peer's, accuracy where the file has
labels, agreement with the yardstick (float32 of ONNX Runtime) and the largest change of a logit. OpenVINO compiles for
each new length: its first sight of one is part of what it costs on such texts, and --twice shows the figure without."""
import argparse
import csv
import datetime
import json
import os
import pathlib
import statistics
import sys

import peers


def parse():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0], formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    peers.add_candidates(parser)
    parser.add_argument("--tokenizer", type=pathlib.Path, required=True, help="tokenizer.json of the checkpoint")
    parser.add_argument("--texts", type=pathlib.Path, required=True, help="CSV with columns title, text and, for the accuracy, label")
    parser.add_argument("--count", type=int, default=120, help="texts, from the start of the file")
    parser.add_argument("--limit", type=int, default=512, help="tokens at most")
    parser.add_argument("--twice", action="store_true", help="answer every text once before it is timed")
    arguments = parser.parse_args()
    peers.check_candidates(parser, arguments)
    return arguments


def read(arguments):
    """([token ids], [label or None]) of the first texts."""
    import tokenizers

    tokenizer = tokenizers.Tokenizer.from_file(str(arguments.tokenizer))
    tokenizer.no_padding()
    tokenizer.enable_truncation(arguments.limit)
    csv.field_size_limit(1 << 30)
    ids, labels = [], []
    with open(arguments.texts, encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            ids.append(tokenizer.encode((row.get("title", "") + " " + row["text"]).strip()).ids)
            labels.append(int(row["label"]) if row.get("label", "") != "" else None)
            if len(ids) == arguments.count:
                break
    if not ids:
        sys.exit(f"{arguments.texts} has no rows")
    return ids, labels


def measure(workers, ids, twice):
    """{name: ([milliseconds], [logits])}"""
    results = {worker.name: ([], []) for worker in workers}
    for worker in workers:
        worker.ask("ids " + " ".join(map(str, ids[0])))
    for number, text in enumerate(ids):
        line = "ids " + " ".join(map(str, text))
        first = number % len(workers)
        for worker in workers[first:] + workers[:first]:
            if twice:
                worker.ask(line)
            reply = worker.ask(line)
            results[worker.name][0].append(reply["milliseconds"])
            results[worker.name][1].append(reply["logits"])
        print(f"\rtext {number + 1}/{len(ids)} ", end="", file=sys.stderr, flush=True)
    print("\r" + " " * 30 + "\r", end="", file=sys.stderr)
    return results


def main():
    arguments = parse()
    about = peers.machine()
    ids, labels = read(arguments)
    workers, left_out = peers.start(arguments)
    try:
        results = measure(workers, ids, arguments.twice)
    except peers.WorkerError as error:
        sys.exit(f"a candidate stopped during the measurement: {error}")
    finally:
        for worker in workers:
            worker.close()
    kinds = {worker.name: worker.kind for worker in workers}
    totals = {name: sum(times) for name, (times, _) in results.items()}
    others = [name for name in totals if kinds[name] == "peer"]
    best = min(others, key=totals.get) if others else None
    yardstick = "ort-fp32" if "ort-fp32" in results else next(iter(results))
    choice = lambda logits: max(range(len(logits)), key=logits.__getitem__)
    truth = [choice(logits) for logits in results[yardstick][1]]
    rows = []
    for name, (times, logits) in sorted(results.items(), key=lambda item: totals[item[0]]):
        answers = [choice(row) for row in logits]
        known = [(a, b) for a, b in zip(answers, labels) if b is not None]
        rows.append({
            "name": name, "mean": statistics.mean(times), "median": statistics.median(times),
            "to_best_peer": totals[name] / totals[best] if best else None,
            "accuracy": sum(a == b for a, b in known) / len(known) if known else None,
            "agreement": sum(a == b for a, b in zip(answers, truth)) / len(truth),
            "largest_change": max(abs(a - b) for x, y in zip(logits, results[yardstick][1]) for a, b in zip(x, y))})
    tokens = [len(text) for text in ids]
    print(f"{arguments.texts.name}: {len(ids)} texts, {statistics.mean(tokens):.0f} tokens on average, {max(tokens)} at most; "
          f"{arguments.threads} thread(s), best peer: {best or 'none'}")
    print(f"{'':18}{'mean ms':>9}{'median':>9}{'/ best peer':>13}{'accuracy':>10}{'as fp32':>9}{'Δ logit':>9}")
    for row in rows:
        ratio = "-" if row["to_best_peer"] is None else f"{row['to_best_peer']:.2f}"
        accuracy = "-" if row["accuracy"] is None else f"{row['accuracy']:.1%}"
        print(f"{row['name']:18}{row['mean']:9.2f}{row['median']:9.2f}{ratio:>13}{accuracy:>10}{row['agreement']:>9.1%}{row['largest_change']:9.2g}")
    for name, why in left_out.items():
        print(f"left out: {name}: {why}")
    if arguments.json:
        about["load_after"] = os.getloadavg()[0]
        arguments.json.write_text(json.dumps({
            "date": datetime.date.today().isoformat(), "machine": about, "mbq": peers.commit(), "threads": arguments.threads,
            "texts": arguments.texts.name, "count": len(ids), "tokens": statistics.mean(tokens), "yardstick": yardstick,
            "left_out": left_out, "results": rows}, indent=2) + "\n")


if __name__ == "__main__":
    main()
