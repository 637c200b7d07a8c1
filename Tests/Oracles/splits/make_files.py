"""Writes files.json: the SHA-256 of the files that pandas and scikit-learn make of a dataset's parts.

Columns are read as text and written with `to_csv(index=False)`; JSON Lines are split as lines.

    python make_files.py
"""

import hashlib
import json
import pathlib

import pandas
from sklearn.model_selection import train_test_split

here = pathlib.Path(__file__).parent
root = here.parents[2]


def parts(rows, label, test, validation, seed):
    def classes(part):
        return None if label is None else part[label]
    rest, held = train_test_split(rows, test_size=test, stratify=classes(rows), random_state=seed)
    train, valid = train_test_split(rest, test_size=validation, stratify=classes(rest), random_state=seed)
    return {"train": train, "validation": valid, "test": held}


cases = []
for path, label, test, validation, seed in [
    ("Examples/tiny-news/test.csv", "label", 0.15, 0.1765, 42),
    ("Examples/tiny-news/validation.csv", "label", 50, 40, 7),
    ("Calibration/corpus/corpus.csv", None, 0.2, 30, 0),
    ("Tests/Oracles/description/description.csv", None, 0.3, 0.5, 1),
]:
    frame = pandas.read_csv(root / path, dtype=str, keep_default_na=False)
    # The order of the classes is that of the numbers.
    if label:
        frame["order"] = frame[label].astype(int)
    made = parts(frame, label and "order", test, validation, seed)
    cases.append({
        "file": path, "stratify": label, "test": repr(test), "validation": repr(validation), "seed": seed,
        "sha256": {
            name: hashlib.sha256(
                part.drop(columns="order", errors="ignore").to_csv(index=False).encode()).hexdigest()
            for name, part in made.items()},
    })
path = "Examples/tiny-news/golden.jsonl"
lines = pandas.DataFrame({"line": (root / path).read_bytes().splitlines(keepends=True)})
made = parts(lines, None, 0.25, 0.2, 3)
cases.append({
    "file": path, "stratify": None, "test": "0.25", "validation": "0.2", "seed": 3,
    "sha256": {name: hashlib.sha256(b"".join(part["line"])).hexdigest() for name, part in made.items()},
})
(here / "files.json").write_text(json.dumps(cases, indent=1) + "\n")
