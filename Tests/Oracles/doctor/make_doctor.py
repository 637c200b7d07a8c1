"""Writes doctor.json and values.f32: ranges, kurtosis and signal to noise of one linear with a residual.

    python3 Tests/Oracles/doctor/make_doctor.py

The grids are those of Formats/arithmetic.md (1), (2), (5), (6), (8) in numpy; kurtosis is scipy's. Of each
case values.f32 holds hidden states (tokens, inputs), residuals (tokens, outputs) and weights (outputs,
inputs).
"""
import json
import pathlib

import numpy
import scipy.stats

random = numpy.random.default_rng(31)
TOKENS, INPUTS, OUTPUTS, GROUP = 40, 80, 48, 64
single = numpy.float32


def bfloat16_up(values):
    bits = values.astype(single).view(numpy.uint32)
    return (((bits >> 16) + ((bits & 0xFFFF) != 0)).astype(numpy.uint32) << 16).view(single)


def per_row(x, levels):
    largest = abs(x).max(axis=1, keepdims=True).astype(single)
    q = numpy.rint(x * (single(levels) / largest))
    return q.astype(float) * (largest / single(levels)).astype(float)


def static(x, levels):
    step = single(abs(x).max() / single(levels))
    return numpy.clip(numpy.rint(x * (single(1) / step)), -levels, levels).astype(float) * float(step)


def int8_weights(w):
    scale = bfloat16_up(abs(w).max(axis=1) / single(127))[:, None]
    return numpy.rint(w / scale).astype(float) * scale


def int4_weights(w):
    result = numpy.zeros(w.shape)
    for row, values in enumerate(w):
        best = None
        largest = [abs(values[s:s + GROUP]).max() for s in range(0, INPUTS, GROUP)]
        for most in range(8, 16):
            scale = bfloat16_up(numpy.array([max(largest) / single(7 * most)]))[0]
            rounded = numpy.zeros(INPUTS)
            for group, top in enumerate(largest):
                multiplier = min(max(int(numpy.ceil(top / (single(7) * scale))), 1), most)
                step = scale * single(multiplier)
                part = values[group * GROUP:(group + 1) * GROUP]
                rounded[group * GROUP:group * GROUP + len(part)] = numpy.clip(numpy.rint(part / step), -7, 7).astype(float) * step
            error = float(((values - rounded) ** 2).sum())
            if best is None or error < best[0]:
                best = (error, rounded)
        result[row] = best[1]
    return result


def noise(truth, found):
    # What is the same for every token is no signal.
    signal = truth.astype(float).var(axis=0) * len(truth)
    error = ((truth.astype(float) - found) ** 2).sum(axis=0)
    # Single precision can tell no more than 140 dB.
    return float(numpy.mean(numpy.minimum(140, -10 * numpy.log10(error / signal))))


def profile(x):
    def spread(values):
        return {"median": float(numpy.median(values)), "largest": float(numpy.max(values))}

    wide = x.astype(float)
    maxima = numpy.sort(abs(x).max(axis=0))
    return {
        "minimum": float(x.min()), "maximum": float(x.max()), "largest": float(abs(x).max()),
        "medianChannel": float(maxima[len(maxima) // 2]),
        "rootMeanSquare": float(numpy.sqrt((wide ** 2).mean())),
        "tokenKurtosis": spread(scipy.stats.kurtosis(wide, axis=1, fisher=False)),
        "channelKurtosis": spread(scipy.stats.kurtosis(wide, axis=0, fisher=False)),
        "halfOverflows": int((abs(x) > 65504).sum()),
        "halfSubnormals": float(((abs(x) < 2.0 ** -14) & (x != 0)).mean()),
    }


def case(name, x, r, w):
    product = x.astype(float) @ w.astype(float).T
    branch = product.astype(single)
    total = branch + r
    w8 = int8_weights(w)
    return {
        "name": name, "input": profile(x), "weight": profile(w), "branch": profile(branch), "residual": profile(r),
        "scaleRatio": float(min(abs(branch).max(), abs(r).max()) / max(abs(branch).max(), abs(r).max())),
        "linear": {
            "int8": noise(product, per_row(x, 127) @ w8.T), "int4": noise(product, per_row(x, 127) @ int4_weights(w).T),
            "int8Static": noise(product, static(x, 127) @ w8.T), "int16": noise(product, per_row(x, 32385) @ w8.T),
        },
        "add": {
            "int8": noise(total, per_row((per_row(branch, 127) + per_row(r, 127)).astype(single), 127)),
            "int4": noise(total, per_row((per_row(branch, 7) + per_row(r, 7)).astype(single), 7)),
            "int8Static": noise(total, sum_static(branch, r, total)),
        },
    }


def sum_static(branch, r, total):
    step = abs(total).max() / single(127)
    added = (static(branch, 127) + static(r, 127)).astype(single)
    return numpy.clip(numpy.rint(added / step), -127, 127).astype(float) * float(step)


def arrays(outliers):
    x = random.standard_t(5, size=(TOKENS, INPUTS)).astype(single)
    r = random.normal(size=(TOKENS, OUTPUTS)).astype(single) * single(3)
    w = random.normal(size=(OUTPUTS, INPUTS)).astype(single) * single(0.08)
    if outliers:
        x[:, [7, 50]] *= single(3000)
        x[:, 11] *= single(1e-6)
        w[:, [7, 50]] /= single(3000)
        r *= single(2e-5)
        r[0, 5] = -2.4e7
    return x, r, w


here = pathlib.Path(__file__).parent
values, cases = [], []
for name, outliers in [("plain", False), ("outliers", True)]:
    x, r, w = arrays(outliers)
    values += [x, r, w]
    cases.append(case(name, x, r, w))
(here / "values.f32").write_bytes(b"".join(v.astype("<f4").tobytes() for v in values))
(here / "doctor.json").write_text(json.dumps({"tokens": TOKENS, "inputs": INPUTS, "outputs": OUTPUTS, "cases": cases}, indent=1) + "\n")
