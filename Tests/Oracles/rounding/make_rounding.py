"""Writes rounding.json and values.f32: GPTQ, SparseGPT and Wanda straight from their papers, in float64.

    python3 Tests/Oracles/rounding/make_rounding.py

Column j is rounded, and the columns after it make up for that by row 0 of the inverse of what is left of
H, H[j:, j:]⁻¹, which is inverted anew for every column (Frantar et al., "GPTQ", 2023, eq. 2 and 3): no
Cholesky factor, no blocks. values.f32 holds weights (20, 136) and moments Σ x·xᵀ (136, 136); problems use
the first rows and columns of both.
"""
import json
import pathlib

import numpy

random = numpy.random.default_rng(23)
ROWS, COLUMNS, TOKENS = 20, 136, 90
DEAD = [5, 70]
single = numpy.float32

x = random.normal(size=(TOKENS, COLUMNS)) * numpy.exp(random.normal(size=COLUMNS))
x = x @ (numpy.eye(COLUMNS) + 0.15 * random.normal(size=(COLUMNS, COLUMNS)))
x[:, DEAD] = 0
weights = random.standard_t(4, size=(ROWS, COLUMNS)).astype(single) * single(0.05)
weights[3] = 0
moments = (x.T @ x).astype(single)
moments = numpy.triu(moments) + numpy.triu(moments, 1).T


def damped(width, share=0.01):
    h = moments[:width, :width].astype(float)
    diagonal = numpy.diag(h)
    live = diagonal > 0
    return h + numpy.diag(numpy.where(live, share * diagonal.sum() / live.sum(), 1.0))


def bfloat16_up(value):
    bits = int(single(value).view(numpy.uint32))
    return (bits >> 16) + (1 if bits & 0xFFFF else 0)


def from_bfloat16(bits):
    return numpy.uint32(bits << 16).view(single)


def tails(width):
    """For each column j, row 0 of H[j:, j:]⁻¹."""
    h = damped(width)
    return [numpy.linalg.inv(h[j:, j:])[0] for j in range(width)]


def quadratic_error(old, new):
    width = old.shape[1]
    difference = old.astype(float) - new
    h = moments[:width, :width].astype(float)
    return float(numpy.einsum("ra,ab,rb->", difference, h, difference))


def gptq_int8(rows, columns):
    w = weights[:rows, :columns].astype(float)
    scales = [bfloat16_up(single(abs(row).max()) / single(127)) if abs(row).max() > 0 else 0 for row in weights[:rows, :columns]]
    step = numpy.array([float(from_bfloat16(s)) for s in scales])
    levels = numpy.zeros((rows, columns), int)
    new = numpy.zeros((rows, columns))
    for j, tail in enumerate(tails(columns)):
        safe = numpy.where(step > 0, step, 1)
        levels[:, j] = numpy.where(step > 0, numpy.clip(numpy.rint(w[:, j] / safe), -127, 127), 0)
        new[:, j] = levels[:, j] * step
        if j not in DEAD:
            w[:, j:] -= numpy.outer((w[:, j] - new[:, j]) / tail[0], tail)
    return levels, scales, new


def gptq_int4(rows, columns, bits, group, zero_point):
    """The scales by the rule in Sources/MBQQuantizer/Rounding/GroupGrid.swift."""
    top = 2**bits - 1
    low, high = (0, top) if zero_point else (8 - 2 ** (bits - 1), 8 + 2 ** (bits - 1) - 1)
    energy = numpy.diag(moments)[:columns].astype(float)

    def ideal(values):
        lowest, highest = min(0, values.min()), max(0, values.max())
        if zero_point:
            step = (highest - lowest) / top
            return (step, int(min(max(numpy.floor(-lowest / step + 0.5), 0), top))) if step > 0 else (0, 8)
        return max(-lowest, highest) / (2 ** (bits - 1) - 1), 8

    def limit(zero):
        return min(15, 127 // max(zero, 15 - zero))

    w = weights[:rows, :columns].astype(float)
    levels = numpy.zeros((rows, columns), int)
    new = numpy.zeros((rows, columns))
    groups, scales = [], []
    directions = tails(columns)
    for r in range(rows):
        need = 0
        for start in range(0, columns, group):
            step, zero = ideal(w[r, start : start + group])
            need = max(need, step / limit(zero))
        scales.append(bfloat16_up(need) if need > 0 else 0)
        scale = float(from_bfloat16(scales[-1]))
        for j in range(columns):
            if j % group == 0:
                values, weight = w[r, j : j + group], energy[j : j + group]
                step, zero = ideal(values)
                multiplier, chosen = 0, 8
                if scale > 0 and step > 0:
                    covering = int(min(max(numpy.ceil(step / scale), 1), limit(zero)))

                    def error(m, z):
                        q = numpy.clip(numpy.rint(values / (scale * m)) + z, low, high)
                        return (((q - z) * scale * m - values) ** 2 * weight).sum()

                    multiplier, chosen, least = covering, zero, error(covering, zero)
                    for z in range(max(zero - 1, 0), min(zero + 1, top) + 1) if zero_point else [zero]:
                        for m in range(max(1, int(covering * 0.4)), min(covering + 1, limit(z)) + 1):
                            if error(m, z) < least:
                                multiplier, chosen, least = m, z, error(m, z)
                groups.append(multiplier | chosen << 4)
            step = scale * multiplier
            levels[r, j] = numpy.clip(numpy.rint(w[r, j] / step) + chosen, low, high) if step > 0 else chosen
            new[r, j] = (levels[r, j] - chosen) * step
            if j not in DEAD:
                w[r, j:] -= (w[r, j] - new[r, j]) / directions[j][0] * directions[j]
    return levels, scales, new, groups


def sparsegpt(rows, columns, sparsity, two_of_four):
    """Algorithm 1; unstructured, sixteen rows share the quota of a block of 128 columns."""
    w = weights[:rows, :columns].astype(float)
    directions = tails(columns)
    # Weights of dead inputs go first.
    diagonal = numpy.array([numpy.inf if j in DEAD else directions[j][0] for j in range(columns)])
    zero = numpy.zeros((rows, columns), bool)
    for first in range(0, rows, 16):
        panel = slice(first, min(first + 16, rows))
        for j in range(columns):
            if two_of_four and j % 4 == 0:
                scores = w[panel, j : j + 4] ** 2 / diagonal[j : j + 4]
                for row, order in enumerate(numpy.argsort(scores, axis=1, kind="stable")):
                    zero[first + row, j + order[:2]] = True
            elif not two_of_four and j % 128 == 0:
                scores = w[panel, j : j + 128] ** 2 / diagonal[j : j + 128]
                order = numpy.argsort(scores.ravel(), kind="stable")[: round(scores.size * sparsity)]
                marked = numpy.zeros(scores.size, bool)
                marked[order] = True
                zero[panel, j : j + 128] = marked.reshape(scores.shape)
            before = w[panel, j].copy()
            after = numpy.where(zero[panel, j], 0, before)
            if j not in DEAD:
                w[panel, j:] -= numpy.outer((before - after) / directions[j][0], directions[j])
            w[panel, j] = after
    return zero, w


def wanda(rows, columns, sparsity, two_of_four):
    w = weights[:rows, :columns].astype(float)
    scores = abs(w) * numpy.sqrt(numpy.diag(moments)[:columns].astype(float))
    zero = numpy.zeros((rows, columns), bool)
    for row in range(rows):
        if two_of_four:
            for start in range(0, columns, 4):
                zero[row, start + numpy.argsort(scores[row, start : start + 4], kind="stable")[:2]] = True
        else:
            zero[row, numpy.argsort(scores[row], kind="stable")[: round(columns * sparsity)]] = True
    return zero, numpy.where(zero, 0, w)


def clipped(columns):
    """Least squared error of an int8 row, the inputs' energy the weight, over shares of its largest."""
    energy = numpy.diag(moments)[:columns].astype(float)
    errors = []
    for row in weights[:, :columns].astype(float):
        least = []
        for share in [1 - 0.02 * k for k in range(15)]:
            step = float(from_bfloat16(bfloat16_up(single(abs(row).max() * share) / single(127)))) or 1
            q = numpy.clip(numpy.rint(row / step), -127, 127)
            least.append(float(((q * step - row) ** 2 * energy).sum()))
        errors.append(min(least))
    return errors


def text(mask):
    return "".join("1" if value else "0" for value in mask.ravel())


problems = []
levels, scales, new = gptq_int8(ROWS, 72)
problems.append({
    "name": "int8", "rows": ROWS, "columns": 72, "bits": 8, "group": 0, "zeroPoint": False,
    "levels": levels.ravel().tolist(), "scales": scales, "groups": [],
    "error": quadratic_error(weights[:ROWS, :72], new)})
for bits, group, zero_point, columns in [(4, 32, False, 72), (4, 64, True, 136), (3, 32, False, 70), (2, 128, False, 136)]:
    levels, scales, new, groups = gptq_int4(ROWS, columns, bits, group, zero_point)
    problems.append({
        "name": f"int{bits} in {group}" + (" with zero points" if zero_point else ""), "rows": ROWS,
        "columns": columns, "bits": bits, "group": group, "zeroPoint": zero_point,
        "levels": levels.ravel().tolist(), "scales": scales, "groups": groups,
        "error": quadratic_error(weights[:ROWS, :columns], new)})
masks = []
for method, function in [("sparsegpt", sparsegpt), ("wanda", wanda)]:
    for pattern, sparsity, columns in [("unstructured", 0.5, 136), ("2:4", 0.5, 136), ("unstructured", 0.3, 70)]:
        zero, new = function(ROWS, columns, sparsity, pattern == "2:4")
        masks.append({
            "method": method, "pattern": pattern, "sparsity": sparsity, "rows": ROWS, "columns": columns,
            "zero": text(zero), "error": quadratic_error(weights[:ROWS, :columns], new)})
width = 24
upper = numpy.linalg.cholesky(numpy.linalg.inv(damped(width))).T
here = pathlib.Path(__file__).parent
(here / "values.f32").write_bytes(weights.astype("<f4").tobytes() + moments.astype("<f4").tobytes())
(here / "rounding.json").write_text(
    json.dumps({
        "rows": ROWS, "columns": COLUMNS, "dead": DEAD, "problems": problems, "masks": masks,
        "clippedErrors": clipped(72), "factorWidth": width, "factor": upper.ravel().tolist(),
    }) + "\n")
