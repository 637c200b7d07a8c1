"""Makes int8.txt and numbers.txt beside this script: what numpy, torch, zlib and hashlib say.

    pip install numpy torch
    python3 Tests/Oracles/format/make_numbers.py
"""
import hashlib
import pathlib
import zlib

import numpy
import torch

HERE = pathlib.Path(__file__).parent
F = numpy.float32


def splitmix(seed, count):
    """SplitMix64 as in its paper, as unsigned 64-bit numbers."""
    mask, state, result = (1 << 64) - 1, seed, []
    for _ in range(count):
        state = (state + 0x9E3779B97F4A7C15) & mask
        z = state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & mask
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & mask
        result.append(z ^ (z >> 31))
    return result


def encode(x):
    """Scales as bfloat16 bits and integers, row by row: Formats/arithmetic.md, below (3)."""
    scales, integers = [], []
    for row in x:
        amax = numpy.abs(row).max()
        if amax == 0:
            scales.append(0)
            integers.append(numpy.zeros(len(row), int))
            continue
        scale = max(F(amax) / F(127), F(2.0**-126))
        bits = int(scale.view(numpy.uint32))
        bits = (bits + 0xFFFF) >> 16
        scales.append(bits)
        scale = numpy.uint32(bits << 16).view(F)
        integers.append(numpy.clip(numpy.rint(row / scale), -127, 127).astype(int))
    return scales, integers


def int8_cases():
    rng = numpy.random.default_rng(8)
    normal = lambda *shape: rng.standard_normal(shape).astype(F)
    yield "normal", normal(17, 9)
    yield "one", normal(1, 1)
    yield "one row", normal(1, 33)
    yield "one column", normal(19, 1)
    # Scales that are bfloat16 already, and values halfway between two integers.
    ties = numpy.array([[127, 0.5, 1.5, 2.5, -0.5, -1.5, -2.5, 126.5, -126.5, 125.5]], F)
    yield "ties", numpy.concatenate([ties, ties * F(2.0**-20), ties * F(2.0**100), -ties])
    zeros = normal(3, 5)
    zeros[1] = 0
    zeros[2] = -0.0
    yield "zeros", zeros
    outlier = normal(2, 16) * F(1e-3)
    outlier[0, 7] = 100
    yield "outlier", outlier
    yield "huge", (numpy.sign(normal(2, 6)) * F(3e38)).astype(F)
    largest = numpy.array([[numpy.finfo(F).max, -numpy.finfo(F).max, 1, 0]], F)
    yield "largest", largest
    yield "subnormal", (normal(3, 8) * F(1e-40)).astype(F)
    yield "near subnormal", (normal(3, 8) * F(3e-37)).astype(F)


def write_int8():
    lines = []
    for name, x in int8_cases():
        scales, integers = encode(x)
        lines.append(f"# {name}: {x.shape[0]} {x.shape[1]}")
        for row, scale, q in zip(x, scales, integers):
            bits = " ".join(f"{b:08x}" for b in numpy.ascontiguousarray(row).view(numpy.uint32))
            lines.append(f"{bits} = {scale:04x} {' '.join(map(str, q))}")
    (HERE / "int8.txt").write_text("\n".join(lines) + "\n")


def digest(array):
    return hashlib.sha256(numpy.ascontiguousarray(array).tobytes()).hexdigest()


def narrowing_grid():
    """Every finite half, every midpoint of two of them, their neighbours, and random bits."""
    halves = numpy.arange(0x7C01, dtype=numpy.uint16)
    values = halves[:-1].view(numpy.float16).astype(F)
    following = numpy.append(values[1:], F(65536))
    middles = ((values.astype(float) + following) / 2).astype(F)
    bits = numpy.stack([values.view(numpy.uint32), middles.view(numpy.uint32)], 1).reshape(-1)
    bits = numpy.stack([bits - 1, bits, bits + 1], 1).reshape(-1)
    bits = bits[bits < 0x7F800000]  # Below 0 the first one wraps around.
    random = numpy.array([z >> 32 for z in splitmix(16, 200000)], numpy.uint32)
    special = numpy.array([0, 1, 0x7FFFFF, 0x800000, 0x7F7FFFFF, 0x7F800000, 0x7F7F8000, 0x7F7F7FFF], numpy.uint32)
    bits = numpy.concatenate([bits, special, random])
    bits = numpy.concatenate([bits, bits ^ numpy.uint32(0x80000000)])
    return bits[(bits & 0x7FFFFFFF) <= 0x7F800000]  # NaNs have no one answer.


def write_numbers():
    halves = numpy.arange(65536, dtype=numpy.uint16)
    halves = halves[(halves & 0x7FFF) <= 0x7C00]
    grid = narrowing_grid()
    with numpy.errstate(over="ignore"):
        narrowed = grid.view(F).astype(numpy.float16).view(numpy.uint16)
    brain = torch.from_numpy(grid.view(F).copy()).to(torch.bfloat16).view(torch.int16).numpy()
    data = b"".join(z.to_bytes(8, "little") for z in splitmix(7, 1 << 13))
    lines = {
        "halves widened": digest(halves.view(numpy.float16).astype(F)),
        "grid": f"{len(grid)} {digest(grid)}",
        "grid as halves": digest(narrowed),
        "grid as bfloat16": digest(brain),
        "splitmix 1234567": " ".join(map(str, splitmix(1234567, 5))),
        # Over the digests of the first n bytes, n = 0 ... 300.
        "sha256 of prefixes": hashlib.sha256(b"".join(hashlib.sha256(data[:n]).digest() for n in range(301))).hexdigest(),
        "sha256": hashlib.sha256(data).hexdigest(),
        "crc32 of prefixes": hashlib.sha256(b"".join(zlib.crc32(data[:n]).to_bytes(4, "little") for n in range(301))).hexdigest(),
        "crc32": f"{zlib.crc32(data):08x}",
    }
    (HERE / "numbers.txt").write_text("".join(f"{k}: {v}\n" for k, v in lines.items()))


write_int8()
write_numbers()
