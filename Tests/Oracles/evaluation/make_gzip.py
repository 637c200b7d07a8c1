"""Writes gzip.json: gzip files of one CSV as different programs make them (base64), and what Python's gzip finds in them.

    python make_gzip.py
"""

import base64
import gzip
import json
import pathlib
import struct
import subprocess
import zlib

TEXT = "title,text,label\n" + "".join(f"T{i},\"Wörter {i}, 漢字\",{i % 2}\n" for i in range(40))
DATA = TEXT.encode()


def member(data, flags=0, extra=b"", level=9, strategy=zlib.Z_DEFAULT_STRATEGY):
    """A member with any of the header's optional fields (RFC 1952)."""
    head = b"\x1f\x8b\x08" + bytes([flags]) + struct.pack("<IBB", 1, 0, 3) + extra
    if flags & 2:
        head += struct.pack("<H", zlib.crc32(head) & 0xFFFF)
    packer = zlib.compressobj(level, zlib.DEFLATED, -15, 9, strategy)
    return head + packer.compress(data) + packer.flush() + struct.pack(
        "<II", zlib.crc32(data), len(data) & 0xFFFFFFFF)


files = {
    "Python": gzip.compress(DATA),
    "gzip -9": subprocess.run(["gzip", "-9", "-c"], input=DATA, capture_output=True, check=True).stdout,
    "stored": member(DATA, level=0),
    "fixed codes": member(DATA, strategy=zlib.Z_FIXED),
    "name and comment": member(DATA, 8 | 16, b"news.csv\x00what it is\x00"),
    "extra field and header checksum": member(DATA, 4 | 2, b"\x06\x00ab\x02\x00xy"),
    "two members": member(DATA[:100]) + member(DATA[100:]),
    "a member a byte": b"".join(member(DATA[i:i + 1]) for i in range(len(DATA))),
    "empty members": member(b"") + member(DATA) + member(b"") + member(b""),
    "zeros at the end": member(DATA) + bytes(1000),
}
for name, data in files.items():
    assert gzip.decompress(data) == DATA, name
path = pathlib.Path(__file__).with_name("gzip.json")
path.write_text(json.dumps({
    "text": TEXT, "files": {name: base64.b64encode(data).decode() for name, data in files.items()},
}, indent=1, ensure_ascii=False) + "\n")
