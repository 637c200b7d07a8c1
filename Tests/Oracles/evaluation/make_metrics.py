"""Writes metrics.json: scikit-learn's figures for predictions made from a seed.

The test makes the same predictions from the same seed (SplitMix64, as MBQCore's SeededGenerator), so
only results are stored. Logits are multiples of 1/64, exact in float32, with many ties.

    python make_metrics.py
"""

import json
import pathlib
import warnings
from unittest import mock

import numpy as np
from scipy.special import log_softmax, logsumexp, softmax
from sklearn import metrics
from sklearn.metrics import _classification

warnings.simplefilter("ignore")
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


KINDS = ["balanced", "truth missing", "never predicted", "skewed", "one answer", "sure"]


def make(seed, labels, rows, kind):
    draw = SplitMix64(seed)
    truths, logits, others = [], [], []
    for _ in range(rows):
        truth = draw(labels)
        if kind == "truth missing" and truth == labels - 1:
            truth = 0
        if kind == "skewed" and draw(8) != 0:
            truth = 1
        row = [(draw(1024) - 512) / 64 for _ in range(labels)]
        row[truth] += 4
        if kind == "never predicted":
            row[labels - 1] = -20.0
        if kind == "one answer":
            row[0] = 20.0
        if kind == "sure":
            row = [x * 16 for x in row]
        truths.append(truth)
        logits.append(row)
        others.append([x + (draw(64) - 32) / 64 for x in row])
    return np.array(truths), np.array(logits), np.array(others)


def calibration_error(truths, probabilities):
    predicted = probabilities.argmax(1)
    sure = probabilities.max(1)
    edges = np.linspace(0, 1, 16)
    total = 0.0
    for low, high in zip(edges[:-1], edges[1:]):
        inside = (sure > low) & (sure <= high)
        if inside.any():
            right = (predicted[inside] == truths[inside]).mean()
            total += inside.mean() * abs(right - sure[inside].mean())
    return total


def roc_auc(truths, logits):
    """Of every label against the others, macro mean; of two labels that of the second.

    From log odds: scikit-learn takes probabilities, which round to equal values near 0 and 1. Where
    they do not, the two are the same number, and this asserts it.
    """
    labels = logits.shape[1]
    if len(set(truths)) < labels:
        return None
    if labels == 2:
        return metrics.roc_auc_score(truths, logits[:, 1] - logits[:, 0])
    odds = np.stack(
        [logits[:, k] - logsumexp(np.delete(logits, k, axis=1), axis=1) for k in range(labels)], 1)
    area = np.mean([metrics.roc_auc_score(truths == k, odds[:, k]) for k in range(labels)])
    probabilities = softmax(logits, axis=1)
    if np.abs(logits).max() < 20:
        known = metrics.roc_auc_score(truths, probabilities, multi_class="ovr", average="macro")
        assert abs(known - area) < 1e-12, (known, area)
    return area


def report(truths, predicted, labels, names, digits):
    """scikit-learn's report.

    Version 1.9.1 prints the supports as 3.0 when a label of `labels` occurs nowhere, a slip of its
    array code that other versions do not have: whole numbers are asked for here.
    """
    inner = _classification.precision_recall_fscore_support

    def whole(*arguments, **options):
        *scores, support = inner(*arguments, **options)
        return (*scores, support if support is None else support.astype(int))

    with mock.patch.object(_classification, "precision_recall_fscore_support", whole):
        return metrics.classification_report(
            truths, predicted, labels=labels, target_names=names, zero_division=0, digits=digits)


cases = []
for seed in range(90):
    labels = 2 + seed % 6
    rows = [1, 2, 7, 40, 150, 400][(seed // 6) % 6]
    kind = KINDS[(seed + seed // 6) % 6]
    truths, logits, others = make(seed, labels, rows, kind)
    probabilities = softmax(logits, axis=1)
    predicted = logits.argmax(1)
    names = [["real", "fake", "satire", "opinion piece", "weighted averages", "漢字", "e\u0301"][i]
             for i in range(labels)]
    every = list(range(labels))
    scores = {
        average or "labels": [np.asarray(x).tolist() for x in metrics.precision_recall_fscore_support(
            truths, predicted, labels=every, average=average, zero_division=0)[:3]]
        for average in (None, "macro", "weighted")
    }
    p, q = log_softmax(logits, axis=1), log_softmax(others, axis=1)
    cases.append({
        "seed": seed, "labels": labels, "rows": rows, "kind": kind, "names": names,
        "confusion": metrics.confusion_matrix(truths, predicted, labels=every).tolist(),
        "scores": scores,
        "metrics": {
            "accuracy": metrics.accuracy_score(truths, predicted),
            "balanced-accuracy": metrics.balanced_accuracy_score(truths, predicted),
            "matthews": metrics.matthews_corrcoef(truths, predicted),
            "log-loss": metrics.log_loss(truths, y_proba=probabilities, labels=every),
            "roc-auc": roc_auc(truths, logits),
            "calibration-error": calibration_error(truths, probabilities),
        },
        "digits": (2, 4, 0, 3)[seed % 4],
        "report": report(truths, predicted, every, names, (2, 4, 0, 3)[seed % 4]),
        "agreement": {
            "flips": (np.nonzero(predicted != others.argmax(1))[0] + 1).tolist(),
            "largest": np.abs(logits - others).max(),
            "mean": np.abs(logits - others).mean(),
            "kl": (np.exp(p) * (p - q)).sum(1).mean(),
        },
    })
path = pathlib.Path(__file__).with_name("metrics.json")
path.write_text(json.dumps(cases, separators=(",", ":"), ensure_ascii=False) + "\n")
print(len(cases), "cases,", path.stat().st_size, "bytes")
