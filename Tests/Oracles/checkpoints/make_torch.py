"""Makes Formats/torch/golden: small files of torch.save with their tensors as text beside each, and files that
are refused, each with the exact message beside it.

    pip install numpy torch==2.15
    python Tests/Oracles/checkpoints/make_torch.py

What the good files hold is what torch.load finds in them (weights_only=False: they were made here). None of the bad ones is ever unpickled here.
"""
import collections
import io
import pathlib
import pickle
import shutil
import struct
import zipfile

import torch

import listing
from pickles import BAD, STORAGE, state, tensor, text

FOLDER = pathlib.Path(__file__).parents[3] / "Formats/torch/golden"


def saved(value, **options):
    target = io.BytesIO()
    torch.save(value, target, **options)
    return target.getvalue()


def good(name, content, tensors=None, end="bin"):
    path = FOLDER / "good" / f"{name}.{end}"
    path.write_bytes(content)
    if tensors is None:
        tensors = torch.load(io.BytesIO(content), weights_only=False)
    listing.write(path, [
        listing.line(key, str(value.dtype)[6:], value.shape,
                     value.detach().float().numpy() if value.is_floating_point() else None)
        for key, value in tensors.items() if isinstance(value, torch.Tensor)])


def bad(name, content, message):
    path = FOLDER / "bad" / f"{name}.bin"
    path.write_bytes(content)
    path.with_suffix(".txt").write_text(f"'{name}.bin' {message}\n")


def rezipped(content, method=zipfile.ZIP_STORED, change=None):
    """The archive with other compression, its entries changed by `change(name, bytes)`."""
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        entries = [(name, file.read(name)) for name in file.namelist()]
    if change:
        entries = [(name, change(name, data)) for name, data in entries]
    return listing.archive(entries, method)


def make_good():
    torch.manual_seed(3)
    matrix = torch.tensor([[0, -0.0, 1.5], [-2.25, 3.4e38, 1e-40]])
    simple = {"weight": matrix, "bias": torch.tensor([1.0, 2.0])}
    good("plain", saved(simple))
    good("protocol-4", saved(simple, pickle_protocol=4), end="pt")
    good("protocol-5", saved(simple, pickle_protocol=5), end="pth")
    good("legacy", saved(simple, _use_new_zipfile_serialization=False))
    types = {
        "f16": matrix.half(), "bf16": matrix.bfloat16(), "f64": torch.tensor([0.1, 1e-300, -7.0], dtype=torch.float64),
        "i64": torch.arange(4), "i32": torch.arange(3, dtype=torch.int32), "i16": torch.zeros(2, dtype=torch.int16),
        "i8": torch.zeros(3, dtype=torch.int8), "u8": torch.ones(5, dtype=torch.uint8), "bool": torch.tensor([True, False]),
        "scalar": torch.tensor(7.5), "none": torch.zeros(0, 3)}
    good("types", saved(types))
    good("types-legacy", saved(types, _use_new_zipfile_serialization=False))
    base = torch.arange(24, dtype=torch.float32)
    views = {
        "base": base, "tied": base, "part": base[5:11], "transposed": base.view(4, 6).t(), "columns": base.view(4, 6)[:, 1:4],
        "every-other": base[::2], "cube": base.view(2, 3, 4).permute(2, 0, 1), "wide": torch.arange(2400.0).view(40, 60).t()[::7]}
    good("views", saved(views))
    good("views-legacy", saved(views, _use_new_zipfile_serialization=False))
    good("parameters", saved({"w": torch.nn.Parameter(matrix), "b": torch.nn.Parameter(torch.ones(2), requires_grad=False)}))
    module = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.LayerNorm(2))
    good("module", saved(module.state_dict()))
    good("nested", saved({"epoch": 3, "loss": 0.25, "best": None, "done": True, "history": [1, 2.5, "a"], "shape": matrix.shape,
                          "type": torch.float16, "large": 2**70, "negative": -3, "optimizer": {"step": torch.tensor(9.0)},
                          "state_dict": simple}), simple)
    good("nested-twice", saved({"model": {"module": collections.OrderedDict(simple)}}), simple)
    good("loss-beside", saved({"epoch": 1, "loss": torch.tensor(0.5), "model_state_dict": simple}), simple)
    good("model-is-configuration", saved({"model": {"type": "bert"}, "weights": simple}), simple)
    good("no-tensors-beside", saved({**simple, "note": "kept beside", "number": 4}))
    good("deflated", rezipped(saved(views), zipfile.ZIP_DEFLATED))
    swapped = rezipped(saved(simple), change=lambda name, data: b"big" if name.endswith("byteorder") else
                       b"".join(data[i:i + 4][::-1] for i in range(0, len(data), 4)) if "/data/" in name else data)
    good("big-endian", swapped)
    # Zip64 records for small sizes, as a writer that does not know them beforehand makes them.
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(saved(simple))) as file, zipfile.ZipFile(target, "w") as wide:
        for name in file.namelist():
            with wide.open(zipfile.ZipInfo(name), "w", force_zip64=True) as entry:
                entry.write(file.read(name))
    good("zip64", target.getvalue())


def packed(content, *entries):
    """A zip file of torch.save's layout with `content` as its pickle."""
    return listing.archive([("archive/data.pkl", content), ("archive/byteorder", b"little"), *entries])


def make_bad():
    eight = ("archive/data/0", struct.pack("<ff", 1, 2))
    again = "; copy or download the file again"
    save = "; save the model again"
    damaged = "; the file is damaged or was not written by torch.save, save the model again"
    weights = '`torch.save(model.state_dict(), "pytorch_model.bin")`'
    sound = packed(state(w=tensor()), eight)
    directory, end = sound.index(b"PK\1\2"), sound.index(b"PK\5\6")

    bad("empty", b"", f"is no file of torch.save: it is neither a zip archive nor starts with torch's magic number; save the"
        f" weights with {weights}")
    bad("git-lfs-pointer", b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n", "is a Git LFS pointer, not"
        " the weights; run `git lfs pull` in its folder, or download it")
    bad("bare-pickle", pickle.dumps({"w": 1}), f"is no file of torch.save: it is neither a zip archive nor starts with torch's"
        f" magic number; save the weights with {weights}")
    bad("tar", bytes(257) + b"ustar\0" + bytes(300), "is a tar archive, as torch before 0.1.11 wrote them; load it in Python"
        f" and save the weights again with {weights}")
    bad("torchscript", packed(b"\x80\x02}.", ("archive/constants.pkl", b"\x80\x02).")), "is a TorchScript program, not a file"
        f" of weights; load it in Python and save the weights with {weights}")
    bad("no-pickle", listing.archive([("archive/data/0", b"")]), "is a zip archive with 0 entries called data.pkl, and"
        " torch.save writes one" + damaged)
    bad("two-pickles", packed(state(w=tensor()), eight, ("other/data.pkl", b"\x80\x02}.")), "is a zip archive with 2 entries"
        " called data.pkl, and torch.save writes one" + damaged)
    bad("byte-order", listing.archive([("archive/data.pkl", state(w=tensor())), ("archive/byteorder", b"middle"), eight]),
        "has the byte order 'middle', allowed: little or big" + damaged)

    # The archive.
    bad("cut-off", sound[:-9], "is cut off or no zip archive: its end has no directory of entries" + again)
    bad("directory-beyond-end", listing.patched(sound, 16, 2**31, "<I", b"PK\5\6"), "has a damaged directory of entries: it"
        " does not fit the file" + again)
    bad("directory-too-short", listing.patched(sound, 10, 999, "<H", b"PK\5\6"), "has a damaged directory of entries: it is"
        " shorter than its entries" + again)
    bad("directory-one-entry-less", listing.patched(sound, 10, 2, "<H", b"PK\5\6"), "has a damaged directory of entries: its"
        " entries end early" + again)
    wide = struct.pack("<IQHHIIQQQQ", 0x06064B50, 44, 45, 45, 0, 0, 2**63, 2**63, end - directory, directory)
    locator = struct.pack("<IIQI", 0x07064B50, 0, end, 1)
    bad("entries-2-63", sound[:end] + wide + locator + sound[end:], "says it has 9223372036854775808 entries, and at most"
        " 131072 are allowed" + save)
    bad("locator-beyond-end", sound[:end] + struct.pack("<IIQI", 0x07064B50, 0, 2**64 - 1, 1) + sound[end:], "has a damaged"
        " directory of entries: the 64-bit end record is not where it is said to be" + again)
    bad("encrypted", listing.patched(sound, 8, 1), "has the encrypted entry 'archive/data.pkl'; unpack it and save the model"
        " without a password")
    bad("method-lzma", listing.patched(sound, 10, 14), "has the entry 'archive/data.pkl' compressed by method 14, and only 0"
        " (stored) and 8 (deflate) are read" + save)
    bad("headers-differ", listing.patched(sound, 30, ord("x"), "<B", b"PK\3\4"), "has a damaged entry 'archive/data.pkl': its"
        " two headers differ" + again)
    bad("entry-beyond-end", listing.patched(sound, 42, 2**31, "<I"), "has a damaged entry 'archive/data.pkl': it starts past"
        " the end of the file" + again)
    bad("sizes-differ", listing.patched(sound, 24, 5, "<I"), "has a damaged entry 'archive/data.pkl': it is stored, and its two"
        " sizes differ" + again)
    big = listing.patched(listing.patched(sound, 20, 2**31, "<I"), 24, 2**31, "<I")
    bad("size-beyond-directory", big, "has a damaged entry 'archive/data.pkl': its bytes go past the directory of entries" + again)
    bad("overlap", listing.patched(listing.patched(sound, 20, 150, "<I"), 24, 150, "<I"), "has the entries 'archive/data.pkl'"
        " and 'archive/byteorder' over the same bytes" + save)
    bad("duplicate-entry", packed(state(w=tensor()), eight, eight), "has two entries called 'archive/data/0'" + save)
    bad("name-not-utf8", sound.replace(b"archive/byteorder", b"archive/byte\xffrder"), "has an entry whose name is not UTF-8" + save)
    bomb = listing.archive([("archive/data.pkl", state(w=tensor(count=2**26, shape=(2**26,)))),
                            ("archive/data/0", bytes(2**18))], zipfile.ZIP_DEFLATED)
    bomb = listing.patched(bomb, 24, 2**28, "<I", which=1)
    bad("bomb", bomb, f"unfolds to {2**28 + len(state(w=tensor(count=2**26, shape=(2**26,))))} bytes, and"
        f" {2**26 + 20 * len(bomb)} are allowed for a file of its size; if you trust it, unpack it and pack it again without"
        " compression")
    deflated = listing.archive([("archive/data.pkl", state(w=tensor()))], zipfile.ZIP_DEFLATED)
    bad("stream-longer", listing.patched(deflated, 24, 9, "<I"), "has a damaged entry 'archive/data.pkl': it does not unfold to"
        " the 9 bytes its directory states" + again)
    bad("stream-shorter", listing.patched(deflated, 24, 999, "<I"), "has a damaged entry 'archive/data.pkl': it does not unfold"
        " to the 999 bytes its directory states" + again)
    bad("stream-checksum", listing.patched(deflated, 16, 0, "<I"), "has a damaged entry 'archive/data.pkl': its checksum is"
        " another" + again)
    start = deflated.index(b"archive/data.pkl") + 16
    bad("stream-broken", deflated[:start] + b"\xff" * 8 + deflated[start + 8:], "has a damaged entry 'archive/data.pkl': its"
        " compressed bytes cannot be read" + again)

    # The tensors.
    view = "; save it again after `tensor.contiguous()`"

    def views(name, message, **how):
        bad(name, packed(state(w=tensor(**how)), eight), f"describes tensor 'w' wrongly: {message}{view}")
    views("view-too-long", "its shape [3] needs 3 values, and its storage has 2", shape=(3,))
    views("view-beyond-storage", "it reaches element 2 of its storage, which has 2", offset=1)
    views("view-shape-2-63", "its shape [9223372036854775807, 2] is more than a file can hold", shape=(2**63 - 1, 2), stride=(1, 1))
    views("view-stride-2-63", "its strides [9223372036854775807] reach outside its storage", offset=1, stride=(2**63 - 1,))
    views("view-expanded", "it repeats one element, with the strides [0]", stride=(0,))
    views("view-expanded-to-2-40", "its shape [1099511627776] needs 1099511627776 values, and its storage has 2", shape=(2**40,), stride=(0,))
    bad("storage-missing", packed(state(w=tensor())), "has no usable storage for tensor 'w': the archive has no 'archive/data/0'" + damaged)
    bad("storage-of-other-size", packed(state(w=tensor(count=3)), eight), "has no usable storage for tensor 'w':"
        " 'archive/data/0' has 8 bytes, and 3 values of type F32 were needed" + damaged)
    bad("storage-2-62", packed(state(w=tensor(count=2**62, offset=2**61, shape=(1,))), eight), f"has no usable storage for tensor 'w': {2**62} values"
        " are more than a file can hold" + damaged)
    bad("storage-path", packed(state(w=tensor(key="../../etc/passwd")), eight), "has no usable storage for tensor 'w': the archive"
        " has no 'archive/data/../../etc/passwd'" + damaged)
    bad("same-name-twice", packed(b"\x80\x02}(" + (text("w") + tensor()) * 2 + b"u.", eight), "has two tensors called 'w'" + damaged)
    bad("name-a-number", packed(b"\x80\x02}(K\1" + tensor() + b"u.", eight), "has a tensor whose name is 1, needed a text" + damaged)
    bad("no-weights", packed(state(epoch=b"K\3", args=b"}")), "holds no weights: found a dictionary of 'epoch' and 'args', and no"
        " tensors in it or in 'state_dict', 'model_state_dict', 'model', 'module', 'net', 'network', 'weights' or 'params'; save"
        f" the weights alone with {weights}")
    bad("a-list", packed(b"\x80\x02]."), f"holds no weights: found a list; save the weights alone with {weights}")
    bad("a-tensor", packed(b"\x80\x02" + tensor() + b".", eight), f"holds no weights: found a tensor; save the weights alone with {weights}")

    # The legacy form.
    legacy = saved({"w": torch.tensor([1.0, 2.0])}, _use_new_zipfile_serialization=False)
    key = legacy.rindex(b"X", 0, len(legacy) - 20)
    name = legacy[key + 5:key + 5 + legacy[key + 1]].decode()
    bad("legacy-cut-off", legacy[:-1], f"is cut off or damaged: the storage '{name}' needs 8 bytes, and the file has 7 left" + damaged)
    bad("legacy-cut-off-in-pickle", legacy[:40], "is cut off: its pickle ends at byte 40; the file is damaged or was not written by torch.save")
    bad("legacy-longer", legacy + b"\0", "is cut off or damaged: 1 bytes follow the last storage" + damaged)
    bad("legacy-other-count", legacy[:-16] + struct.pack("<q", 2**62) + legacy[-8:], f"is cut off or damaged: the storage '{name}'"
        f" has 4611686018427387904 elements, described as 2" + damaged)
    bad("legacy-version", legacy[:16] + legacy[16:].replace(b"M\xe9\x03", b"M\xea\x03", 1), "has the version 1002 of torch's format, and 1001 is read" + damaged)

    for name, content, message in BAD:
        bad("pickle-" + name, packed(content, eight), message)
    # The pickles before the state in the legacy form are looked at the same way.
    magic = legacy[:legacy.index(b"M\xe9\x03") - 2]
    bad("legacy-code", magic + b"\x80\x02cposix\nsystem\nX\x02\0\0\0id\x85R.", BAD[0][2].replace("byte 2", f"byte {len(magic) + 2}"))


if __name__ == "__main__":
    shutil.rmtree(FOLDER, ignore_errors=True)
    (FOLDER / "good").mkdir(parents=True)
    (FOLDER / "bad").mkdir()
    make_good()
    make_bad()
