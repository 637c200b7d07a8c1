"""Writes shared_csv.json: row counts and hashes of the datasets beside the repository.

The hash is the SHA-256 over all values in order, each as its length (8 bytes, little-endian) and its
UTF-8, as pandas.read_csv finds them; `texts` is the same over `(title + " " + text).strip()`.

    python make_shared_csv.py ../../../../shared/data
"""

import hashlib
import json
import pathlib
import sys

import pandas


def digest(texts):
    whole = hashlib.sha256()
    for text in texts:
        encoded = text.encode()
        whole.update(len(encoded).to_bytes(8, "little") + encoded)
    return whole.hexdigest()


files = []
for path in sorted(pathlib.Path(sys.argv[1]).glob("*.csv")):
    frame = pandas.read_csv(path, dtype=str, keep_default_na=False)
    texts = [(a + " " + b).strip() for a, b in zip(frame["title"], frame["text"])]
    files.append({
        "file": path.name, "rows": len(frame), "columns": len(frame.columns),
        "values": digest(x for row in frame.itertuples(index=False, name=None) for x in row),
        "texts": digest(texts), "blank": sum(not x for x in texts),
        "labels": [int((frame["label"] == str(x)).sum()) for x in (0, 1)],
        "longest": max(len(x) for x in texts),
    })
pathlib.Path(__file__).with_name("shared_csv.json").write_text(json.dumps(files, indent=1) + "\n")
