"""Writes Formats/answers/golden/bad: files of answers that are sound by themselves, digest included, and
lie about what they belong to. Made from the good ones, which `mbq evaluate -o` wrote for texts.csv."""

import hashlib
import json
import pathlib
import struct

golden = pathlib.Path(__file__).resolve().parents[3] / "Formats/answers/golden"


def read(name):
    data = (golden / f"{name}.answers").read_bytes()
    length = struct.unpack_from("<I", data, 12)[0]
    header = json.loads(data[16 : 16 + length])
    key, rows = header["key"], header["rows"]
    width = 4 * rows * len(key["model"]["labels"])
    sizes = [width] + [width] * ("baseline" in key) + [4 * rows] * ("labelColumn" in key["dataset"]) + [4 * rows]
    blocks, place = [], 16 + length
    for size in sizes:
        blocks.append(data[place : place + size])
        place += size
    return header, blocks


def write(name, header, blocks):
    text = json.dumps(header, sort_keys=True).encode()
    head = b"\x89MBQA\r\n\x1a" + struct.pack("<II", 1, len(text)) + text
    digests = b"".join(hashlib.sha256(part).digest() for part in [head] + blocks)
    data = head + b"".join(blocks) + hashlib.sha256(digests).digest()
    (golden / "bad" / f"{name}.answers").write_bytes(data)


def other_rows():
    """Two rows, under the digest of the seven of texts.csv."""
    header, blocks = read("one")
    logits, truths, lengths = blocks
    header["rows"] = header["key"]["dataset"]["rows"] = 2
    pairs = struct.unpack("<4f", logits[:16])
    chosen = [int(pairs[2 * row + 1] > pairs[2 * row]) for row in range(2)]
    wrong = sum(a != b for a, b in zip(chosen, struct.unpack("<2i", truths[:8])))
    header["mistakes"].update(count=wrong, shown=[])
    write("other-rows", header, [logits[:16], truths[:8], lengths[:8]])


other_rows()
