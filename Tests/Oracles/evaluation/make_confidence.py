"""Writes confidence.json: temperatures by scipy, thresholds by trying all of them with scikit-learn.

    python3 Tests/Oracles/evaluation/make_confidence.py
"""
import json
import pathlib

import numpy
import scipy.optimize
import scipy.special
import sklearn.metrics

random = numpy.random.default_rng(47)


def loss(logits, truths, temperature):
    log_probabilities = scipy.special.log_softmax(logits.astype(float) / temperature, axis=1)
    return float(-log_probabilities[numpy.arange(len(truths)), truths].mean())


def slope(logits, truths, beta):
    z = logits.astype(float)
    p = scipy.special.softmax(z * beta, axis=1)
    return float(((p * z).sum(axis=1) - z[numpy.arange(len(truths)), truths]).mean())


temperatures = []
for rows, labels, scale, true_temperature in [
    (400, 2, 3.0, 1.0), (400, 2, 3.0, 2.7), (300, 5, 2.0, 0.4), (60, 3, 8.0, 6.0), (25, 2, 0.3, 0.05),
    (2000, 2, 40.0, 25.0),
]:
    logits = (random.normal(size=(rows, labels)) * scale).astype(numpy.float32)
    p = scipy.special.softmax(logits.astype(float) / true_temperature, axis=1)
    truths = numpy.array([random.choice(labels, p=q) for q in p])
    best = scipy.optimize.minimize_scalar(
        lambda u: loss(logits, truths, numpy.exp(u)), bounds=(-6, 6), method="bounded", options=dict(xatol=1e-12))
    beta = scipy.optimize.brentq(lambda b: slope(logits, truths, b), 2.0 ** -10, 2.0 ** 10, xtol=1e-15, rtol=1e-14, maxiter=500)
    temperatures.append(dict(
        labels=labels, logits=[float(x) for x in logits.ravel()], truths=truths.tolist(), minimized=float(numpy.exp(best.x)),
        root=1 / beta, loss=best.fun, lossBefore=loss(logits, truths, 1.0)))


def metric(goal, truths, predicted):
    if goal == "accuracy":
        return sklearn.metrics.accuracy_score(truths, predicted)
    if goal == "f1":
        return sklearn.metrics.f1_score(truths, predicted, zero_division=0)
    return sklearn.metrics.recall_score(truths, predicted, average="macro")


def exhaustive(probabilities, truths, goal):
    """Every number from which on the predictions differ, and 0.5; the nearest to 0.5 of the best stretches."""
    p = sorted(set(probabilities.tolist()))
    single = numpy.float32
    stretches = [(None, p[0])] + list(zip(p, p[1:])) + ([(p[-1], 1.0)] if p[-1] < 1 else [])
    best = []
    for low, high in stretches:
        if (low is None or low < 0.5) and high >= 0.5:
            threshold = 0.5
        elif low is None:
            threshold = float(single(high) / single(2))
        else:
            threshold = float((single(low) + single(high)) / single(2))
        predicted = (probabilities >= single(threshold)).astype(int)
        best.append((metric(goal, truths, predicted), -abs(threshold - 0.5), threshold))
    most = max(value for value, _, _ in best)
    near = max((nearness, -threshold) for value, nearness, threshold in best if value > most - 1e-12)
    return dict(goal=goal, value=most, threshold=-near[1])


thresholds = []
for rows, share, shift, rounded in [(200, 0.5, 0.0, None), (150, 0.2, 0.15, None), (100, 0.8, -0.2, 1), (40, 0.5, 0.0, 1), (12, 0.5, 0.3, 2)]:
    truths = (random.random(rows) < share).astype(int)
    truths[:2] = [0, 1]
    p = numpy.clip(random.normal(0.35 + 0.3 * truths + shift, 0.2), 0, 1)
    p = (p if rounded is None else numpy.round(p, rounded)).astype(numpy.float32)
    thresholds.append(dict(
        probabilities=[float(x) for x in p], truths=truths.tolist(),
        best=[exhaustive(p, truths, goal) for goal in ("accuracy", "f1", "balanced-accuracy")]))

path = pathlib.Path(__file__).parent / "confidence.json"
path.write_text(json.dumps(dict(temperatures=temperatures, thresholds=thresholds)) + "\n")
