"""Makes Formats/tensorflow/golden/bad: small checkpoints that are refused, each with the exact message
beside it.

    pip install numpy tensorflow-cpu==2.21.0 cramjam
    python Tests/Oracles/checkpoints/make_tensorflow_bad.py

The script prints what TensorFlow does with each, and fails if it reads one that is not marked.
"""
import os
import pathlib
import shutil

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import cramjam
import numpy
import tensorflow as tf

from tensorflow_table import (
    block, crc32c, entry, field, footer, handle, header, item, sealed, table, varint)

FOLDER = pathlib.Path(__file__).parents[3] / "Formats/tensorflow/golden"
DATA = "data-00000-of-00001"
AGAIN = "; copy or download the file again"
DAMAGED = "; the file is damaged or was not written by TensorFlow, save it again"
EIGHT = numpy.array([1.5, -2], numpy.float32).tobytes()


surprises = []


def tensorflow_reads(prefix):
    """What TensorFlow does with a checkpoint, tried in a process of its own."""
    child = os.fork()
    if child == 0:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        try:
            reader = tf.train.load_checkpoint(prefix)
            for variable in reader.get_variable_to_shape_map():
                reader.get_tensor(variable)
        except BaseException:
            os._exit(1)
        os._exit(0)
    status = os.waitpid(child, 0)[1]
    return {0: "reads it", 1: "refuses it"}.get(os.waitstatus_to_exitcode(status), "CRASHES")


def bad(name, index, message, data=EIGHT, in_data=False, tensorflow=False):
    """A refused checkpoint; `in_data` if the message is about the file of values."""
    path = FOLDER / "bad" / name
    path.with_name(f"{name}.index").write_bytes(index)
    if data is not None:
        path.with_name(f"{name}.{DATA}").write_bytes(data)
    found = tensorflow_reads(str(path))
    print(f"{name}: TensorFlow {found}")
    if (found == "reads it") != tensorflow:
        surprises.append(name)
    file = f"{name}.{DATA}" if in_data else f"{name}.index"
    path.with_name(f"{name}.txt").write_text(f"'{file}' {message}\n")


def one(name=b"w", **more):
    """An entry of two floats, with some fields another way."""
    fields = {"dtype": 1, "sizes": (2,), "offset": 0, "size": 8, "checksum": crc32c(EIGHT)} | more
    return name, entry(**fields)


def of(*entries, first=(b"", header()), **more):
    return table([[first, *entries]], **more)


def hexadecimal(value, digits=8):
    return f"0x{value:0{digits}x}"


def make_bad_tables():
    plain = of(one())
    contents = block([(b"", header()), one()])
    length = len(contents)
    first = "is damaged in the block at byte 0: found"
    entry_of = "is damaged in the entry at byte {} of the block at byte 0: found"

    bad("empty", b"", f"has 0 bytes, and the index of a TensorFlow checkpoint has at least 74{AGAIN}")
    bad("git-lfs-pointer", b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n",
        "is a Git LFS pointer, not the checkpoint; run `git lfs pull` in its folder, or download it")
    bad("cut-off", plain[:-1], f"ends in {hexadecimal(int.from_bytes(plain[-9:-1], 'little'), 16)}, and the"
        " index of a TensorFlow checkpoint in 0xdb4775248b80fb57; it is cut off or something else: name the"
        " file that ends in .index, or copy it again")
    bad("footer-not-zero", of(one(), tail=lambda m, i: footer(handle(*m), handle(*i), padding=b"x")),
        f"is damaged in the footer: found other bytes, needed offset and size of two blocks, then zeros{AGAIN}",
        tensorflow=True)
    bad("footer-varint", of(one(), tail=lambda m, i: footer(b"\xff" * 20, b"\xff" * 20)),
        f"is damaged in the footer: found other bytes, needed offset and size of two blocks, then zeros{AGAIN}")
    start = len(plain) - 48
    for name, place in (("index-far-outside", (2**62, 10)), ("index-overflow", (2**63 - 1, 2**63 - 1)),
                        ("index-too-short", None)):
        def tail(meta, index, place=place):
            return footer(handle(*meta), handle(*(place or (index[0], index[1] - 1))))
        changed = of(one(), tail=tail)
        meta_end = length + 18
        found = place or (meta_end, start - meta_end - 6)
        bad(name, changed, f"is damaged in the footer: found an index block of {found[1]} bytes at byte"
            f" {found[0]}, needed one that ends at byte {start}{AGAIN}")
    bad("metaindex-is-the-index", of(one(), tail=lambda m, i: footer(handle(*i), handle(*i))),
        f"is damaged in the footer: found a metaindex of {start - meta_end - 5} bytes at byte {meta_end}, needed"
        f" one that ends at byte {meta_end}{AGAIN}", tensorflow=True)
    bad("metaindex-with-entries", of(one(), metaindex=block([(b"filter", b"x")])),
        f"is damaged in the metaindex at byte {length + 5}: found entries, needed none{AGAIN}", tensorflow=True)
    bad("a-gap-before-the-metaindex", contents_and_gap(contents),
        f"is damaged in the metaindex at byte {length + 8}: found its start at byte {length + 8}, needed"
        f" {length + 5}, where the last block of entries ends{AGAIN}", tensorflow=True)
    for name, place in (("block-outside", (0, 2**40)), ("block-elsewhere", (1, length)),
                        ("block-overflow", (0, 2**63 - 1))):
        bad(name, of(one(), handles=[handle(*place)]),
            f"is damaged in the entry at byte 0 of the index block at byte {length + 18}: found a block of"
            f" {place[1]} bytes at byte {place[0]}, needed one that starts at byte 0 and ends before the"
            f" metaindex at {length + 5}{AGAIN}")
    two = table([[(b"", header())], [one()]], handles=[handle(0, len(block([(b"", header())])))] * 2)
    second = len(block([(b"", header())])) + 5
    both = second + len(block([one()])) + 5
    bad("blocks-twice-the-same", two,
        f"is damaged in the entry at byte 5 of the index block at byte {both + 13}: found a block of"
        f" {second - 5} bytes at byte 0, needed one that starts at byte {second} and ends before the metaindex"
        f" at {both}{AGAIN}")
    bad("block-handle-cut", of(one(), handles=[b"\0"]),
        f"is damaged in the entry at byte 0 of the index block at byte {length + 18}: found no place of a"
        f" block, needed an offset and a size{AGAIN}")
    bad("block-handle-more", of(one(), handles=[handle(0, length) + b"\0"]),
        f"is damaged in the entry at byte 0 of the index block at byte {length + 18}: found no place of a"
        f" block, needed an offset and a size{AGAIN}", tensorflow=True)
    flipped = bytearray(plain)
    flipped[6] ^= 1
    bad("block-checksum", bytes(flipped), f"is damaged in the block at byte 0: its CRC-32C is"
        f" {hexadecimal(crc32c(bytes(flipped[:length + 1])))}, and"
        f" {hexadecimal(crc32c(plain[:length + 1]))} is stored{AGAIN}")
    bad("compression-7", of(one(), kind=7), "compresses the block at byte 0 by method 7, and only 0 (none) and"
        " 1 (Snappy) are read; save it again with tf.train.Saver or tf.train.Checkpoint")
    packed = bytes(cramjam.snappy.compress_raw(contents))
    for name, changed in (("snappy-cut", packed[:-1]), ("snappy-bomb", varint(2**40) + b"\xfe\x01\x00" * 8),
                          ("snappy-before-the-start", varint(8) + b"\x00x" + b"\x0d\x02"),
                          ("snappy-longer-than-said", varint(8) + b"\x00x" + b"\x1d\x01")):
        bad(name, of(one(), kind=1, compress=lambda b, changed=changed: changed),
            f"{first} bytes that Snappy cannot decompress, needed at most 67108864 compressed by it{AGAIN}")

    bad("block-of-two-bytes", table([b"\0\0"], separators=[b"w"]), f"{first} 2 bytes, needed at least 8{AGAIN}")
    for count in (0, 3, 2**32 - 1):
        changed = block([(b"", header())])[:-4] + count.to_bytes(4, "little")
        bad(f"restarts-{count}", table([changed], separators=[b"w"]), f"{first} {count} restart offsets, needed"
            f" from 1 to {(len(changed) - 4) // 4}, as its {len(changed)} bytes have room for{AGAIN}"
            if count != 3 else f"{entry_of.format(0)} lengths that exceed it, needed shorter ones{AGAIN}")
    for name, offsets in (("restart-inside-an-entry", [0, 1]), ("restart-outside", [0, 2**32 - 1]),
                          ("restarts-descend", [0, 0]), ("restart-not-at-the-start", [5])):
        changed = block([(b"", header()), one()], restarts=offsets)
        bad(name, table([changed], separators=[b"w"]),
            f"{first} the restart offset {offsets[-1]}, needed ascending ones, each at the start of an"
            f" entry{AGAIN}", tensorflow=name == "restarts-descend")
    head = item(0, b"", header())
    name, value = one()
    size = len(head)
    bad("restart-shares", table([block([(b"", header())], restarts=[])[:-4] + item(0, b"v", value) + item(
        1, b"w", value) + b"".join(n.to_bytes(4, "little") for n in (0, size, size + len(value) + 4, 3))],
        separators=[b"w"]), f"{entry_of.format(size + len(value) + 4)} 1 bytes in common with the key before it,"
        f" needed 0, as it is a restart{AGAIN}")

    def raw(*items):
        return table([head + b"".join(items) + bytes(4) + b"\1\0\0\0"], separators=[b"w"])

    bad("shares-more-than-there-is", raw(item(1, b"w", value)), f"{entry_of.format(size)} 1 bytes in common"
        f" with the key before it, needed at most its 0{AGAIN}", tensorflow=True)
    bad("key-beyond-the-block", raw(varint(0) + varint(2**40) + varint(1) + b"w"),
        f"{entry_of.format(size)} lengths that exceed it, needed shorter ones{AGAIN}", tensorflow=True)
    bad("value-beyond-the-block", raw(varint(0) + varint(1) + varint(2**63 - 1) + b"w"),
        f"{entry_of.format(size)} lengths that exceed it, needed shorter ones{AGAIN}", tensorflow=True)
    bad("varint-endless", raw(b"\xff" * 30),
        f"{entry_of.format(size)} lengths that exceed it, needed shorter ones{AGAIN}", tensorflow=True)
    bad("no-blocks", table([]), f"is damaged in the file: found no entries, needed a header under the empty"
        f" key{AGAIN}")
    bad("block-without-entries", table([block([])], separators=[b"w"]),
        f"{first} no entries, needed at least one{AGAIN}")
    bad("name-twice", of(one(), one()), f"lists 'w' after 'w', and names must ascend{DAMAGED}",
        tensorflow=True)
    bad("names-descend", of(one(), one(b"v")), f"lists 'v' after 'w', and names must ascend{DAMAGED}")
    bad("blocks-descend", table([[(b"", header()), one()], [one(b"v")]]),
        f"lists 'v' after 'w', and names must ascend{DAMAGED}")
    bad("separator-too-small", of(one(), separators=[b"a"]), f"is damaged in the entry at byte 0 of the index"
        f" block at byte {length + 18}: found the key 'a', needed none before the block's last, 'w'{AGAIN}")
    bad("separator-too-large", table([[(b"", header()), one(b"v")], [one()]], separators=[b"x", b"y"]),
        f"lists 'w' after 'x', and names must ascend{DAMAGED}", tensorflow=True)
    long = b"a" * 4097
    bad("name-of-4097-bytes", of(one(long)), f"has a name of 4097 bytes, and at most 4096 are allowed{DAMAGED}",
        tensorflow=True)
    bad("name-grows-to-gigabytes", table([head + item(0, b"a" * 4096, value) + item(
        4096, b"b", value) + bytes(4) + b"\1\0\0\0"], separators=[b"w"]),
        f"has a name of 4097 bytes, and at most 4096 are allowed{DAMAGED}", tensorflow=True)
    bad("name-not-utf8", of(one(b"\xff")), f"{entry_of.format(size)} a name that is not UTF-8, needed"
        f" UTF-8{AGAIN}")
    large = one(more=field(9, bytes(20000)))
    bad("value-of-20000-bytes", of(large),
        f"{entry_of.format(size)} a value of {len(large[1])} bytes, needed at most 16384{AGAIN}", tensorflow=True)


def contents_and_gap(contents):
    """Three bytes between the block of entries and the metaindex."""
    result = sealed(contents) + b"gap"
    meta, index = block([]), block([(b"w", handle(0, len(contents)))], interval=1)
    places = (len(result), len(meta)), (len(result) + len(meta) + 5, len(index))
    return result + sealed(meta) + sealed(index) + footer(handle(*places[0]), handle(*places[1]))


def make_bad_messages():
    head = "has a header that cannot be read:"
    w = "describes tensor 'w' wrongly:"
    bad("no-header", table([[one()]]), f"{head} the first key is 'w', needed the empty one{DAMAGED}", tensorflow=True)
    bad("header-not-a-message", of(one(), first=(b"", b"\xff")),
        f"{head} the value is no BundleHeaderProto, needed one in the wire format{DAMAGED}")
    for shards, shown in ((0, 0), (-1, -1), (100000, 100000)):
        bad(f"shards-{shards}", of(one(), first=(b"", header(shards))),
            f"{head} num_shards is {shown}, needed from 1 to 99999{DAMAGED}")
    bad("endianness-2", of(one(), first=(b"", header(endianness=2))),
        f"{head} endianness is 2, needed 0 (little) or 1 (big){DAMAGED}", tensorflow=True)
    bad("version-negative", of(one(), first=(b"", header(version=field(1, -1)))),
        f"{head} version.producer is -1, needed from 0{DAMAGED}")
    for name, version in (("from-the-future", field(1, 9) + field(2, 2)),
                          ("not-for-this-version", field(1, 9) + field(3, varint(1)))):
        bad(name, of(one(), first=(b"", header(version=version))),
            "asks for a reader of version 2 or later of the checkpoint format, and this is version 1; save it"
            " again with TensorFlow 2.21 or older")
    bad("entry-not-a-message", of((b"w", b"\x0a\x7f")),
        f"{w} the value is no BundleEntryProto, needed one in the wire format{DAMAGED}")
    bad("type-0", of(one(dtype=0)), f"gives tensor 'w' the unknown type 0{DAMAGED}")
    bad("type-1000", of(one(dtype=1000)), f"gives tensor 'w' the unknown type 1000{DAMAGED}")
    bad("shard-1-of-1", of(one(shard=1)), f"{w} shard_id is 1, needed from 0 to 0{DAMAGED}")
    bad("shard-negative", of(one(shard=-1)), f"{w} shard_id is -1, needed from 0 to 0{DAMAGED}")
    bad("shard-missing", of(one()), f"needs 'shard-missing.{DATA}' beside it, and there is no such file; copy"
        " all files of the checkpoint", data=None)
    bad("offset-negative", of(one(offset=-8)), f"{w} offset is -8, needed from 0{DAMAGED}")
    bad("size-negative", of(one(size=-8)), f"{w} size is -8, needed from 0, and an end that fits 63 bits{DAMAGED}")
    bad("end-overflows", of(one(offset=2**63 - 4)), f"{w} size is 8, needed from 0, and an end that fits 63"
        f" bits{DAMAGED}")
    bad("rank-unknown", of(one(raw_shape=field(3, 1))), f"{w} shape is of unknown rank, needed a list of"
        f" sizes{DAMAGED}")
    bad("dimension-unknown", of(one(sizes=(-1,))), f"{w} shape is a list with -1, needed sizes from 0{DAMAGED}")
    bad("dimension-negative", of(one(sizes=(-2**63,))), f"{w} shape is a list with -9223372036854775808, needed"
        f" sizes from 0{DAMAGED}")
    bad("rank-255", of(one(sizes=(1,) * 255)), f"{w} shape is a list of 255, needed at most 254 sizes{DAMAGED}")
    bad("shape-overflow", of(one(sizes=(2**62, 4))), "gives tensor 'w' the shape [4611686018427387904, 4], more"
        f" values of type F32 than a file can hold{DAMAGED}")
    bad("shape-overflow-with-zero", of(one(sizes=(2**62, 4, 0), size=0, checksum=crc32c(b""))),
        "gives tensor 'w' the shape [4611686018427387904, 4, 0], more values of type F32 than a file can"
        f" hold{DAMAGED}")
    bad("size-mismatch", of(one(sizes=(3,))), "gives tensor 'w' 8 bytes, and its shape [3] of type F32 needs"
        f" 12{DAMAGED}")
    part = field(7, field(1, field(1, 0) + field(2, 1)))
    bad("partitioned", of((b"\0\1w", one()[1]), one(size=0, more=part * 2)), "stores tensor 'w' in 2 parts, and"
        " only whole tensors are read; join them in Python: read each variable with `tf.train.load_variable` and"
        " save it again with `tf.train.Checkpoint`", tensorflow=False)
    bad("part-of-nothing", of((b"\0\1w", one()[1])), "describes tensor '\\u{0}\\u{1}w' wrongly: the name is that"
        f" of a part of a tensor, needed such a tensor{DAMAGED}", tensorflow=True)
    bad("overlap", of(one(b"a"), one(offset=4)), f"starts tensor 'w' at byte 4 of 'overlap.{DATA}', and 'a' ends at"
        f" 8{DAMAGED}", data=EIGHT + EIGHT)
    bad("same-bytes-twice", of(one(b"a"), one()), f"starts tensor 'w' at byte 0 of 'same-bytes-twice.{DATA}', and"
        f" 'a' ends at 8{DAMAGED}", tensorflow=True)
    bad("values-cut-off", of(one()), f"is cut off: tensor 'w' needs bytes 0 to 8, and the file has 7{AGAIN}",
        data=EIGHT[:7], in_data=True)
    bad("values-none", of(one()), f"is cut off: tensor 'w' needs bytes 0 to 8, and the file has 0{AGAIN}",
        data=b"", in_data=True)
    bad("values-far-outside", of(one(offset=2**62)), "is cut off: tensor 'w' needs bytes 4611686018427387904 to"
        f" 4611686018427387912, and the file has 8{AGAIN}", in_data=True)
    bad("text-far-outside", of(one(dtype=7, offset=2**62)), "is cut off: tensor 'w' needs bytes"
        f" 4611686018427387904 to 4611686018427387912, and the file has 8{AGAIN}", in_data=True)
    changed = bytes([EIGHT[0] ^ 1]) + EIGHT[1:]
    bad("values-changed", of(one()), f"is damaged in tensor 'w': its CRC-32C is {hexadecimal(crc32c(changed))}, and"
        f" the index says {hexadecimal(crc32c(EIGHT))}{AGAIN}, or another file of the checkpoint", data=changed,
        in_data=True)
    bad("forged-message", of(one(b"w\n\x1b[31m\xe2\x80\xaegnp", dtype=1000)),
        f"gives tensor 'w\\u{{A}}\\u{{1B}}[31m\\u{{202E}}gnp' the unknown type 1000{DAMAGED}")
    names = b"bert/a/FakeLayerNorm/gamma", b"bert/a/LayerNorm/gamma"
    bad("two-of-one-name", of(one(names[0]), one(names[1], offset=8)), "variables", data=EIGHT * 2,
        tensorflow=True)
    (FOLDER / "bad/two-of-one-name.txt").write_text(
        f"'two-of-one-name.index': the variables '{names[0].decode()}' and '{names[1].decode()}' are both"
        " 'mobilebert.a.LayerNorm.weight' in Hugging Face's names; save the model without the other variables\n")


if __name__ == "__main__":
    shutil.rmtree(FOLDER / "bad", ignore_errors=True)
    (FOLDER / "bad").mkdir(parents=True)
    make_bad_tables()
    make_bad_messages()
    assert not surprises, surprises
