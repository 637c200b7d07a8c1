"""Makes Formats/safetensors/golden: small files that are read, each with its tensors as text beside it,
and files that are refused, each with the exact message beside it.

    pip install numpy safetensors==0.8.0
    python Tests/Oracles/checkpoints/make_safetensors.py

The good files come from, or are first read by, the safetensors package, and their values are widened by
numpy. The bad ones are raw bytes; the script fails if the package reads one of them that is not marked.
"""
import json
import pathlib
import shutil
import struct

import numpy
import safetensors
import safetensors.numpy

FOLDER = pathlib.Path(__file__).parents[3] / "Formats/safetensors/golden"


def raw(header, data=b"", length=None):
    """A file with `header`, text or something json can write, as it is."""
    if not isinstance(header, (str, bytes)):
        header = json.dumps(header, separators=(",", ":"), ensure_ascii=False)
    if isinstance(header, str):
        header = header.encode()
    return struct.pack("<Q", len(header) if length is None else length) + header + data


def tensor(dtype, shape, start, end):
    return {"dtype": dtype, "shape": shape, "data_offsets": [start, end]}


def widened(dtype, data):
    """The values of a weight as the bits of binary32, the way numpy converts them."""
    if dtype == "F32":
        bits = numpy.frombuffer(data, "<u4")
    elif dtype == "F16":
        bits = numpy.frombuffer(data, "<f2").astype("<f4").view("<u4")
    elif dtype == "F64":
        bits = numpy.frombuffer(data, "<f8").astype("<f4").view("<u4")
    elif dtype == "BF16":
        bits = numpy.frombuffer(data, "<u2").astype("<u4") << 16
    else:
        return ""
    return " " + " ".join(f"{b:08x}" for b in bits) if len(bits) else ""


def good(name, content):
    (FOLDER / "good" / f"{name}.safetensors").write_bytes(content)
    lines = []
    for key, value in safetensors.deserialize(content):
        shape = ", ".join(map(str, value["shape"]))
        lines.append(f"{key} {value['dtype']} [{shape}]{widened(value['dtype'], bytes(value['data']))}")
    # Sorted by name: the package and mbq may list tensors of no bytes in either order.
    (FOLDER / "good" / f"{name}.txt").write_text("".join(f"{l}\n" for l in sorted(lines)))


def bad(name, content, message, package_reads=False):
    try:
        safetensors.deserialize(content)
        was_read = True
    except safetensors.SafetensorError as error:
        was_read = False
        print(f"{name}: {error}")
    assert was_read == package_reads, name
    (FOLDER / "bad" / f"{name}.safetensors").write_bytes(content)
    (FOLDER / "bad" / f"{name}.txt").write_text(f"'{name}.safetensors' {message}\n")


def make_good():
    values = numpy.array([[0, -0.0, 1.5], [-2.25, 3.4e38, 1e-40]], numpy.float32)
    halves = numpy.array(
        [0x0000, 0x8000, 0x3C00, 0xC500, 0x0001, 0x83FF, 0x7BFF, 0x7C00, 0xFC00, 0x7E01], numpy.uint16)
    good("f32", safetensors.numpy.save({"weight": values}))
    # Raw because the package writes metadata in any order.
    good("metadata", raw(
        {"__metadata__": {"format": "pt", "π": "\"\\\n"}, "a": tensor("F32", [2, 3], 0, 24)},
        values.tobytes()))
    good("f16", safetensors.numpy.save({"h": halves.view(numpy.float16)}))
    good("bf16", raw({"b": tensor("BF16", [2, 5], 0, 20)}, halves.tobytes()))
    good("scalar", safetensors.numpy.save({"scalar": numpy.array(7.5, numpy.float32)}))
    good("no-tensors", safetensors.numpy.save({}))
    good("no-values", safetensors.numpy.save(
        {"empty": numpy.zeros((0, 3), numpy.float32), "full": values}))
    good("int64-beside", safetensors.numpy.save(
        {"mobilebert.embeddings.position_ids": numpy.arange(4), "w": values}))
    # A header of odd length: the package does not write it, and reads it.
    good("unaligned", raw({"w": tensor("F32", [2], 0, 8)}, struct.pack("<ff", 1, -3)))
    good("names", raw(
        '{"caf\\u00e9":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},'
        '"cafe\u0301":{"dtype":"F32","shape":[1],"data_offsets":[4,8]},'
        '"\\ud83d\\ude00":{"dtype":"F32","shape":[1],"data_offsets":[8,12],"more":[{}]}}  \n',
        struct.pack("<fff", 1, 2, 3)))
    good("out-of-order", raw(
        {"second": tensor("F32", [1], 4, 8), "first": tensor("F32", [1], 0, 4)},
        struct.pack("<ff", 1, 2)))
    widths = {
        "BOOL": 8, "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6, "U8": 8, "I8": 8, "F8_E5M2": 8, "F8_E4M3": 8,
        "F8_E8M0": 8, "F8_E4M3FNUZ": 8, "F8_E5M2FNUZ": 8, "I16": 16, "U16": 16, "F16": 16, "BF16": 16,
        "I32": 32, "U32": 32, "F32": 32, "C64": 64, "F64": 64, "I64": 64, "U64": 64}
    header, end = {}, 0
    for dtype, width in widths.items():
        header[dtype] = tensor(dtype, [4], end, end + width // 2)
        end += width // 2
    good("all-types", raw(header, bytes(end)))


def make_bad():
    w = tensor("F32", [2], 0, 8)
    eight = bytes(8)
    again = "; copy or download the file again"
    damaged = "; the file is damaged or was not made by safetensors, save it again"
    header = "has a header that cannot be read: 'header' is not valid JSON at line 1, column"
    types = "BOOL, F4, F6_E2M3, F6_E3M2, U8, I8, F8_E5M2, F8_E4M3, F8_E8M0, F8_E4M3FNUZ, F8_E5M2FNUZ, " \
        "I16, U16, F16, BF16, I32, U32, F32, C64, F64, I64 and U64"

    bad("empty", b"", "has 0 bytes, and a safetensors file starts with 8 that give the length of its"
        " header" + again)
    bad("seven-bytes", bytes(7), "has 7 bytes, and a safetensors file starts with 8 that give the"
        " length of its header" + again)
    bad("no-header", bytes(8), f"{header} 1: it ends in the middle of a value; copy or download the"
        " file again")
    bad("git-lfs-pointer", b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n",
        "is a Git LFS pointer, not the weights; run `git lfs pull` in its folder, or download it")
    bad("length-over-limit", raw({"w": w}, eight, length=100_000_001), "says its header has 100000001"
        " bytes, and at most 100000000 are allowed; it is no safetensors file, or damaged")
    bad("length-largest", raw({"w": w}, eight, length=2**64 - 1), "says its header has"
        " 18446744073709551615 bytes, and at most 100000000 are allowed; it is no safetensors file, or"
        " damaged")
    bad("length-beyond-end", raw("{}", length=3), "is cut off: its header needs 3 bytes after the first"
        " 8, and the file has 2" + again)
    bad("not-json", raw("{w}"), f"{header} 2: found 'w', needed a key in double quotes")
    bad("not-utf8", raw(b'{"\xff":1}'), f"{header} 3: a text is not valid UTF-8")
    bad("trailing-text", raw("{}{}"), f"{header} 3: something follows the end of the value")
    bad("a-list", raw("[]"), "has a header that is not an object of tensors: found an empty list" + damaged)
    bad("nested-deep", raw("[" * 200), f"{header} 65: lists and objects are nested more than 64 deep")
    twice = '{"w":%s,"w":%s}' % ((json.dumps(w, separators=(",", ":")),) * 2)
    bad("duplicate-name", raw(twice, eight), f'{header} {twice.rindex("w")}: the key "w" occurs twice in one object',
        package_reads=True)
    bad("duplicate-field", raw(
        '{"w":{"dtype":"F32","dtype":"F16","shape":[2],"data_offsets":[0,8]}}', eight),
        f'{header} 21: the key "dtype" occurs twice in one object')
    bad("metadata-number", raw({"__metadata__": {"step": 1}}), "has a '__metadata__' whose 'step' is not"
        " a text: found 1" + damaged)
    bad("metadata-text", raw({"__metadata__": "pt"}), "has a '__metadata__' that is not an object of"
        ' texts: found the text "pt"' + damaged)
    bad("entry-number", raw({"w": 1}), "describes tensor 'w' wrongly: the entry is 1, needed an object"
        " with dtype, shape and data_offsets" + damaged)
    bad("no-dtype", raw({"w": {"shape": [2], "data_offsets": [0, 8]}}, eight), "describes tensor 'w'"
        " wrongly: dtype is missing, needed the name of a type" + damaged)
    bad("no-shape", raw({"w": {"dtype": "F32", "data_offsets": [0, 8]}}, eight), "describes tensor 'w'"
        " wrongly: shape is missing, needed a list of sizes from 0" + damaged)
    bad("no-offsets", raw({"w": {"dtype": "F32", "shape": [2]}}, eight), "describes tensor 'w' wrongly:"
        " data_offsets is missing, needed two offsets from 0" + damaged)
    bad("unknown-type", raw({"w": tensor("F31", [2], 0, 8)}, eight), "gives tensor 'w' the unknown type"
        f" 'F31'; the known ones are {types}")
    bad("negative-size", raw({"w": tensor("F32", [-2], 0, 8)}, eight), "describes tensor 'w' wrongly:"
        " shape is a list with -2, needed a list of sizes from 0" + damaged)
    bad("fractional-size", raw({"w": tensor("F32", [2.0], 0, 8)}, eight), "describes tensor 'w' wrongly:"
        " shape is a list with 2.0, needed a list of sizes from 0" + damaged)
    bad("three-offsets", raw('{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8,8]}}', eight),
        "describes tensor 'w' wrongly: data_offsets is a list of 3, needed two offsets from 0" + damaged)
    bad("negative-offset", raw({"w": tensor("F32", [2], -8, 0)}, eight), "describes tensor 'w' wrongly:"
        " data_offsets is a list with -8, needed two offsets from 0" + damaged)
    bad("huge-offset", raw({"w": tensor("F32", [2], 0, 2**64)}, eight), "describes tensor 'w' wrongly:"
        " data_offsets is a list with 1.8446744073709552e+19, needed two offsets from 0" + damaged)
    bad("reversed", raw({"w": tensor("F32", [2], 8, 0)}, eight), "lets tensor 'w' start at byte 8 and end"
        " at 0" + damaged)
    bad("shape-overflow", raw({"w": tensor("F32", [2**62, 4], 0, 8)}, eight), "gives tensor 'w' the shape"
        " [4611686018427387904, 4], more values of type F32 than a file can hold" + damaged)
    bad("shape-overflow-with-zero", raw({"w": tensor("F32", [2**62, 4, 0], 0, 0)}), "gives tensor 'w' the"
        " shape [4611686018427387904, 4, 0], more values of type F32 than a file can hold" + damaged)
    bad("partial-byte", raw({"w": tensor("F4", [3], 0, 1)}, b"\0"), "gives tensor 'w' the shape [3], and"
        " its values of type F4 end inside a byte" + damaged)
    bad("size-mismatch", raw({"w": tensor("F32", [3], 0, 8)}, eight), "gives tensor 'w' 8 bytes, and its"
        " shape [3] of type F32 needs 12" + damaged)
    bad("gap", raw({"a": tensor("F32", [1], 0, 4), "b": tensor("F32", [1], 8, 12)}, bytes(12)),
        "starts tensor 'b' at byte 8 of the data, and the tensor before it ends at 4" + damaged)
    bad("gap-at-start", raw({"w": tensor("F32", [1], 4, 8)}, eight), "starts tensor 'w' at byte 4 of the"
        " data, and the tensor before it ends at 0" + damaged)
    bad("overlap", raw({"a": w, "b": tensor("F32", [2], 4, 12)}, bytes(12)), "starts tensor 'b' at byte 4"
        " of the data, and the tensor before it ends at 8" + damaged)
    bad("same-bytes-twice", raw({"a": w, "b": w}, eight), "starts tensor 'b' at byte 0 of the data, and"
        " the tensor before it ends at 8" + damaged)
    bad("data-cut-off", raw({"w": w}, bytes(7)), "is cut off: its tensors need 8 bytes after the header,"
        " and the file has 7" + again)
    bad("data-left-over", raw({"w": w}, bytes(9)), "has 9 bytes after the header, and its tensors are"
        " 8" + damaged)
    bad("forged-message", raw({"w\n\x1b[31m\u202egnp": tensor("F31", [2], 0, 8)}, eight), "gives tensor"
        " 'w\\u{A}\\u{1B}[31m\\u{202E}gnp' the unknown type 'F31'; the known ones are " + types)


if __name__ == "__main__":
    shutil.rmtree(FOLDER, ignore_errors=True)
    (FOLDER / "good").mkdir(parents=True)
    (FOLDER / "bad").mkdir()
    make_good()
    make_bad()
