"""Writes statistics.json: numpy's linear percentiles, scipy's Wilson intervals, Python's str.strip.

    python make_statistics.py
"""

import json
import pathlib
import random

import numpy as np
from scipy.stats import binomtest

generator = random.Random(7)
percentiles = []
for count in [1, 2, 3, 4, 5, 10, 11, 99, 100, 101, 257]:
    values = sorted(generator.choice([generator.randint(1, 50), generator.randint(1, 10**9)])
                    for _ in range(count))
    shares = [0, 0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 0.999, 1]
    percentiles.append({
        "values": values, "shares": shares,
        "expected": [float(np.quantile(np.array(values, float), s, method="linear"))
                     for s in shares],
        "mean": float(np.mean(values)),
    })

wilson = []
for total in [1, 2, 3, 10, 97, 500, 2122, 10**6]:
    for successes in sorted({0, 1, total // 2, (total * 874) // 1000, total - 1, total}):
        interval = binomtest(successes, total).proportion_ci(0.95, method="wilson")
        wilson.append([successes, total, float(interval.low), float(interval.high)])

spaces = [chr(c) for c in range(0x110000) if chr(c).isspace()]
strip = {
    # Every character that Python strips, and the most likely ones that it does not.
    "spaces": [ord(c) for c in spaces],
    "kept": [0, 8, 14, 27, 33, 0x7F, 0x84, 0x86, 0x9F, 0xA1, 0xAD, 0x180E, 0x167F, 0x1681, 0x1FFF,
             0x200B, 0x200C, 0x200D, 0x2027, 0x202A, 0x202E, 0x2030, 0x205E, 0x2060, 0x2FFF, 0x3001,
             0xFEFF, 0xFFFD, 0x1F600],
    "texts": [],
}
letters = spaces + ["a", "é", "漢", "😀", "\u200b", "\ufeff"]
for _ in range(300):
    text = "".join(generator.choice(letters) for _ in range(generator.randint(0, 8)))
    strip["texts"].append([text, text.strip()])

path = pathlib.Path(__file__).with_name("statistics.json")
path.write_text(json.dumps(
    {"percentiles": percentiles, "wilson": wilson, "strip": strip}, separators=(",", ":")) + "\n")
print(path.stat().st_size, "bytes")
