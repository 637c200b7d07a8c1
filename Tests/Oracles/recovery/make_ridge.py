"""Writes ridge.json: least squares as numpy.linalg.lstsq solves them, in float64.

    python3 Tests/Oracles/recovery/make_ridge.py

The penalty is written as extra rows of the least squares problem, not as normal equations: another way
than the one that is tested.
"""
import json
import pathlib

import numpy

random = numpy.random.default_rng(20)


def problem(name, tokens, inputs, outputs, penalty, own, dead=(), masked=False):
    x = random.normal(size=(tokens, inputs)) * random.uniform(0.3, 3, inputs) + random.normal(size=inputs)
    x = x @ (numpy.eye(inputs) + 0.3 * random.normal(size=(inputs, inputs)))
    for column in dead:
        x[:, column] = 0
    x = x.astype(numpy.float32).astype(float)
    u = random.normal(size=(tokens, outputs)) + 0.5 if own else numpy.zeros((tokens, outputs))
    u = u.astype(numpy.float32).astype(float)
    e = x @ random.normal(size=(inputs, outputs)) + 0.7 * u + random.normal(size=(tokens, outputs)) + 0.3
    e = e.astype(numpy.float32).astype(float)
    weights = random.uniform(0.2, 2, tokens).astype(numpy.float32).astype(float)
    mask = random.uniform(size=(outputs, inputs)) < 0.6 if masked else numpy.ones((outputs, inputs), bool)
    roots = numpy.sqrt(weights)[:, None]
    # Without the intercept's direction, which is not penalized.
    centered = roots * (x - numpy.average(x, axis=0, weights=weights))
    variances = (centered**2).sum(axis=0)
    a = numpy.zeros((outputs, inputs))
    gamma = numpy.zeros(outputs)
    b = numpy.zeros(outputs)
    for j in range(outputs):
        support = [k for k in range(inputs) if mask[j, k] and k not in dead]
        mean = variances[[k for k in range(inputs) if mask[j, k] and k not in dead]].mean() if masked else variances[variances > 0].mean()
        columns = [x[:, support]] + ([u[:, j : j + 1]] if own else []) + [numpy.ones((tokens, 1))]
        matrix = roots * numpy.hstack(columns)
        right = roots[:, 0] * e[:, j]
        own_centered = roots[:, 0] * (u[:, j] - numpy.average(u[:, j], weights=weights))
        extra = [penalty * mean] * len(support) + ([penalty * (own_centered**2).sum()] if own else []) + [0]
        matrix = numpy.vstack([matrix, numpy.diag(numpy.sqrt(extra))])
        right = numpy.concatenate([right, numpy.zeros(len(extra))])
        solution = numpy.linalg.lstsq(matrix, right, rcond=None)[0]
        a[j, support] = solution[: len(support)]
        gamma[j] = solution[len(support)] if own else 0
        b[j] = solution[-1]
    error = (weights[:, None] * (e - x @ a.T - u * gamma - b) ** 2).sum()
    return {
        "name": name, "tokens": tokens, "inputs": inputs, "outputs": outputs, "penalty": penalty,
        "masked": masked, "mask": mask.ravel().tolist(), "x": x.ravel().tolist(), "u": u.ravel().tolist(),
        "e": e.ravel().tolist(), "weights": weights.tolist(), "expectedWeights": a.ravel().tolist(),
        "expectedScales": gamma.tolist(), "expectedBiases": b.tolist(), "expectedError": error,
    }


def matrix(order):
    x = random.normal(size=(3 * order, order))
    a = x.T @ x
    right = random.normal(size=(order, 3))
    return {
        "order": order, "matrix": a.ravel().tolist(), "right": right.ravel().tolist(),
        "solution": numpy.linalg.solve(a, right).ravel().tolist(),
        "inverse": numpy.linalg.inv(a).ravel().tolist(),
        "upper": numpy.linalg.cholesky(a).T.ravel().tolist(),
    }


goldens = {
    "problems": [
        problem("plain", 60, 7, 3, 1e-12, own=False),
        problem("ridge", 60, 7, 3, 0.3, own=False),
        problem("with a residual", 60, 7, 3, 1e-12, own=True),
        problem("with a residual, ridge", 60, 7, 3, 0.1, own=True),
        problem("one input", 40, 1, 4, 1e-12, own=True),
        problem("dead channels", 60, 7, 3, 0.05, own=True, dead=(0, 4)),
        problem("masked", 60, 9, 4, 0.02, own=True, masked=True),
        problem("fewer tokens than inputs", 12, 20, 3, 0.5, own=False),
        problem("17 inputs of 33 tokens", 33, 17, 17, 0.2, own=True),
    ],
    "matrices": [matrix(order) for order in (1, 2, 5, 17)],
}


def short(value):
    """12 digits; float32 numbers, which have 9, keep their bits."""
    if isinstance(value, dict):
        return {key: short(item) for key, item in value.items()}
    if isinstance(value, list):
        return [short(item) for item in value]
    return float(f"{value:.12g}") if isinstance(value, float) else value


def float32(value):
    return [float(f"{item:.9g}") for item in value]


for entry in goldens["problems"]:
    for key in ("x", "u", "e", "weights"):
        entry[key] = float32(entry[key])
goldens = short(goldens)
path = pathlib.Path(__file__).parent / "ridge.json"
path.write_text(json.dumps(goldens, separators=(",", ":")) + "\n")
