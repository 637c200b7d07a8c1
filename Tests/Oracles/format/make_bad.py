"""Makes Formats/mbq/golden/bad: files that are refused, each with the exact message beside it.

    python3 Tests/Oracles/format/make_bad.py

Every file is a good one (old/int8-1.0.mbq, or one of version 1.2 for what is new there) with one thing changed and, unless the checksums are what is wrong, with all
checksums right. The format is implemented in container.py on its own; the messages are written out here.
Formats/mbq/abuse.md lists the attempts; each has a file here or a test in Tests/MBQFormatTests.
"""
import math
import pathlib
import shutil
import struct
import sys
import zlib

from container import KINDS, NONE, File, sealed

GOLDEN = pathlib.Path(__file__).parents[3] / "Formats/mbq/golden"
# What an old version wrote does not change with the writer, so these files do not either.
GOOD = (GOLDEN / "old/int8-1.0.mbq").read_bytes()
INT4 = (GOLDEN / "old/int4-1.2.mbq").read_bytes()
INT3 = (GOLDEN / "old/int3-1.4.mbq").read_bytes()
INT2 = (GOLDEN / "old/int2-1.4.mbq").read_bytes()
STATIC = (GOLDEN / "old/int8-static-1.2.mbq").read_bytes()
FITTING = "operands and tensors that fit each other"
LONG = dict(CONF="configuration", LABL="labels", TOKN="tokenizer", VOCA="vocabulary", BUFS="buffers",
            OPER="operations", TENS="tensors", WIGT="weights", NAME="names", GOLD="golden vectors",
            PROV="provenance")
made = set()


def bad(name, data, message):
    assert name not in made, name
    made.add(name)
    (GOLDEN / f"bad/{name}.mbq").write_bytes(data)
    (GOLDEN / f"bad/{name}.txt").write_text(f"x.mbq: {message}\n")


def invalid(name, data, field, found, allowed):
    bad(name, data, f"{field} is {found}, allowed: {allowed}; the file is altered or was not written by mbq")


def truncated(name, data, field, offset, needed, left):
    bad(name, data, f"{field} needs {needed} bytes at byte {offset}, and {left} are left; "
                    "the file is cut short or altered: copy it again")


def damaged(name, data, section):
    bad(name, data, f"the {section} section does not match its checksum; the file is damaged: copy it again")


def changed(edit, good=None):
    file = File(good or GOOD)
    edit(file)
    return file.pack()


def field(name, edit, what, found, allowed, good=None):
    """One field of one section."""
    invalid(name, changed(edit, good), what, found, allowed)


def misfit(name, index, edit, found, good=None):
    """What is wrong with the operation at `index`, or becomes wrong there."""
    file = File(good or GOOD)
    edit(file)
    invalid(name, file.pack(), f"operation {index} ({file.names[index].decode()})", found, FITTING)


def put(format, at, *values):
    """The good file with numbers overwritten and the header sealed again."""
    data = bytearray(GOOD)
    struct.pack_into("<" + format, data, at, *values)
    return sealed(bytes(data), 11)


def assign(**fields):
    """An edit of CONF."""
    return lambda f: f.conf.__dict__.update(fields)


def bits(value):
    """A float as messages have it."""
    return f"{struct.unpack('<I', struct.pack('<f', value))[0]} (bits)"


def of(list_name, index, **fields):
    return lambda f: getattr(f, list_name)[index].__dict__.update(fields)


def op(index, **fields):
    return of("ops", index, **fields)


def operand(index, place, *numbers):
    def edit(f):
        f.ops[index].operands[place] = list(numbers) + [0] * (4 - len(numbers))
    return edit


def tensor_of(index, place, tensor):
    def edit(f):
        f.ops[index].tensors[place] = tensor
    return edit


def override(kind, content):
    return lambda f: f.override.__setitem__(kind, content)


def all_of(*edits):
    def edit(f):
        for e in edits:
            e(f)
    return edit


def entry_at(kind):
    return 64 + 32 * KINDS.index(kind)


def entry(kind):
    """Offset, length and raw length in the good file."""
    return struct.unpack_from("<QQQ", GOOD, entry_at(kind) + 8)


def header():
    not_packed = "not an .mbq file: the first 8 bytes are not its signature; make one with 'mbq quantize'"
    bad("empty", b"", not_packed)
    bad("seven-bytes", GOOD[:7], not_packed)
    bad("line-feeds-changed", GOOD[:4] + b"\n\x1a\n" + GOOD[7:], not_packed)
    bad("zip", b"PK\x03\x04" + bytes(60), not_packed)
    newer = "written in format {}, and this program reads up to 1.x; use a newer mbq or quantize the checkpoint again"
    bad("version-2.0", put("HH", 8, 2, 0), newer.format("2.0"))
    bad("version-65535.3", put("HH", 8, 65535, 3), newer.format("65535.3"))
    invalid("version-0.9", put("HH", 8, 0, 9), "major version", 0, 1)
    truncated("twelve-bytes", GOOD[:12], "section count", 12, 4, 0)
    truncated("cut-at-40", GOOD[:40], "the file", 0, len(GOOD), 40)
    truncated("cut-in-the-middle", GOOD[:5000], "the file", 0, len(GOOD), 5000)
    truncated("last-byte-missing", GOOD[:-1], "the file", 0, len(GOOD), len(GOOD) - 1)
    invalid("byte-after-the-end", GOOD + b"\0", "file size", len(GOOD),
            f"{len(GOOD) + 1}, the bytes there are")
    invalid("file-size-2-63", put("Q", 16, 1 << 63), "file size", 1 << 63, "at most 2^48")
    invalid("reserved-in-header", put("I", 28, 1 << 24), "reserved header bytes", 1, 0)
    damaged("header-checksum", GOOD[:24] + bytes(4) + GOOD[28:], "header")
    damaged("minor-version-flipped", GOOD[:10] + b"\1" + GOOD[11:], "header")
    damaged("digest-flipped", GOOD[:40] + bytes([GOOD[40] ^ 1]) + GOOD[41:], "header")
    invalid("no-sections", put("I", 12, 0), "section count", 0, "1 to 64")
    invalid("65-sections", put("I", 12, 65), "section count", 65, "1 to 64")
    head = bytearray(GOOD[:64])
    struct.pack_into("<Q", head, 16, 64)
    truncated("table-missing", sealed(bytes(head), 0), "section table", 64, 352, 0)


def sections():
    for kind, name in LONG.items():
        offset, length, _ = entry(kind)
        at = offset + length // 2
        damaged(f"flipped-in-{kind}", GOOD[:at] + bytes([GOOD[at] ^ 4]) + GOOD[at + 1 :], name)
        bad(f"without-{kind}", changed(lambda f: f.order.remove(kind)),
            f"the {name} section is missing; the file is altered or was not written by mbq")
    code, = struct.unpack("<I", b"XTRA")
    invalid("unknown-section", put("4s", entry_at("PROV"), b"XTRA"), "section kind", code, "those of the format")
    invalid("section-twice", put("4s", entry_at("PROV"), b"GOLD"), "section kind", "golden vectors twice", "once")
    offset, length, _ = entry("LABL")
    after = f"{offset}, right after the one before"
    invalid("section-over-another", put("Q", entry_at("LABL") + 8, offset - 64),
            "offset of the labels section", offset - 64, after)
    invalid("section-after-a-gap", put("Q", entry_at("LABL") + 8, offset + 64),
            "offset of the labels section", offset + 64, after)
    invalid("section-outside", put("Q", entry_at("LABL") + 8, 1 << 40), "offset of the labels section", 1 << 40, after)
    invalid("section-offset-2-64", put("Q", entry_at("LABL") + 8, (1 << 64) - 1),
            "section offset", (1 << 64) - 1, "at most 2^48")
    left = len(GOOD) - offset
    truncated("section-longer-than-the-file", put("Q", entry_at("LABL") + 16, left + 1),
              "the labels section", offset, left + 1, left)
    truncated("section-length-2-48", put("Q", entry_at("LABL") + 16, 1 << 48), "the labels section", offset, 1 << 48, left)
    invalid("section-length-2-64", put("Q", entry_at("LABL") + 16, (1 << 64) - 1),
            "section length", (1 << 64) - 1, "at most 2^48")
    weights = entry("WIGT")[1]
    damaged("weights-not-compressed", put("Q", entry_at("WIGT") + 24, weights + 1), "weights")
    invalid("weights-raw-length-over-limit", put("Q", entry_at("WIGT") + 24, (1 << 27) + 1),
            "raw length of the weights section", (1 << 27) + 1, f"at most {1 << 27}")
    invalid("raw-length-over-limit", put("Q", entry_at("LABL") + 24, (1 << 26) + 1),
            "raw length of the labels section", (1 << 26) + 1, f"at most {1 << 26}")
    data = bytearray(GOOD)
    data[offset - 1] = 1
    invalid("padding-not-zero", sealed(bytes(data)), "padding before the labels section", "not zero", "zeros")
    grown = bytearray(GOOD + bytes(64))
    struct.pack_into("<Q", grown, 16, len(grown))
    invalid("bytes-after-the-last-section", sealed(bytes(grown)), "end of the last section", len(GOOD), len(grown))

    def compressed(kind, raw_length):
        def edit(f):
            f.compressed.add(kind)
            f.entry[kind] = dict(raw=raw_length)
        return edit
    raw = entry("OPER")[1]
    damaged("unfolds-to-more", changed(compressed("OPER", raw - 1)), "operations")
    damaged("unfolds-to-less", changed(compressed("OPER", raw + 1)), "operations")
    damaged("unfolds-without-end", changed(all_of(
        override("PROV", bytes(1 << 21)), compressed("PROV", 1 << 20))), "provenance")
    stream = zlib.compress(b"x" * 100, 9)
    for name, content in [("adler-wrong", stream[:-1] + bytes([stream[-1] ^ 1])), ("stream-cut", stream[:-5]),
                          ("stream-too-long", stream + b"\0"), ("stream-empty", b""),
                          ("no-zlib-stream", b"\x78\x9c" + b"\xff" * 30)]:
        damaged(name, changed(all_of(
            override("PROV", content), lambda f: f.entry.__setitem__("PROV", dict(raw=100)))), "provenance")


def configuration():
    field("max-tokens-1", all_of(assign(tokens=1), lambda f: f.goldens.clear()), "maximum tokens", 1, "2 to 1024")
    # The golden vectors are read before the numbers are compared with each other.
    field("max-tokens-1025", assign(tokens=1025), "maximum tokens", 1025, "2 to 1024")
    field("vocabulary-over-limit", assign(vocabulary=(1 << 24) + 1), "vocabulary count", (1 << 24) + 1, "1 to 16777216")
    field("batch-width-0", assign(batch=0), "batch width", 0, "1 to 65536")
    field("batch-width-65537", assign(batch=65537), "batch width", 65537, "1 to 65536")
    field("tile-width-2-32", assign(tile=(1 << 32) - 1), "tile width", (1 << 32) - 1, "0 to 65536")
    field("activation-scheme-2", assign(activations=2), "activation scheme", 2, "0 or 1")
    field("unknown-task", assign(task=2), "task", 2, "0 or 1")
    field("reserved-after-logits", assign(spare2=1), "reserved configuration bytes", 1, 0)
    offset = entry("CONF")[0]
    truncated("configuration-cut", changed(override("CONF", File(GOOD).contents("CONF")[:10])),
              "batch width", offset + 8, 4, 2)
    field("configuration-too-long", override("CONF", File(GOOD).contents("CONF") + bytes(3)),
          "the configuration section", "3 bytes longer than its contents", "no more")
    temperatures = "2^-10 to 2^10, and 1 with any number of labels a text"
    thresholds = "0 to 1 with two labels of which a text has one, otherwise 0.5"
    for name, values in dict(nan=(math.nan, 0.5), zero=(0.0, 0.5), negative=(-1.0, 0.5), infinite=(math.inf, 0.5),
                             tiny=(2.0 ** -11, 0.5), huge=(1025.0, 0.5)).items():
        field(f"temperature-{name}", assign(decision=list(values)), "temperature", bits(values[0]), temperatures)
    for name, value in dict(nan=math.nan, negative=-0.25, above_one=1.0625).items():
        field(f"threshold-{name.replace('_', '-')}", assign(decision=[2.0, value]), "threshold", bits(value), thresholds)
    field("temperature-of-many-labels", assign(task=1, decision=[2.0, 0.5]), "temperature", bits(2.0), temperatures)
    field("threshold-of-many-labels", assign(task=1, decision=[1.0, 0.25]), "threshold", bits(0.25), thresholds)
    field("threshold-alone", assign(decision=[0.25]), "the configuration section",
          "4 bytes longer than its contents", "no more")
    field("decision-too-long", assign(decision=[2.0, 0.25, 1.0]), "the configuration section",
          "4 bytes longer than its contents", "no more")
    written = "a written buffer of texts with one column a label"
    field("logits-none", assign(logits=[0, 0, 0, 0]), "logits", "buffer 0, width 0", written)
    field("logits-outside-of-buffers", assign(logits=[14, 0, 2, 0]), "logits", "buffer 14, width 2", written)
    field("logits-too-wide", assign(logits=[12, 0, 16, 0]), "logits", "buffer 12, width 16", written)
    field("logits-of-tokens", assign(logits=[10, 0, 2, 0]), "logits", "buffer 10, width 2", written)
    field("logits-outside-of-their-buffer", assign(logits=[13, 16, 2, 0]), "logits", "buffer 13, width 2", written)
    field("logits-past-the-width", all_of(assign(logits=[13, 0, 3, 0]), lambda f: (
        f.labels.append(b"c"), f.goldens.clear())), "logits", "buffer 13, width 3", written)
    field("logits-never-written", all_of(assign(logits=[14, 0, 2, 0]), lambda f: f.buffers.append(
        type(f.buffers[0])(width=2, offset=64, rows=1, place=0, spare=bytes(6)))), "logits", "buffer 14, width 2", written)
    field("logits-reserved", assign(logits=[13, 0, 2, 7]), "reserved operand bytes", 7, 0)


def labels():
    offset = entry("LABL")[0]
    field("no-labels", override("LABL", struct.pack("<I", 0)), "label count", 0, "1 to 1024")
    field("1025-labels", override("LABL", struct.pack("<I", 1025)), "label count", 1025, "1 to 1024")
    truncated("2-32-labels-promised", changed(override("LABL", struct.pack("<I", 1024) + bytes(40))),
              "label", offset + 44, 4, 0)
    field("label-too-long", override("LABL", struct.pack("<II", 1, 4097) + bytes(4097)), "label", "4097 bytes", "at most 4096")
    truncated("label-cut", changed(override("LABL", struct.pack("<II", 1, 5) + b"real")), "label", offset + 8, 5, 4)
    field("label-not-utf8", override("LABL", struct.pack("<II", 2, 4) + b"re\xc3l" + struct.pack("<I", 0)),
          "label", "not UTF-8", "UTF-8")
    field("labels-too-long", lambda f: f.override.update(LABL=f.contents("LABL") + b"\0"),
          "the labels section", "1 bytes longer than its contents", "no more")


def buffers():
    offset = entry("BUFS")[0]
    field("buffer-rows-2", of("buffers", 1, rows=2), "buffer rows", 2, "0 or 1")
    field("buffer-place-2", of("buffers", 1, place=2), "buffer place", 2, "0 or 1")
    field("buffer-width-0", of("buffers", 1, width=0), "buffer width", 0, "1 to 65535")
    field("buffer-width-65536", of("buffers", 1, width=65536), "buffer width", 65536, "1 to 65535")
    field("buffer-reserved", of("buffers", 1, spare=b"\0\0\0\0\0\x09"), "reserved buffer bytes", 9, 0)
    field("buffer-between-sixteens", of("buffers", 2, offset=8), "place of buffer 2", "8 + 16", "a multiple of 16 within 144")
    field("buffer-outside-of-the-batch", of("buffers", 4, offset=128), "place of buffer 4", "128 + 32",
          "a multiple of 16 within 144")
    field("buffer-outside-of-the-tile", of("buffers", 1, offset=32), "place of buffer 1", "32 + 48",
          "a multiple of 16 within 64")
    field("buffer-far-outside", of("buffers", 4, offset=0xFFFFFFF0), "place of buffer 4", f"{0xFFFFFFF0} + 32",
          "a multiple of 16 within 144")
    truncated("buffers-cut", changed(lambda f: f.override.update(BUFS=f.contents("BUFS")[:-1])),
              "reserved buffer bytes", offset + 218, 6, 5)
    misfit("no-buffers", 0, override("BUFS", b""), "an operand outside of its buffer")

    def many(f):
        f.override["BUFS"] = f.contents("BUFS")[:16] * 32769
        f.compressed.add("BUFS")
    field("too-many-buffers", many, "buffer count", "more", "at most 32768")


def operations():
    offset = entry("OPER")[0]
    field("operation-kind-0", op(3, kind=0), "kind of operation 3", 0, "1 to 5")
    field("operation-kind-6", op(3, kind=6), "kind of operation 3", 6, "1 to 5")
    field("no-operations", all_of(override("OPER", b""), override("NAME", b"")), "operation count", 0, "1 to 16384")

    def many(f):
        f.override["OPER"] = f.contents("OPER")[:64] * 16385
        f.compressed.add("OPER")
    field("too-many-operations", many, "operation count", "more", "at most 16384")
    truncated("operations-cut", changed(lambda f: f.override.update(OPER=f.contents("OPER")[:-60])),
              "operation activation", offset + 13 * 64 + 4, 1, 0)
    field("operand-reserved", operand(3, 0, 2, 0, 16, 5), "reserved operand bytes", 5, 0)
    field("no-operand-with-a-column", operand(3, 1, 0, 16, 0), "operand of width 0", "buffer 0, column 16",
          "zeros, which stand for none")
    field("embed-flags-2", op(1, flags=2), "flags of operation 1", 2, "0 or 1")
    field("linear-activation-4", op(6, activation=4), "activation of operation 6", 4, "0 to 3")
    field("norm-3", op(7, norm=3), "norm of operation 7", 3, "0 to 2, with gamma and beta")
    field("norm-without-gamma", tensor_of(7, 2, NONE), "norm of operation 7", 1, "0 to 2, with gamma and beta")
    field("norm-without-beta", tensor_of(9, 3, NONE), "norm of operation 9", 2, "0 to 2, with gamma and beta")
    for name, value in [("nan", math.nan), ("2", 2.0), ("negative", -1e-5), ("infinite", math.inf)]:
        field(f"epsilon-{name}", op(7, epsilon=value), "epsilon of operation 7", bits(value), "0 to 1")
    unused = "a field its kind does not use"
    for name, index, edit in [
        ("attention-with-smoothing", 4, op(4, smoothing=9)), ("normalize-with-a-step", 9, op(9, steps=[0, 0.5])),
        ("linear-with-a-step-and-no-flag", 6, op(6, steps=[0.5, 0])),
        ("linear-with-a-third-number", 6, op(6, steps=[0, 0.5])), ("linear-with-heads", 6, op(6, heads=1)),
        ("linear-with-a-third-operand", 6, operand(6, 2, 5, 0, 16)),
        ("linear-with-gamma-and-no-norm", 6, tensor_of(6, 2, 10)),
        ("linear-with-epsilon-and-no-norm", 6, op(6, epsilon=1e-5)),
        ("embed-with-an-input", 1, operand(1, 0, 0, 0, 16)), ("embed-with-a-fourth-tensor", 1, tensor_of(1, 3, 0)),
        ("embed-with-an-activation", 1, op(1, activation=1)), ("attention-with-a-weight", 4, tensor_of(4, 0, 3)),
        ("attention-with-a-norm", 4, op(4, norm=1)), ("pool-with-a-residual", 11, operand(11, 1, 10, 0, 16)),
        ("pool-with-heads", 11, op(11, heads=2)), ("normalize-with-a-weight", 9, tensor_of(9, 0, 8)),
        ("normalize-with-an-activation", 9, op(9, activation=2)),
    ]:
        field(name, edit, f"operation {index}", unused, "zeros there")
    for name, index, edit, part in [
        ("no-output", 6, operand(6, 3), "output"), ("linear-without-weight", 6, tensor_of(6, 0, NONE), "weight"),
        ("linear-without-input", 6, operand(6, 0), "input"), ("attention-without-query", 4, operand(4, 0), "query"),
        ("attention-without-key", 4, operand(4, 1), "key"), ("attention-without-value", 4, operand(4, 2), "value"),
        ("normalize-without-input", 9, operand(9, 0), "input"), ("normalize-without-norm", 9, op(9, norm=0), "norm"),
        ("pool-without-input", 11, operand(11, 0), "input"),
    ]:
        field(name, edit, f"{part} of operation {index}", "none", "one")


def shapes():
    outside = "an operand outside of its buffer"
    misfit("operand-in-no-buffer", 3, operand(3, 0, 14, 0, 16), outside)
    misfit("operand-between-sixteens", 4, operand(4, 1, 3, 40, 32), outside)
    misfit("operand-past-its-buffer", 4, operand(4, 1, 3, 80, 32), outside)
    misfit("operand-of-65535-columns", 3, operand(3, 0, 2, 0, 65535), outside)
    misfit("operand-in-the-padding", 13, operand(13, 3, 13, 0, 16), outside)
    misfit("operand-ends-within-sixteen", 4, operand(4, 1, 3, 32, 20), "an operand that ends within 16 columns")
    misfit("output-of-some-columns", 3, operand(3, 3, 3, 0, 80), "an output that does not cover its buffer")
    misfit("tensor-outside-of-the-table", 6, tensor_of(6, 0, 28), "tensor 28 of 28")
    heads = "heads on widths that do not fit"
    misfit("no-heads", 4, op(4, heads=0), f"0 {heads}")
    misfit("heads-that-do-not-divide", 4, op(4, heads=3), f"3 {heads}")
    misfit("attention-key-narrower", 4, operand(4, 1, 3, 32, 16), f"2 {heads}")
    misfit("attention-value-wider", 4, operand(4, 2, 3, 48, 48), f"2 {heads}")

    def wide_heads(f):
        Record = type(f.buffers[0])
        f.conf.batch = 2048
        f.buffers += [Record(width=272, offset=144 + 272 * i, rows=0, place=0, spare=bytes(6)) for i in range(2)]
        f.ops[4].operands = [[14, 0, 272, 0]] * 3 + [[15, 0, 272, 0]]
        f.ops[4].heads = 1
    misfit("head-of-272", 4, wide_heads, f"1 {heads}")
    misfit("embed-without-tables", 0, all_of(tensor_of(0, 1, NONE), tensor_of(0, 2, NONE)), "no table")
    misfit("trigram-of-16-columns", 1, operand(1, 3, 0, 0, 16), "a trigram that does not fit")
    misfit("trigram-with-a-position", 1, tensor_of(1, 1, 0), "a trigram that does not fit")
    misfit("word-table-too-short", 1, tensor_of(1, 0, 1), "places.type of 2 × 16")
    misfit("more-words-than-rows", 1, assign(vocabulary=34), "words.word of 33 × 16")
    misfit("more-positions-than-rows", 0, assign(tokens=13), "places.position of 12 × 16")
    misfit("table-in-panels", 0, tensor_of(0, 2, 18), "places.type of 16 × 16")
    misfit("table-too-wide", 0, tensor_of(0, 1, 7), "places.position of 1 × 96")
    misfit("weight-in-rows", 8, tensor_of(8, 0, 0), "places.position of 12 × 16")
    misfit("weight-transposed", 6, tensor_of(6, 0, 14), "layer.0.wide.weight of 16 × 48")
    misfit("bias-too-short", 6, tensor_of(6, 1, 9), "layer.0.mixed.bias of 16, float16")
    misfit("bias-in-panels", 8, tensor_of(8, 1, 24), "layer.0.curved.bias of 16, float32-panels")
    misfit("gamma-too-long", 7, tensor_of(7, 2, 13), "layer.0.wide.bias of 48, float16")
    misfit("beta-of-two-rows", 9, tensor_of(9, 3, 1), "places.type of 16, int8-rows")
    misfit("residual-of-another-width", 7, operand(7, 1, 3, 0, 32), "a residual of another width")
    misfit("normalize-of-other-widths", 9, operand(9, 0, 3, 0, 32), "operands of different widths")
    misfit("normalize-residual-of-another-width", 9, operand(9, 1, 3, 0, 32), "operands of different widths")
    misfit("pool-of-other-widths", 11, operand(11, 0, 3, 0, 32), "different widths")


def flow():
    misfit("read-before-written", 2, operand(2, 1, 5, 0, 16), "buffer 5 read before it is written")
    misfit("read-after-its-room-was-given-away", 9, all_of(operand(9, 1, 5, 0, 16)), "buffer 5 read before it is written")
    misfit("tile-read-in-another-segment", 5, operand(5, 1, 0, 0, 16), "tile buffer 0 read in another segment")
    misfit("output-on-its-input", 6, of("buffers", 6, offset=0), "an output on top of its input")
    misfit("linear-on-its-residual-and-input", 8, all_of(operand(8, 1, 7, 0, 16), of("buffers", 8, offset=0)),
           "an output on top of its input")
    misfit("linear-on-a-part-of-its-residual", 7, of("buffers", 7, offset=16), "an output on top of its input")
    misfit("attention-on-its-query", 4, of("buffers", 4, offset=16), "an output on top of its input")
    misfit("pool-of-texts", 12, lambda f: (
        f.ops.__setitem__(12, f.copy().ops[11]), f.ops[12].operands.__setitem__(0, [11, 0, 16, 0]),
        f.ops[12].operands.__setitem__(3, [12, 0, 16, 0])), "a pool that is not from tokens to texts")
    misfit("pool-to-tokens", 11, of("buffers", 11, rows=0, offset=80), "a pool that is not from tokens to texts")
    misfit("pool-of-a-tile", 11, of("buffers", 10, place=1), "tile buffer 10 read in another segment")
    misfit("texts-and-tokens-mixed", 12, operand(12, 0, 10, 0, 16), "rows of tokens and of texts in one operation")
    misfit("residual-of-texts", 12, operand(12, 1, 10, 0, 16), "rows of tokens and of texts in one operation")
    misfit("attention-into-a-tile", 4, of("buffers", 4, place=1, offset=0),
           "a tile buffer written by an operation over whole texts")
    misfit("texts-in-a-tile", 11, of("buffers", 11, place=1), "a tile buffer written by an operation over whole texts")
    misfit("embed-to-texts", 0, of("buffers", 0, rows=1, place=0), "rows of texts")

    def shifted(f):
        # 'scaled' goes where 'mixed' reads its context from, a row of another length.
        f.buffers[10].offset = 112
    misfit("output-on-rows-of-other-tiles", 10, shifted, "an output on rows that its segment still reads")
    misfit("output-on-the-pooled-rows", 13, of("buffers", 13, offset=16), "an output on rows that its segment still reads")


def tensors():
    offset = entry("TENS")[0]
    size = entry("WIGT")[1]
    field("tensor-scheme-0", of("tensors", 3, scheme=0), "scheme of tensor 3", 0, "1 to 24")
    field("tensor-scheme-25", of("tensors", 3, scheme=25), "scheme of tensor 3", 25, "1 to 24")
    field("tensor-reserved", of("tensors", 3, spare1=1), "reserved tensor bytes", 1, 0)
    field("tensor-reserved-2", of("tensors", 3, spare2=1 << 16), "reserved tensor bytes", 1, 0)
    allowed = "1 to 2^24 × 1 to 2^16"
    field("tensor-of-no-rows", of("tensors", 3, rows=0), "shape of input.weight", "0 × 48", allowed)
    field("tensor-of-no-columns", of("tensors", 3, columns=0), "shape of input.weight", "16 × 0", allowed)
    field("tensor-of-2-24-rows", of("tensors", 3, rows=(1 << 24) + 1), "shape of input.weight", f"{(1 << 24) + 1} × 48", allowed)
    field("tensor-of-2-16-columns", of("tensors", 3, columns=65537), "shape of input.weight", "16 × 65537", allowed)
    field("tensor-shape-overflows", of("tensors", 3, rows=(1 << 32) - 1, columns=(1 << 32) - 1),
          "shape of input.weight", f"{(1 << 32) - 1} × {(1 << 32) - 1}", allowed)

    def place(name, index, tensor, size_, at, start, **fields):
        field(name, of("tensors", index, **fields), f"place of {tensor}", f"{size_} bytes at {at}",
              f"a multiple of 64 from {start} on, within {size}")
    place("tensor-between-64s", 3, "input.weight", 768, 992, 914, offset=992)
    place("tensor-outside", 27, "classifier.bias", 4, 9472, 9408, offset=9472)
    place("tensor-far-outside", 27, "classifier.bias", 4, 1 << 48, 9408, offset=1 << 48)
    place("tensor-over-another", 5, "input.beta", 32, 1792, 1824, offset=1792)
    place("tensor-over-scales", 4, "input.gamma", 32, 1728, 1760, offset=1728)
    place("tensor-too-large", 26, "classifier.weight", 16 << 26, 8384, 8352, rows=1 << 24)
    place("tensor-largest", 26, "classifier.weight", 1 << 42, 8384, 8352, rows=1 << 24, columns=1 << 16)
    field("tensor-offset-2-64", of("tensors", 3, offset=(1 << 64) - 64), "tensor offset", (1 << 64) - 64, "at most 2^48")
    scales = lambda start: f"even, from {start} on, within {size}"
    field("scales-odd", of("tensors", 3, scales=1729), "scales of input.weight", "32 bytes at 1729", scales(1728))
    field("scales-over-elements", of("tensors", 3, scales=1726), "scales of input.weight", "32 bytes at 1726", scales(1728))
    field("scales-outside", of("tensors", 18, scales=size - 30), "scales of layer.0.curved.weight",
          f"32 bytes at {size - 30}", scales(6912))
    field("scales-without-use", of("tensors", 4, scales=1824), "scales of input.gamma", "at 1824", "0, for there are none")
    truncated("tensors-cut", changed(lambda f: f.override.update(TENS=f.contents("TENS")[:-4])),
              "tensor scales offset", offset + 27 * 32 + 24, 8, 4)

    def many(f):
        f.override["TENS"] = f.contents("TENS")[:32] * 65536
        f.compressed.add("TENS")
    field("too-many-tensors", many, "tensor count", "more", "at most 65535")

    def aliases(f):
        # Each would be widened to 64 kB at load.
        Record = type(f.tensors[0])
        f.tensors += [Record(scheme=2, spare1=0, rows=1, columns=4096, spare2=0, offset=0, scales=0)
                      for _ in range(10000)]
        f.compressed.add("TENS")
    field("ten-thousand-tensors-in-one-place", aliases, "place of tensor 28", "8192 bytes at 0",
          f"a multiple of 64 from 9412 on, within {size}")


def others():
    offset = entry("GOLD")[0]
    field("a-name-too-few", lambda f: f.names.pop(), "name count", 13, "14, one an operation")
    field("a-name-too-many", lambda f: f.names.append(b""), "name count", 15, "14, one an operation")

    def feeds(f):
        f.override["NAME"] = b"\n" * (1 << 20)
        f.compressed.add("NAME")
    field("a-million-names", feeds, "name count", (1 << 20) + 1, "14, one an operation")
    field("257-goldens", override("GOLD", struct.pack("<I", 257)), "golden vector count", 257, "at most 256")
    field("golden-text-too-long", override("GOLD", struct.pack("<II", 1, (1 << 20) + 1)), "golden text",
          f"{(1 << 20) + 1} bytes", f"at most {1 << 20}")
    field("golden-text-not-utf8", of("goldens", 1, text=b"\xff"), "golden text", "not UTF-8", "UTF-8")
    field("golden-of-13-tokens", of("goldens", 1, tokens=[2] * 13), "golden token count", 13, "at most 12")
    field("golden-past-the-vocabulary", of("goldens", 1, tokens=[2, 33, 3]), "golden token",
          "an id past the vocabulary, or none", "below 33")
    field("golden-without-tokens", of("goldens", 1, tokens=[]), "golden token", "an id past the vocabulary, or none", "below 33")
    field("golden-of-3-logits", of("goldens", 1, bits=[0] * 3), "golden logit count", 3, "at most 2")
    field("golden-of-1-logit", of("goldens", 1, bits=[0]), "golden logit count", 1, 2)
    truncated("goldens-cut", changed(lambda f: f.override.update(GOLD=f.contents("GOLD")[:-2])),
              "golden logit count", offset + entry("GOLD")[1] - 4, 4, 2)
    field("goldens-too-long", lambda f: f.override.update(GOLD=f.contents("GOLD") + b"\0"),
          "the golden vectors section", "1 bytes longer than its contents", "no more")


def tokenizer():
    """What only the runtime sees: sections in the tokenizer's own encoding."""
    f = File(GOOD)
    pieces = f.raw["VOCA"][4:]
    count, = struct.unpack_from("<I", f.raw["VOCA"])
    voca = lambda n, content=pieces: changed(override("VOCA", struct.pack("<I", n) + content))
    redo = "the file is damaged, make it again or download it again"
    bad("vocabulary-without-a-count", changed(override("VOCA", b"\0\0")), "the vocabulary section has no piece count")
    used = "1 to 1048576 are allowed; give the vocab.txt or tokenizer.json that the model was trained with"
    bad("vocabulary-of-nothing", voca(0), f"a vocabulary of 0 pieces cannot be used: {used}")
    bad("vocabulary-of-2-32", voca((1 << 32) - 1), f"a vocabulary of {(1 << 32) - 1} pieces cannot be used: {used}")
    bad("vocabulary-count-too-high", voca(count + 1),
        f"the packed vocabulary ends early: piece {count} at byte {len(pieces)} needs 1 bytes, 0 are left; {redo}")
    bad("vocabulary-count-too-low", voca(count - 1),
        f"the packed vocabulary has 4 bytes after its last piece, number {count - 2}; the file is damaged or its "
        "piece count is wrong, make it again")
    bad("vocabulary-length-without-end", voca(count, b"\xff" * 10),
        f"the length of piece 0 at byte 0 is not a number of at most 21 bits in its shortest form; {redo}")
    bad("vocabulary-not-utf8", voca(count, pieces[:1] + b"\xff" + pieces[2:]),
        "piece 0 of the vocabulary is not valid UTF-8; save vocab.txt as UTF-8 or use tokenizer.json")
    tokn = lambda at, content: changed(override("TOKN", f.raw["TOKN"][:at] + content + f.raw["TOKN"][at + len(content) :]))
    option = "the file is damaged or made by a newer version, update this program or make the file again"
    bad("tokenizer-version-2", tokn(0, b"\2"), f"the tokenizer option layout version is 2, allowed is 1; {option}")
    bad("tokenizer-flag-16", tokn(1, b"\x10"), f"the tokenizer option flags is 16, allowed is 0 to 15; {option}")
    bad("tokenizer-word-length-0", tokn(2, b"\0\0"),
        f"the tokenizer option maximum word length is 0, allowed is 1 to 1000; {option}")
    bad("tokenizer-unknown-past-the-vocabulary", tokn(4, struct.pack("<I", 33)),
        "the unknown piece has the id 33, and ids go from 0 to 32; the tokenizer's files do not belong together, "
        "give those that the model was trained with")
    bad("tokenizer-tokens-without-end", tokn(20, struct.pack("<I", (1 << 32) - 1)),
        f"the tokenizer options end early: added token 1 at byte 35 needs 4 bytes, 0 are left; {redo}")
    bad("tokenizer-empty", changed(override("TOKN", b"")),
        f"the tokenizer options end early: layout version at byte 0 needs 1 bytes, 0 are left; {redo}")
    bad("ids-past-the-embedding",
        changed(all_of(assign(vocabulary=32), lambda g: g.goldens.clear())),
        "the tokenizer gives ids up to 32, and the embedding has 32 rows; the file is altered or was not written by mbq")


def grids():
    """What version 1.2 brought."""
    flags = "0, 2 or 4"
    field("linear-with-trigram", op(6, flags=1), "flags of operation 6", 1, flags)
    field("linear-static-of-16-bits", op(6, flags=6), "flags of operation 6", 6, flags, STATIC)
    field("linear-flags-8", op(6, flags=8), "flags of operation 6", 8, flags, STATIC)
    step = lambda index, name: f"a step of operation {index} ({name})"
    normal = "a normal number above 0"
    values = dict(zero=0.0, negative=-0.05, subnormal=2.0**-127, infinite=math.inf, nan=math.nan)
    for name, value in values.items():
        field(f"linear-step-{name}", op(5, steps=[value, 0]), step(5, "layer.0.mixed"), bits(value), normal, STATIC)
        if name != "zero":
            field(f"attention-step-{name}", op(4, epsilon=value), step(4, "layer.0.attention"), bits(value), normal, STATIC)
    field("attention-without-a-value-step", op(4, steps=[0.03, 0]), step(4, "layer.0.attention"), bits(0), normal, STATIC)
    misfit("attention-steps-of-floats", 4, all_of(assign(activations=0), *[
        op(i, flags=0, steps=[0, 0], smoothing=0) for i in (2, 3, 5, 6, 7, 8)]),
        "steps in a model of float activations", STATIC)
    misfit("static-of-floats", 2, assign(activations=0), "a grid or smoothing for int8-channel weights", STATIC)
    misfit("static-of-float-weights", 12, op(12, flags=2, steps=[0.5, 0]),
           "a grid or smoothing for float32-panels weights", STATIC)
    misfit("smoothing-of-float-weights", 12, op(12, smoothing=6),
           "a grid or smoothing for float32-panels weights", STATIC)
    misfit("smoothing-too-short", 2, op(2, smoothing=6), "input.smoothing of 16, float16", STATIC)
    misfit("smoothing-past-the-tensors", 2, op(2, smoothing=40), "tensor 39 of 31", STATIC)
    misfit("int4-weight-in-rows", 2, of("tensors", 3, scheme=10), "input.weight of 20 × 48", INT4)

    def group(index, offset, byte):
        def edit(f):
            t = f.tensors[index]
            weights = bytearray(f.contents("WIGT"))
            weights[t.offset + offset] = byte
            f.override["WIGT"] = bytes(weights)
        return edit
    allowed = "multiplier * max(zero point, 15 - zero point) up to 127"
    # 20 rows x 48 columns are 2 x 6 x 64 bytes of elements, and 2 x 2 x 16 of groups.
    field("int4-group-too-large", group(3, 768 + 5, 0x0F), "a group of input.weight",
          "multiplier 15 with zero point 0", allowed, INT4)
    field("int4-group-of-a-padded-row", group(3, 768 + 63, 0xF9), "a group of input.weight",
          "multiplier 9 with zero point 15", allowed, INT4)
    # 12 rows of 10 bytes.
    field("int4-group-of-a-table", group(0, 120, 0x3B), "a group of places.position",
          "multiplier 11 with zero point 3", allowed, INT4)
    field("int4-scales-over-groups", of("tensors", 3, scales=640 + 768), "scales of input.weight",
          f"40 bytes at {640 + 768}", f"even, from {640 + 768 + 64} on, within {len(File(INT4).raw['WIGT'])}", INT4)

    # 20 rows x 48 columns of 3 bits are 2 x 2 x 192 bytes, of 2 bits 2 x 3 x 64.
    few = "a zero point up to {0}, multiplier * max(zero point, {0} - zero point) up to 127"
    field("int3-zero-past-the-levels", group(3, 768 + 5, 0x81), "a group of input.weight",
          "multiplier 1 with zero point 8", few.format(7), INT3)
    field("int3-zero-of-a-padded-row", group(3, 768 + 31, 0xF0), "a group of input.weight",
          "multiplier 0 with zero point 15", few.format(7), INT3)
    # 12 rows of 9 bytes.
    field("int3-zero-of-a-table", group(0, 108, 0x9F), "a group of places.position",
          "multiplier 15 with zero point 9", few.format(7), INT3)
    groups = File(INT3).tensors[3].offset + 768
    field("int3-scales-over-groups", of("tensors", 3, scales=groups), "scales of input.weight",
          f"40 bytes at {groups}", f"even, from {groups + 32} on, within {len(File(INT3).raw['WIGT'])}", INT3)
    field("int2-zero-past-the-levels", group(3, 384 + 5, 0x41), "a group of input.weight",
          "multiplier 1 with zero point 4", few.format(3), INT2)
    field("int2-zero-of-a-padded-row", group(3, 384 + 63, 0x40), "a group of input.weight",
          "multiplier 0 with zero point 4", few.format(3), INT2)


def main():
    assert File(GOOD).pack() == GOOD, "container.py does not write what it read"
    shutil.rmtree(GOLDEN / "bad", ignore_errors=True)
    (GOLDEN / "bad").mkdir()
    for group in [header, sections, configuration, labels, buffers, operations, shapes, flow, tensors,
                  others, tokenizer, grids]:
        group()
    largest = max((GOLDEN / f"bad/{name}.mbq").stat().st_size for name in made)
    print(f"{len(made)} files, the largest of {largest} bytes")


if __name__ == "__main__":
    sys.exit(main())
