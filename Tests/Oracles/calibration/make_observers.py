"""Writes observers.json and values.f32: samples, and the ranges that numpy chooses for them from the raw values.

Nothing here uses a histogram of ours: percentiles are numpy.quantile's, the least mean square error is found by
rounding every value with 4,000 candidate ranges, and the entropy curve is TensorRT's algorithm (Migacz 2017) in the
form of NVIDIA's pytorch-quantization over numpy.histogram with 2,048 bins.

    python3 make_observers.py         # numpy; writes beside this file"""
import json
import pathlib

import numpy as np

HERE = pathlib.Path(__file__).parent
COUNT = 10_000


def samples():
    rng = np.random.default_rng(3)
    normal = rng.normal(0, 1, COUNT)
    yield "normal", normal
    yield "relu", np.maximum(rng.normal(-0.5, 1.3, COUNT), 0)
    yield "laplace", rng.laplace(0, 0.02, COUNT)
    yield "student", rng.standard_t(3, COUNT) * 4
    outlier = normal * 0.1
    outlier[77] = -250
    yield "one outlier", outlier
    yield "uniform", rng.uniform(-3, 3, COUNT)


def mean_square_error(values, amax):
    step = amax / 127
    return float(np.mean((np.clip(np.rint(values / step), -127, 127) * step - values) ** 2))


def entropy_curve(magnitudes):
    """Candidate range -> divergence."""
    bins, edges = np.histogram(magnitudes, bins=2048, range=(0, magnitudes.max()))
    bins = bins.astype(np.float64)
    bins[0] = bins[1]
    curve = []
    for count in range(128, 2049, 4):
        space = np.linspace(0, count, num=129)
        level = np.digitize(range(count), space) - 1
        inside = bins[:count]
        total = np.bincount(level, weights=inside, minlength=128)
        occupied = np.bincount(level, weights=(inside > 0).astype(float), minlength=128)
        q = np.where(inside > 0, (total / np.maximum(occupied, 1))[level], 0)
        p = inside.copy()
        p[-1] += bins[count:].sum()
        p, q = p / p.sum(), q / q.sum()
        used = p > 0
        if np.any(q[used] == 0):
            continue
        curve.append([float(edges[count]), float(np.sum(p[used] * np.log(p[used] / q[used])))])
    return curve


def main():
    result, stored = [], []
    for name, values in samples():
        values = values.astype(np.float32)
        stored.append(values)
        wide = values.astype(np.float64)
        magnitudes = np.abs(wide)
        largest = magnitudes.max()
        errors = [(mean_square_error(wide, a), a) for a in largest * np.geomspace(1e-4, 1, 4000)]
        best = min(errors)
        result.append({
            "name": name, "count": len(values), "largest": float(largest),
            "percentile": float(np.quantile(magnitudes, 0.9999)),
            "percentile_low": float(np.sort(magnitudes)[int(0.9999 * (len(values) - 1)) - 1]),
            "percentile_high": float(np.sort(magnitudes)[int(0.9999 * (len(values) - 1)) + 1]),
            "mse": float(best[1]), "mse_error": best[0],
            "entropy": [[round(a, 6), float(f"{d:.5g}")] for a, d in entropy_curve(magnitudes)],
        })
    (HERE / "values.f32").write_bytes(np.concatenate(stored).astype("<f4").tobytes())
    (HERE / "observers.json").write_text(json.dumps(result) + "\n")
    for row in result:
        curve = row.pop("entropy")
        print(row, min(curve, key=lambda point: point[1]), len(curve))


if __name__ == "__main__":
    main()
