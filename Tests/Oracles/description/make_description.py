"""Writes description.csv, a dataset with what `mbq data describe` looks for, and description.json, its figures.

The texts are those of Calibration/corpus; rows are added that are blank, repeated with other white space, repeated
under another label, very long, and of characters that the tokenizer does not know. Figures are pandas' and numpy's,
tokens those of Hugging Face tokenizers with Examples/tiny-news/model.

    python make_description.py
"""

import collections
import json
import pathlib
import random

import numpy
import pandas
from tokenizers import Tokenizer

here = pathlib.Path(__file__).parent
root = here.parents[2]
LIMIT = 64

corpus = pandas.read_csv(root / "Calibration/corpus/corpus.csv", dtype=str, keep_default_na=False)
draw = random.Random(20261126)
rows = [(a, b, draw.choice(["0", "1", "1", "2"])) for a, b in zip(corpus["title"], corpus["text"])]
rows += [
    ("", "", "0"), (" \t", "\u3000", "1"), ("", "blank label", ""), ("", "blank label", "1"),
    ("Again", "the same  text", "0"), ("  Again", "the\n same\u00a0text ", "0"), ("Again the", "same text", "1"),
    ("", "Again the same text", "2"), ("", "Twice", "1"), ("", "Twice", "1"), ("", "漢字 ☃ 😀 word", "1.0"),
    ("Long", "word " * 3000 + "\U0001f600", "0"), ("", "two ", "1"), ("", "two", "0"),
    ("", "Twice", "1.0"), ("Twice", "", " 1 "),
]
rows += [rows[index] for index in draw.sample(range(100), 5)]
draw.shuffle(rows)
frame = pandas.DataFrame(rows, columns=["title", "text", "label"])
frame.to_csv(here / "description.csv", index=False)
frame = pandas.read_csv(here / "description.csv", dtype=str, keep_default_na=False)

texts = [(a + " " + b).strip() for a, b in zip(frame["title"], frame["text"])]
# Unicode's white space, as str.split() has it but for the separators U+001C to U+001F, which are not here.
normalized = [" ".join(text.split()) for text in texts]
tokenizer = Tokenizer.from_file(str(root / "Examples/tiny-news/model/tokenizer.json"))
tokenizer.no_truncation()
encodings = [tokenizer.encode(text) for text in texts]
unknown = tokenizer.token_to_id("[UNK]")


def lengths(values):
    values = numpy.array(values)
    bins, edges = [], [0, 16]
    while edges[-1] < values.max():
        edges.append(edges[-1] * 2)
    for low, high in zip([0] + [x + 1 for x in edges], edges):
        bins.append({"low": low, "high": high, "texts": int(((values >= low) & (values <= high)).sum())})
    while bins and bins[0]["texts"] == 0:
        bins.pop(0)
    return {
        "total": int(values.sum()), "mean": float(values.mean()),
        "median": float(numpy.percentile(values, 50)), "p90": float(numpy.percentile(values, 90)),
        "p99": float(numpy.percentile(values, 99)), "longestRow": int(values.argmax()) + 1,
        "longest": int(values.max()), "histogram": bins,
    }


labels = frame["label"].str.strip().str.replace(r"^(\d+)\.0$", r"\1", regex=True)
groups = collections.defaultdict(list)
for index, text in enumerate(normalized):
    if text:
        groups[text].append(index)
contradictory = [g for g in groups.values() if len({labels[i] for i in g if labels[i]}) > 1]
counts = [len(x.ids) for x in encodings]
unknowns = [sum(i == unknown for i in x.ids) for x in encodings]
numbers = pandas.to_numeric(labels).dropna().astype(int).value_counts().sort_index()
first = next(i for i, text in enumerate(normalized) if text and groups[text][0] < i)
result = {
    "rows": len(frame), "blankTexts": sum(not x for x in texts),
    "blankFields": [int((frame[x].str.strip() == "").sum()) for x in ("title", "text")],
    "blankLabels": int((labels == "").sum()),
    "classes": {str(label): int(count) for label, count in numbers.items()},
    "characters": lengths([len(x) for x in texts]), "tokens": lengths(counts), "limit": LIMIT,
    "truncated": sum(x > LIMIT for x in counts), "cut": sum(max(0, x - LIMIT) for x in counts),
    "unknown": sum(unknowns), "textsWithUnknown": sum(x > 0 for x in unknowns),
    "duplicates": sum(len(g) - 1 for g in groups.values()),
    "firstDuplicate": [first + 1, groups[normalized[first]][0] + 1],
    "contradictoryTexts": len(contradictory), "contradictoryRows": sum(len(g) for g in contradictory),
}
(here / "description.json").write_text(json.dumps(result, indent=1) + "\n")
print(json.dumps(result))
