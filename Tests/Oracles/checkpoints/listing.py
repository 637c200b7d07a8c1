"""What the scripts that make golden files share: tensors as text, and zip archives byte by byte."""
import io
import struct
import zipfile

import numpy

NAMES = {
    "float32": "F32", "float16": "F16", "bfloat16": "BF16", "float64": "F64", "int64": "I64", "int32": "I32",
    "int16": "I16", "int8": "I8", "uint8": "U8", "uint16": "U16", "uint32": "U32", "uint64": "U64", "bool": "BOOL",
    "complex64": "C64"}


def line(name, dtype, shape, values=None):
    """One tensor: name, type, shape, and for weights the values as the bits of binary32."""
    kind = NAMES[dtype]
    text = f"{name} {kind} [{', '.join(map(str, shape))}]"
    if kind in ("F32", "F16", "BF16", "F64"):
        bits = numpy.asarray(values, numpy.float32).reshape(-1).view(numpy.uint32)
        text += "".join(f" {b:08x}" for b in bits)
    return text


def write(path, lines):
    # By their bytes, as mbq's test sorts them.
    path.with_suffix(".txt").write_text("".join(f"{l}\n" for l in sorted(lines, key=str.encode)))


def archive(entries, method=zipfile.ZIP_STORED):
    """A zip archive of (name, bytes), always the same bytes."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as file:
        for name, content in entries:
            file.writestr(zipfile.ZipInfo(name), content, method)
    return target.getvalue()


def patched(content, where, value, kind="<H", signature=b"PK\x01\x02", which=0):
    """`content` with a field of the `which`th record with `signature` replaced."""
    at = -1
    for _ in range(which + 1):
        at = content.index(signature, at + 1)
    field = struct.pack(kind, value)
    return content[:at + where] + field + content[at + where + len(field):]
