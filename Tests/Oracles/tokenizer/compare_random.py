"""Compares ids with Hugging Face `tokenizers` on real and random texts; exits 1 if any differ.

usage: compare_random.py TOKENIZER.json [COUNT [FILE.csv ...]]

Every text of the CSV files (title, text, both joined by a space) at limit 512 and without one, then
COUNT (200,000) seeded random texts without a limit, at 16, and in pairs at 24 and 3. Then a tenth as
many for each of the golden configurations, with the golden vocabulary.
"""

import csv
import json
import pathlib
import sys
import tempfile

import tokenizers

import common


def expected(theirs, texts, limit):
    theirs.no_truncation()
    if limit:
        theirs.enable_truncation(limit)
    return theirs.encode_batch_fast(texts)


def compare(name, theirs, ours, texts, limit, pairs=False):
    wrong, pieces, batch = 0, 0, 4096
    for start in range(0, len(texts), batch):
        part = texts[start : start + batch]
        mode = "pairs" if pairs else "encode"
        flat = [t.encode() for x in part for t in (x if pairs else (x,))]
        whole = expected(theirs, part, 0)
        cut = expected(theirs, part, limit) if limit else whole
        results = ours.encode(flat, limit, mode)
        assert len(results) == len(part)
        if limit and not pairs:
            early = ours.encode(flat, limit, "early")
        else:
            early = results
        for text, full, want, (ids, total, second), (ids_early, _, _) in zip(part, whole, cut, results, early):
            types = [0] * second + [1] * (len(ids) - second)
            pieces += len(ids)
            if (ids, types, total, ids_early) != (want.ids, want.type_ids, len(full.ids), want.ids):
                wrong += 1
                if wrong <= 5:
                    print("  differs:", ascii(text)[:300], "\n   want", want.ids[:60], "\n   have", ids[:60])
    print(f"{name}: {len(texts)} texts, limit {limit or 'none'}, {pieces} ids, {wrong} differ", flush=True)
    return wrong


def main():
    path = sys.argv[1]
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 200_000
    csv.field_size_limit(1 << 30)
    theirs = tokenizers.Tokenizer.from_file(path)
    theirs.no_padding()
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        common.build(folder)
        ours = common.Ours(folder, pathlib.Path(path).read_text())
        for name in sys.argv[3:]:
            with open(name, newline="", encoding="utf-8") as file:
                rows = list(csv.DictReader(file))
            texts = [row["title"] for row in rows] + [row["text"] for row in rows]
            texts += [row["title"] + " " + row["text"] for row in rows]
            for limit in (512, 0):
                wrong += compare(pathlib.Path(name).name, theirs, ours, texts, limit)
            pairs = [(row["title"], row["text"]) for row in rows]
            wrong += compare(pathlib.Path(name).name + " pairs", theirs, ours, pairs, 512, pairs=True)
        texts = common.random_texts(2, count)
        wrong += compare("random", theirs, ours, texts, 0)
        wrong += compare("random", theirs, ours, texts, 16)
        pairs = list(zip(texts[::2], texts[1::2]))
        wrong += compare("random pairs", theirs, ours, pairs, 24, pairs=True)
        wrong += compare("random pairs", theirs, ours, pairs, 3, pairs=True)
        for name, c in json.loads((common.GOLDEN / "configurations.json").read_text()).items():
            normalizer = {k: c[k] for k in ("clean_text", "handle_chinese_chars", "strip_accents", "lowercase")}
            theirs = common.golden_tokenizer(normalizer, c["length"], c["added"])
            ours = common.Ours(folder, theirs.to_str())
            texts = common.random_texts(3, count // 10, [t["content"] for t in c["added"]] * 3)
            wrong += compare(f"random, {name}", theirs, ours, texts, 0)
    print("in all", wrong, "differ")
    sys.exit(1 if wrong else 0)


main()
