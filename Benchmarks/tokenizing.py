"""Text to token ids on one thread: mbq and Hugging Face `tokenizers` (Rust), in turn.

    python tokenizing.py --tokenizer CHECKPOINT/tokenizer.json --mbq model.mbq --texts news.csv

Whole texts, and texts cut to --limit tokens, where mbq stops reading early and the other side cuts what it has. Both read
the same texts, one a line, and must give the same ids: a difference ends the run. `encode` takes one text a call,
`encode_batch` all of them; both also make offsets, which classifiers do not use, and `encode_batch_fast` leaves them out."""
import argparse
import csv
import datetime
import json
import os
import pathlib
import shlex
import statistics
import sys
import tempfile
import time

os.environ["RAYON_NUM_THREADS"] = "1"
os.environ["TOKENIZERS_PARALLELISM"] = "false"

import peers

WHOLE = 1 << 30


def fold(encodings):
    """(tokens, hash) as mbq-bench's `encode` has them."""
    tokens, value = 0, 0
    for encoding in encodings:
        tokens += len(encoding.ids)
        for token in encoding.ids:
            value = (value * 31 + token) % 4294967291
    return tokens, value


def texts_of(path, count):
    """Texts in one line each: line breaks are spaces to the tokenizer anyway."""
    csv.field_size_limit(1 << 30)
    with open(path, encoding="utf-8", newline="") as file:
        rows = [((row.get("title") or "") + " " + (row["text"] or "")).split() for row in csv.DictReader(file)]
    return [" ".join(words) for words in rows if words][:count]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0], formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--tokenizer", type=pathlib.Path, required=True, help="tokenizer.json of the checkpoint")
    parser.add_argument("--mbq", type=pathlib.Path, required=True, help="a packed model of it")
    parser.add_argument("--texts", type=pathlib.Path, required=True, help="CSV with columns title and text")
    parser.add_argument("--bench", default=str(peers.HERE.parent / ".build/release/mbq-bench"), help="the mbq-bench executable")
    parser.add_argument("--count", type=int, default=500, help="texts, from the start of the file")
    parser.add_argument("--limit", type=int, default=512)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--minimum-ms", type=float, default=200)
    parser.add_argument("--json", type=pathlib.Path)
    arguments = parser.parse_args()
    import tokenizers

    about = peers.machine()
    texts = texts_of(arguments.texts, arguments.count)
    if not texts:
        sys.exit(f"{arguments.texts} has no rows")
    size = sum(len(text.encode()) for text in texts)
    rows, versions = [], {"mbq": peers.commit(), "tokenizers": tokenizers.__version__}
    with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as lines:
        lines.write("\n".join(texts))
        lines.flush()
        worker = peers.Worker("mbq", "mbq", shlex.split(arguments.bench) + ["worker", str(arguments.mbq)], set())
        try:
            for limit in (WHOLE, arguments.limit):
                theirs = tokenizers.Tokenizer.from_file(str(arguments.tokenizer))
                theirs.no_padding()
                theirs.no_truncation() if limit == WHOLE else theirs.enable_truncation(limit)
                calls = {"encode": lambda: [theirs.encode(text) for text in texts], "encode_batch": lambda: theirs.encode_batch(texts)}
                if hasattr(theirs, "encode_batch_fast"):
                    calls["encode_batch_fast"] = lambda: theirs.encode_batch_fast(texts)
                ours = worker.ask(f"encode {limit} 0 {lines.name}")
                if fold(calls["encode"]()) != (ours["tokens"], ours["hash"]):
                    sys.exit(f"limit {limit}: mbq and tokenizers give different ids")

                def timed(name):
                    if name == "mbq":
                        return worker.ask(f"encode {limit} {arguments.minimum_ms} {lines.name}")["milliseconds"]
                    passes, started = 0, time.perf_counter()
                    while True:
                        calls[name]()
                        passes += 1
                        elapsed = (time.perf_counter() - started) * 1e3
                        if elapsed >= arguments.minimum_ms:
                            return elapsed / passes

                names = ["mbq", *calls]
                times = {name: [] for name in names}
                for round in range(arguments.rounds):
                    first = round % len(names)
                    for name in names[first:] + names[:first]:
                        times[name].append(timed(name))
                for name in names:
                    rows.append({
                        "limit": None if limit == WHOLE else limit, "name": name, "milliseconds": statistics.median(times[name]),
                        "tokens": ours["tokens"], "bytes": size, "samples": times[name],
                        "times_mbq": statistics.median(a / b for a, b in zip(times[name], times["mbq"]))})
        except peers.WorkerError as error:
            sys.exit(f"mbq-bench stopped: {error}")
        finally:
            worker.close()
    print(f"{arguments.texts.name}: {len(texts)} texts, {size / len(texts):.0f} bytes on average, one thread, medians of {arguments.rounds} rounds; "
          f"tokenizers {versions['tokenizers']}")
    print(f"{'texts':10}{'':20}{'MB/s':>8}{'M tokens/s':>12}{'times mbq':>11}")
    for row in rows:
        seconds = row["milliseconds"] / 1e3
        print(f"{'whole' if row['limit'] is None else 'to ' + str(row['limit']):10}{row['name']:20}{row['bytes'] / seconds / 1e6:8.1f}"
              f"{row['tokens'] / seconds / 1e6:12.2f}{row['times_mbq']:11.2f}")
    if arguments.json:
        about["load_after"] = os.getloadavg()[0]
        arguments.json.write_text(json.dumps({
            "date": datetime.date.today().isoformat(), "machine": about, "versions": versions, "texts": arguments.texts.name,
            "count": len(texts), "results": rows}, indent=2) + "\n")


if __name__ == "__main__":
    main()
