"""Makes Formats/npz/golden: small .npz files with their arrays as text beside each, and files that are refused,
each with the exact message beside it.

    pip install numpy==2.4
    python Tests/Oracles/checkpoints/make_npz.py
"""
import io
import pathlib
import shutil
import struct
import zipfile

import numpy

import listing

FOLDER = pathlib.Path(__file__).parents[3] / "Formats/npz/golden"


def good(name, save, **arrays):
    target = io.BytesIO()
    save(target, **arrays)
    path = FOLDER / "good" / f"{name}.npz"
    path.write_bytes(target.getvalue())
    with numpy.load(path) as found:
        listing.write(path, [
            listing.line(key, found[key].dtype.name, found[key].shape,
                         found[key] if found[key].dtype.kind == "f" else None) for key in found.files])


def bad(name, content, message):
    path = FOLDER / "bad" / f"{name}.npz"
    path.write_bytes(content)
    path.with_suffix(".txt").write_text(f"'{name}.npz' {message}\n")


def array(header, data=bytes(8), version=(1, 0), length=None):
    header = header.encode() if isinstance(header, str) else header
    kind = "<H" if version[0] == 1 else "<I"
    return b"\x93NUMPY" + bytes(version) + struct.pack(kind, len(header) if length is None else length) + header + data


def archive(content, name="w.npy", method=zipfile.ZIP_STORED):
    return listing.archive([(name, content)], method)


def make_good():
    matrix = numpy.array([[0, -0.0, 1.5], [-2.25, 3.4e38, 1e-40]], numpy.float32)
    every = {
        "f4": matrix, "f2": matrix.astype("f2"), "f8": numpy.array([0.1, 1e-300, -7.0]), "i8": numpy.arange(3),
        "i4": numpy.arange(3, dtype="i4"), "i2": numpy.arange(2, dtype="i2"), "i1": numpy.arange(2, dtype="i1"),
        "u1": numpy.arange(2, dtype="u1"), "u2": numpy.arange(2, dtype="u2"), "u4": numpy.arange(2, dtype="u4"),
        "u8": numpy.arange(2, dtype="u8"), "bool": numpy.array([True]), "c8": numpy.zeros(2, "c8"),
        "scalar": numpy.float32(7.5), "none": numpy.zeros((0, 3), "f4")}
    good("types", numpy.savez, **every)
    good("compressed", numpy.savez_compressed, **every)
    cube = numpy.arange(24, dtype="f4").reshape(2, 3, 4)
    good("orders", numpy.savez, fortran=numpy.asfortranarray(matrix), transposed=numpy.arange(2400, dtype="f4").reshape(40, 60).T,
         cube=numpy.asfortranarray(cube), big=matrix.astype(">f4"), big_half=matrix.astype(">f2"), big_double=numpy.array([0.1], ">f8"),
         big_fortran=numpy.asfortranarray(matrix.astype(">f4")))
    good("names", numpy.savez, **{"mobilebert.embeddings.LayerNorm.weight": matrix[0], "café": matrix[1], "a b": matrix})
    good("long-header", numpy.savez, deep=numpy.ones((1,) * 40, "f4"))


def make_bad():
    save = "; save the weights again with `numpy.savez(path, **arrays)`"
    again = "; copy or download the file again"
    sound = "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }"

    def header(name, text, problem, **how):
        bad(name, archive(array(text, **how)), f"has a damaged array 'w': {problem}{save}")

    def syntax(name, text, at):
        header(name, text, f"its header is not understood, it cannot be read at '{at}'")

    bad("empty", b"", "is no .npz file: it is no zip archive" + save)
    bad("array-alone", array(sound), "is no .npz file: it is no zip archive" + save)
    bad("no-arrays", listing.archive([]), "is an .npz file without arrays" + save)
    bad("cut-off", archive(array(sound))[:-5], "is cut off or no zip archive: its end has no directory of entries" + again)
    bad("other-entry", archive(b"", "w.txt"), "has the entry 'w.txt', and an .npz file holds only .npy arrays" + save)
    bad("twice", listing.archive([("w.npy", array(sound))] * 2), "has two entries called 'w.npy'; save the model again")
    stored = archive(array(sound))
    bad("checksum", stored.replace(bytes(8) + b"PK\1\2", bytes(7) + b"\1PK\1\2"), "has a damaged entry 'w.npy': its checksum is another" + again)
    bomb = listing.patched(archive(bytes(2**16), method=zipfile.ZIP_DEFLATED), 24, 2**27, "<I")
    bad("bomb", bomb, f"unfolds to {2**27} bytes, and {2**26 + 20 * len(bomb)} are allowed for a file of its size; if you trust it,"
        " unpack it and pack it again without compression")
    bad("magic", archive(b"NUMPY" + bytes(20)), f"has a damaged array 'w': it does not start as a .npy array does{save}")
    header("version-4", sound, "its version is 4.0, and 1.0 to 3.0 are read", version=(4, 0))
    header("header-cut-off", sound, "its header is cut off", length=999)
    header("header-2-32", sound, "its header has 4294967295 bytes, and at most 65536 are allowed", version=(2, 0), length=2**32 - 1)
    header("not-utf8", b"{'descr': '\xff'}", "its header is not understood, it is not UTF-8")
    header("objects", sound.replace("<f4", "|O"), "it holds Python objects (a pickle), which are not read")
    header("record", sound.replace("'<f4'", "[('a', '<f4')]"), "its type is a record, which is no number mbq knows")
    header("bytes", sound.replace("<f4", "|V2"), "its type is '|V2', which is no number mbq knows")
    header("text", sound.replace("<f4", "<U9"), "its type is '<U9', which is no number mbq knows")
    header("quad", sound.replace("<f4", "<f16"), "its type is '<f16', which is no number mbq knows")
    header("no-shape", "{'descr': '<f4', 'fortran_order': False}", "its header is not understood, its keys are 'descr' and 'fortran_order'")
    header("shape-twice", "{'descr': '<f4', 'shape': (2,), 'fortran_order': False, 'shape': (2,)}", "its header is not understood, its"
           " keys are 'descr', 'shape', 'fortran_order' and 'shape'")
    header("order-a-number", sound.replace("False", "'no'"), "its header is not understood, fortran_order has no such value")
    header("65-dimensions", sound.replace("(2,)", "(" + "1," * 65 + ")"), "its header is not understood, it has 65 dimensions")
    syntax("a-call", "__import__('os').system('id')", "__import__('os').system(")
    syntax("call-inside", sound.replace("(2,)", "(open('x'),)"), "open('x'),), }")
    syntax("negative", sound.replace("(2,)", "(-2,)"), "-2,), }")
    syntax("huge", sound.replace("(2,)", f"({2**63},)"), f"{2**63},), }}")
    syntax("more-behind", sound + "; import os", "; import os")
    syntax("no-end", sound[:-1], "")
    size = "has a damaged array 'w': its shape"
    bad("too-short", archive(array(sound, bytes(7))), f"{size} [2] of type F32 needs 8 bytes, and it has 7{save}")
    bad("too-long", archive(array(sound, bytes(9))), f"{size} [2] of type F32 needs 8 bytes, and it has 9{save}")
    bad("overflow", archive(array(sound.replace("(2,)", f"({2**62}, 4)"))), f"{size} [{2**62}, 4] of type F32 is more than a file can hold{save}")


if __name__ == "__main__":
    shutil.rmtree(FOLDER, ignore_errors=True)
    (FOLDER / "good").mkdir(parents=True)
    (FOLDER / "bad").mkdir()
    make_good()
    make_bad()
