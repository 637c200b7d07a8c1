"""Writes paired.json: tests and intervals of paired answers, from scipy and the papers' formulas.

The formulas are written here in another way than in the Swift code: Tango's constrained maximum is
found by maximizing the likelihood, not in closed form; Connor's drop by a root finder.

    python make_paired.py          # writes paired.json
    python make_paired.py sizes    # prints how often the one-sided bounds of mbq check are wrong
"""

import json
import pathlib
import sys

import numpy as np
from scipy import optimize, stats
from scipy.special import expit, logit


def tango_statistic(lost, gained, rows, d):
    """Tango 1998 (Statistics in Medicine 17:891): score of the drop against d."""
    low, high = max(0.0, -d), (1 - d) / 2 if d >= -1 else 0.0

    def slope(q):
        # Derivative of the likelihood in q = P(gained), with P(lost) = q + d.
        value = 0.0
        if lost:
            value += lost / (q + d)
        if gained:
            value += gained / q
        rest = rows - lost - gained
        if rest:
            value -= 2 * rest / (1 - d - 2 * q)
        return value

    edge = 1e-15
    a, b = low + edge, high - edge
    if a >= b:
        q = low
    elif slope(a) <= 0:
        q = low
    elif slope(b) >= 0:
        q = high
    else:
        q = optimize.brentq(slope, a, b, xtol=1e-17, rtol=8.9e-16, maxiter=1000)
    variance = rows * (2 * q + d - d * d)
    distance = lost - gained - rows * d
    return 0.0 if distance == 0 else distance / np.sqrt(variance) if variance > 0 else np.sign(distance) * np.inf


def tango(lost, gained, rows, z):
    drop = (lost - gained) / rows

    def edge(outside):
        if abs(tango_statistic(lost, gained, rows, outside)) <= z:
            return outside
        return optimize.brentq(
            lambda d: abs(tango_statistic(lost, gained, rows, d)) - z, drop, outside,
            xtol=1e-15, rtol=8.9e-16)

    return edge(-1 + 1e-13), edge(1 - 1e-13)


def newcombe(a, b, c, d, confidence):
    """Newcombe 1998 (Statistics in Medicine 17:2635), method 10; a, d both right and wrong."""
    n = a + b + c + d
    first = stats.binomtest(a + b, n).proportion_ci(confidence, method="wilson")
    second = stats.binomtest(a + c, n).proportion_ci(confidence, method="wilson")
    p1, p2 = (a + b) / n, (a + c) / n
    below = (a + b) * (c + d) * (a + c) * (b + d)
    above = a * d - b * c
    if below == 0:
        phi = 0.0
    else:
        if above > n / 2:
            above -= n / 2
        elif above >= 0:
            above = 0
        phi = above / np.sqrt(float(below))
    l1, u1, l2, u2 = p1 - first.low, first.high - p1, p2 - second.low, second.high - p2
    lower = p1 - p2 - np.sqrt(max(0, l1**2 - 2 * phi * l1 * u2 + u2**2))
    upper = p1 - p2 + np.sqrt(max(0, u1**2 - 2 * phi * u1 * l2 + l2**2))
    return lower, upper


def connor(lost, gained, rows, confidence, power=0.8):
    """Connor 1987 (Biometrics 43:207), solved for the difference."""
    z1, z2 = stats.norm.ppf((1 + confidence) / 2), stats.norm.ppf(power)

    def excess(d):
        share = max((lost + gained) / rows, d)
        return rows * d * d - (z1 * np.sqrt(share) + z2 * np.sqrt(share - d * d)) ** 2

    if excess(1) <= 0:
        return 1.0
    return optimize.brentq(excess, 1e-12, 1, xtol=1e-16, rtol=8.9e-16)


def delong(truths, scores, confidence):
    """DeLong 1988 by its definition, on the scale of the logit."""
    positive, negative = scores[truths == 1], scores[truths == 0]
    kernel = (positive[:, None] > negative[None, :]) + 0.5 * (positive[:, None] == negative[None, :])
    area = kernel.mean()
    variance = (kernel.mean(1).var(ddof=1) / len(positive) + kernel.mean(0).var(ddof=1) / len(negative))
    if not 0 < area < 1 or variance == 0:
        return None
    reach = stats.norm.ppf((1 + confidence) / 2) * np.sqrt(variance) / (area * (1 - area))
    return [float(expit(logit(area) - reach)), float(expit(logit(area) + reach))]


def sizes():
    worst = 0
    for rows in [50, 100, 300, 1000, 3000, 10000]:
        for drop in [0.002, 0.005, 0.01, 0.02, 0.05]:
            wrong = [0, 0]
            for share in [0, 1e-5, 1e-4, 3e-4, 1e-3, 2e-3, 4e-3, 7e-3, 0.01, 0.02, 0.04, 0.08, 0.15]:
                l1, l2 = rows * (share + drop), rows * share
                lost = np.arange(int(l1 + 8 * np.sqrt(l1) + 12))[:, None]
                gained = np.arange(int(l2 + 8 * np.sqrt(l2) + 12))[None, :]
                if lost.size * gained.size > 4e6:
                    continue
                chance = stats.binom.pmf(lost, rows, share + drop) * stats.binom.pmf(
                    gained, np.maximum(rows - lost, 0), share / (1 - share - drop))
                chance = chance * (lost + gained <= rows)

                def statistic(b, c):
                    linear = -b - c + (2 * rows - b + c) * drop
                    q = (np.sqrt(linear**2 + 8 * rows * c * drop * (1 - drop)) - linear) / (4 * rows)
                    return (b - c - rows * drop) / np.sqrt(rows * (2 * q + drop * (1 - drop)))

                z = stats.norm.ppf(0.95)
                wrong[0] = max(wrong[0], (chance * (statistic(lost + 1, gained) <= -z)).sum())
                wrong[1] = max(
                    wrong[1], (chance * (statistic(np.maximum(lost - 1, 0), gained) >= z)).sum())
            print(f"{rows} rows, a drop of {drop}: 'not worse' {wrong[0]:.4f}, 'worse' {wrong[1]:.4f}")
            worst = max(worst, *wrong)
    print(f"at most {worst:.4f} at a stated 0.05")


if "sizes" in sys.argv:
    sizes()
    sys.exit()

cases = []
for a, b, c, d in [
    (97, 0, 0, 3), (100, 0, 0, 0), (0, 0, 0, 7), (946, 1, 0, 53), (940, 7, 2, 51), (930, 17, 20, 33),
    (10, 5, 0, 1), (0, 3, 4, 0), (1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0), (36, 12, 2, 0),
    (1980, 3, 1, 138), (1950, 33, 12, 127), (9800, 120, 80, 731), (60000, 2000, 1500, 8037),
    (60000, 30000, 10000, 8037), (10, 400, 3, 5), (9000, 1, 900, 830), (50, 25, 25, 0),
]:
    rows = a + b + c + d
    for confidence in [0.9, 0.95, 0.99]:
        z, one = stats.norm.ppf((1 + confidence) / 2), stats.norm.ppf(confidence)
        more_lost = min(b + 1, rows)
        cases.append({
            "counts": [a, b, c, d], "confidence": confidence,
            "mcNemar": float(stats.binomtest(b, b + c).pvalue) if b + c else 1.0,
            "tango": [float(x) for x in tango(b, c, rows, z)],
            "newcombe": [float(x) for x in newcombe(a, b, c, d, confidence)],
            "detectable": float(connor(b, c, rows, confidence)),
            "bounds": [
                float(tango(max(b - 1, 0), c, rows, one)[0]),
                float(tango(more_lost, min(c, rows - more_lost), rows, one)[1])],
        })

quantiles = [[p, float(stats.norm.ppf(p))] for p in
             [1e-300, 1e-20, 1e-5, 0.001, 0.025, 0.05, 0.1, 0.3, 0.5, 0.6, 0.8, 0.9, 0.95, 0.975, 0.995,
              0.99995]]
tails = [[k, n, p, float(stats.binom.cdf(k, n, p))] for k, n, p in
         [(0, 1, 0.5), (0, 1000, 0.01), (3, 1000, 0.01), (10, 1000, 0.01), (60, 100, 0.5),
          (99, 100, 0.3), (700, 71537, 0.01), (800, 71537, 0.01), (40, 10731, 0.005),
          (500, 2000, 0.5), (5000, 20000, 0.5), (100, 5000, 0.5), (1, 10, 0.999), (5, 5, 0.2)]]
exact = []
for k, n in [(0, 10), (10, 10), (1, 100), (5, 1000), (12, 2122), (107, 10731), (300, 500)]:
    for confidence in [0.9, 0.95]:
        # A two-sided interval of 2c - 1 leaves 1 - c on each side.
        interval = stats.binomtest(k, n).proportion_ci(2 * confidence - 1, method="exact")
        exact.append([k, n, confidence, float(interval.low), float(interval.high)])

curves = []
generator = np.random.default_rng(5)
for rows, gap in [(10, 1), (40, 0.5), (200, 2), (500, 0), (60, 4)]:
    truths = (generator.random(rows) < 0.4).astype(int)
    truths[:4] = [0, 0, 1, 1]
    # Multiples of 1/8: exact as float32, with ties.
    scores = np.round((generator.normal(size=rows) + gap * truths) * 8) / 8
    curves.append({"truths": truths.tolist(), "scores": scores.tolist(),
                   "interval": delong(truths, scores, 0.95)})

path = pathlib.Path(__file__).with_name("paired.json")
path.write_text(json.dumps(
    {"paired": cases, "quantiles": quantiles, "tails": tails, "exact": exact, "curves": curves},
    separators=(",", ":")) + "\n")
print(path.stat().st_size, "bytes")
