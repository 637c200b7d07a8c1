"""The mbq container after Formats/mbq/mbq.md, with struct, zlib and hashlib: read, change, write again.

Nothing is checked here. A `File` has every field of the specification as a plain attribute; `pack` puts
them together and works out offsets, checksums and the digest, so that a changed field is the only thing
wrong with a file.
"""
import copy
import hashlib
import struct
import zlib

SIGNATURE = b"\x89MBQ\r\n\x1a\n"
KINDS = "CONF LABL TOKN VOCA BUFS OPER TENS WIGT NAME GOLD PROV".split()
NONE = 65535


class Record:
    def __init__(self, **fields):
        self.__dict__.update(fields)


def unpack(format, data):
    return list(struct.iter_unpack("<" + format, data))


class File:
    def __init__(self, data):
        count, = struct.unpack_from("<I", data, 12)
        self.major, self.reserved = 1, 0
        self.minor, = struct.unpack_from("<H", data, 10)
        self.raw = {}
        self.order = []
        self.compressed = set()
        for i in range(count):
            kind, _, offset, length, raw = struct.unpack_from("<4sIQQQ", data, 64 + 32 * i)
            content = data[offset : offset + length]
            kind = kind.decode()
            if raw != length:
                self.compressed.add(kind)
                content = zlib.decompress(content)
            self.raw[kind] = content
            self.order.append(kind)
        r = self.raw
        names = ["tokens", "vocabulary", "batch", "tile", "activations", "task"]
        self.conf = Record(**dict(zip(names, struct.unpack_from("<IIIIHH", r["CONF"]))))
        self.conf.logits = list(struct.unpack_from("<4H", r["CONF"], 20))
        self.conf.spare2, = struct.unpack_from("<I", r["CONF"], 28)
        # Temperature and threshold, as floats.
        self.conf.decision = list(struct.unpack_from("<2f", r["CONF"], 32)) if len(r["CONF"]) > 32 else []
        self.labels = []
        at = 4
        while at < len(r["LABL"]):
            n, = struct.unpack_from("<I", r["LABL"], at)
            self.labels.append(r["LABL"][at + 4 : at + 4 + n])
            at += 4 + n
        self.buffers = [
            Record(width=w, offset=o, rows=d, place=p, spare=s)
            for w, o, d, p, s in unpack("IIBB6s", r["BUFS"])
        ]
        self.ops = [
            Record(kind=o[0], layer=o[1], activation=o[2], norm=o[3], flags=o[4], tensors=list(o[5:9]),
                   operands=[list(o[i : i + 4]) for i in range(9, 25, 4)], heads=o[25],
                   smoothing=o[26], epsilon=o[27], steps=list(o[28:30]))
            for o in unpack("HHBBH4H16HHHfff", r["OPER"])
        ]
        self.tensors = [
            Record(scheme=s, spare1=a, rows=n, columns=m, spare2=b, offset=o, scales=c)
            for s, a, n, m, b, o, c in unpack("HHIIIQQ", r["TENS"])
        ]
        self.goldens = []
        at = 4
        while at < len(r["GOLD"]):
            n, = struct.unpack_from("<I", r["GOLD"], at)
            text = r["GOLD"][at + 4 : at + 4 + n]
            at += 4 + n
            lists = []
            for _ in range(2):
                n, = struct.unpack_from("<I", r["GOLD"], at)
                lists.append(list(struct.unpack_from(f"<{n}I", r["GOLD"], at + 4)))
                at += 4 + 4 * n
            self.goldens.append(Record(text=text, tokens=lists[0], bits=lists[1]))
        self.names = r["NAME"].split(b"\n")
        # A kind set here is written as it is, whatever the fields say.
        self.override = {}
        # Changes to single fields of the section table, by kind, made before the header's checksum.
        self.entry = {}

    def copy(self):
        return copy.deepcopy(self)

    def contents(self, kind):
        if kind in self.override:
            return self.override[kind]
        if kind == "CONF":
            c = self.conf
            return struct.pack("<IIIIHH4HI", c.tokens, c.vocabulary, c.batch, c.tile, c.activations,
                               c.task, *c.logits, c.spare2) + struct.pack(f"<{len(c.decision)}f", *c.decision)
        if kind == "LABL":
            return struct.pack("<I", len(self.labels)) + b"".join(map(text, self.labels))
        if kind == "BUFS":
            return b"".join(struct.pack("<IIBB6s", b.width, b.offset, b.rows, b.place, b.spare)
                            for b in self.buffers)
        if kind == "OPER":
            return b"".join(operation(o) for o in self.ops)
        if kind == "TENS":
            return b"".join(struct.pack("<HHIIIQQ", t.scheme, t.spare1, t.rows, t.columns, t.spare2,
                                        t.offset, t.scales) for t in self.tensors)
        if kind == "GOLD":
            return struct.pack("<I", len(self.goldens)) + b"".join(
                text(g.text) + numbers(g.tokens) + numbers(g.bits) for g in self.goldens)
        if kind == "NAME":
            return b"\n".join(self.names)
        return self.raw[kind]

    def pack(self):
        table, body = b"", b""
        start = 64 + 32 * len(self.order)
        for kind in self.order:
            raw = self.contents(kind)
            stored = zlib.compress(raw, 9) if kind in self.compressed else raw
            body += bytes(-(start + len(body)) % 64)
            fields = dict(kind=kind.encode(), crc=zlib.crc32(stored), offset=start + len(body),
                          length=len(stored), raw=len(raw))
            fields.update(self.entry.get(kind, {}))
            table += struct.pack("<4sIQQQ", *fields.values())
            body += stored
        head = SIGNATURE + struct.pack("<HHIQII", self.major, self.minor, len(self.order),
                                       start + len(body), 0, self.reserved) + bytes(32)
        return sealed(head + table + body)


def sealed(data, count=None):
    """`data` with the header's checksum and the digest set right."""
    data = bytearray(data)
    if count is None:
        count, = struct.unpack_from("<I", data, 12)
    data[32:64] = hashlib.sha256(data[64:]).digest()
    data[24:28] = bytes(4)
    data[24:28] = struct.pack("<I", zlib.crc32(data[: 64 + 32 * count]))
    return bytes(data)


def text(content):
    return struct.pack("<I", len(content)) + content


def numbers(values):
    return struct.pack(f"<I{len(values)}I", len(values), *values)


def operation(o):
    return struct.pack("<HHBBH4H16HHHfff", o.kind, o.layer, o.activation, o.norm, o.flags, *o.tensors,
                       *sum(o.operands, []), o.heads, o.smoothing, o.epsilon, *o.steps)
