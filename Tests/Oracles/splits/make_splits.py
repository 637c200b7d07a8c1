"""Writes splits.json: the rows that scikit-learn's train_test_split gives, for the tests of `mbq data split`.

Labels come from a rule that both sides follow (`labels`), so that the file stays small; of most cases it
has a SHA-256 of the row numbers (32 bits, little-endian, train, then validation, then test). The
sizes, seeds, numbers of classes and balances are drawn with a fixed seed.

    python make_splits.py
"""

import hashlib
import io
import json
import pathlib
import random

import numpy
import pandas
import sklearn
from sklearn.model_selection import train_test_split
from sklearn.utils.extmath import _approximate_mode


def labels(rows, weights, seed):
    """Classes 0, 1, ... in proportion to weights, by a 32-bit linear congruence (Numerical Recipes)."""
    total, state, result = sum(weights), seed, []
    for _ in range(rows):
        state = (1664525 * state + 1013904223) & 0xFFFFFFFF
        left, index = (state >> 8) % total, 0
        while left >= weights[index]:
            left -= weights[index]
            index += 1
        result.append(index)
    return result


def split(rows, classes, test, validation, seed):
    """Row numbers of the parts, or which of the calls refused, and what it said."""
    indices = numpy.arange(rows)
    y = None if classes is None else numpy.array(classes)
    step = "test"
    try:
        rest, held = train_test_split(indices, test_size=test, stratify=y, random_state=seed)
        if validation is None:
            return {"train": rest, "test": held}
        step = "validation"
        train, valid = train_test_split(
            rest, test_size=validation, stratify=None if y is None else y[rest], random_state=seed)
        return {"train": train, "validation": valid, "test": held}
    except ValueError as error:
        text = str(error)
        kinds = {
            "least populated": "rareClasses", "should be greater or": "fewerThanClasses",
            "train set will be empty": "emptyTrain", "should be either positive": "size",
        }
        return {"refused": step, "kind": next(v for k, v in kinds.items() if k in text)}


def case(rows, weights, label_seed, test, validation, seed, full=False):
    classes = labels(rows, weights, label_seed) if weights else None
    result = split(rows, classes, test, validation, seed)
    entry = {
        "rows": rows, "weights": weights or [], "labelSeed": label_seed, "test": repr(test),
        "seed": seed,
    }
    if validation is not None:
        entry["validation"] = repr(validation)
    if "refused" in result:
        return entry | result
    hashed = hashlib.sha256()
    for part in result.values():
        hashed.update(numpy.asarray(part, dtype="<u4").tobytes())
    entry["sizes"] = [len(part) for part in result.values()]
    entry["sha256"] = hashed.hexdigest()
    if full:
        entry["parts"] = [[int(row) for row in part] for part in result.values()]
    return entry


cases = [
    # WELFake after its blank rows went: 34,791 real and 36,746 fake of 71,537.
    case(71537, [34791, 36746], 1, 0.15, 0.1765, 42),
    case(71537, None, 1, 0.15, 0.1765, 42),
    case(12, [1, 1], 3, 0.25, 0.25, 42, full=True),
    case(10, None, 1, 0.3, None, 0, full=True),
    case(20, [3, 2, 1], 7, 0.3, 0.5, 7, full=True),
    case(1, None, 1, 0.5, None, 1),
    case(2, None, 1, 0.5, None, 1, full=True),
    case(2, None, 1, 1, 1, 1),
    case(100_000, [1] * 10, 5, 0.2, 0.25, 2**32 - 1),
    case(70_000, [1] * 257, 5, 0.1, None, 123456789),
]
draw = random.Random(20261126)
while len(cases) < 700:
    rows = int(2 ** draw.uniform(1, 12))
    kind = draw.random()
    if kind < 0.2:
        weights = None
    else:
        count = draw.choice([1, 2, 2, 2, 3, 4, 5, 7, 10, 20])
        weights = [1] * count if draw.random() < 0.4 else [draw.randint(1, 50) for _ in range(count)]
        if draw.random() < 0.1:
            weights[draw.randrange(count)] = 400
    def size():
        pick = draw.random()
        if pick < 0.5:
            return round(draw.uniform(0.01, 0.99), draw.choice([1, 2, 4])) or 0.5
        if pick < 0.6:
            return draw.choice([0.15, 0.1765, 0.2, 0.25, 0.1, 0.3, 1 / 3, 0.5])
        return draw.randint(1, max(1, rows))
    test = size()
    validation = size() if draw.random() < 0.6 else None
    if test == 1.0 or validation == 1.0:
        continue
    seed = draw.choice([0, 1, 42, draw.randrange(2**32), draw.randrange(1000)])
    cases.append(case(rows, weights, draw.randrange(2**32), test, validation, seed))

modes = []
for _ in range(200):
    count = draw.randint(1, 12)
    counts = [draw.choice([1, 2, 3, draw.randint(1, 1000)]) for _ in range(count)]
    draws = draw.randint(1, sum(counts))
    seed = draw.randrange(2**32)
    drawn = _approximate_mode(numpy.array(counts), draws, numpy.random.RandomState(seed))
    modes.append({"counts": counts, "draws": draws, "seed": seed, "drawn": [int(x) for x in drawn]})

# What NumPy's generator gives: words, bounded numbers, shuffles.
numbers = []
for seed in [0, 1, 42, 4357, 2**31, 2**32 - 1]:
    state = numpy.random.RandomState(seed)
    words = state.randint(0, 2**32, size=1300, dtype=numpy.uint32)
    numbers.append({
        "seed": seed, "first": [int(x) for x in words[:3]], "last": [int(x) for x in words[-3:]],
        "permutation": [int(x) for x in numpy.random.RandomState(seed).permutation(17)],
        "choice": [int(x) for x in numpy.random.RandomState(seed).choice(
            numpy.arange(100, 109), size=4, replace=False)],
    })

# How a column's values are sorted: as pandas reads them.
orders = []
for values in [
    ["10", "9", "1"], ["10", "9", "x"], ["b", "a", "B", "é", "e\u0301", "z"], ["1.0", "1", "2", "01"],
    ["-1", "0", "1"], ["true", "false", "True"], ["1e1", "5", "10"], ["\uffff", "\U00010000", "a"],
    ["fake", "real"], ["0.5", "-0.5", "+3"], ["1", "1 "],
]:
    text = "label\n" + "".join(f'"{value}"\n' for value in values)
    column = pandas.read_csv(io.StringIO(text), keep_default_na=False)["label"]
    orders.append({"values": values, "classes": [
        int(x) for x in numpy.unique(column.to_numpy(), return_inverse=True)[1]]})

path = pathlib.Path(__file__).with_name("splits.json")
lines = [f'"scikit-learn": "{sklearn.__version__}"']
for name, entries in [
    ("cases", cases), ("modes", modes), ("numbers", numbers), ("orders", orders),
]:
    lines.append(f'"{name}": [\n' + ",\n".join(json.dumps(x) for x in entries) + "\n]")
path.write_text("{\n" + ",\n".join(lines) + "\n}\n")
refused = {x["kind"] for x in cases if "kind" in x}
print(len(cases), "cases,", sum("kind" in x for x in cases), "refused:", refused)
