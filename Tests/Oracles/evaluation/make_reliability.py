"""Writes reliability.json: scikit-learn's calibration curve of answers made from a seed.

The test makes the same answers from the same seed (make_metrics.py says how).

    python make_reliability.py
"""

import json
import pathlib

import numpy as np
from scipy.special import softmax
from sklearn.calibration import calibration_curve

BINS = 15
MASK = (1 << 64) - 1


class SplitMix64:
    def __init__(self, seed):
        self.state = seed

    def __call__(self, bound):
        self.state = (self.state + 0x9E3779B97F4A7C15) & MASK
        z = self.state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
        return (z ^ (z >> 31)) % bound


cases = []
for seed, labels, rows in [(1, 2, 500), (2, 2, 7), (3, 3, 1000), (4, 5, 2000)]:
    draw = SplitMix64(seed)
    truths, logits = [], []
    for _ in range(rows):
        truth = draw(labels)
        row = [(draw(1024) - 512) / 256 for _ in range(labels)]
        row[truth] += 1
        truths.append(truth)
        logits.append(row)
    logits = np.array(logits)
    given = logits.argmax(axis=1)
    right = (given == np.array(truths)).astype(int)
    confidence = softmax(logits, axis=1)[np.arange(rows), given]
    accuracy, stated = calibration_curve(right, confidence, n_bins=BINS, strategy="uniform")
    places = np.searchsorted(np.linspace(0, 1, BINS + 1)[1:-1], confidence)
    bins = sorted(set(places.tolist()))
    cases.append({
        "seed": seed, "labels": labels, "rows": rows, "bins": bins,
        "counts": [int((places == b).sum()) for b in bins],
        "accuracy": accuracy.tolist(), "confidence": stated.tolist(),
    })
path = pathlib.Path(__file__).with_name("reliability.json")
path.write_text(json.dumps(cases, indent=1) + "\n")
