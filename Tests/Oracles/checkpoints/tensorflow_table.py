"""Writes the index of a TensorFlow checkpoint byte by byte, with every part open to damage, for
make_tensorflow.py. Formats/tensorflow/tensorflow.md describes what is written."""
import struct

MAGIC = 0xDB4775248B80FB57


def crc32c(data):
    """Masked, as it is stored."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    crc ^= 0xFFFFFFFF
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def varint(value):
    value &= 2**64 - 1
    result = b""
    while value >= 128:
        result += bytes([value & 127 | 128])
        value >>= 7
    return result + bytes([value])


def field(number, value):
    """One field of a message: an int as varint, bytes with their length."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def header(shards=1, endianness=0, version=field(1, 1)):
    result = field(1, shards)
    if endianness:
        result += field(2, endianness)
    return result + (field(3, version) if version is not None else b"")


def shape(*sizes):
    return b"".join(field(2, field(1, size)) for size in sizes)


def entry(dtype, sizes, offset, size, checksum, shard=0, raw_shape=None, more=b""):
    """A BundleEntryProto."""
    result = field(1, dtype) + field(2, shape(*sizes) if raw_shape is None else raw_shape)
    for number, value in ((3, shard), (4, offset), (5, size)):
        if value:
            result += field(number, value)
    return result + varint(6 << 3 | 5) + struct.pack("<I", checksum) + more


def block(entries, interval=16, restarts=None):
    """Entries, keys and values, with what each key shares with the one before it left out."""
    result, offsets, previous = b"", [], b""
    for index, (key, value) in enumerate(entries):
        shared = 0
        if index % interval == 0:
            offsets.append(len(result))
        else:
            while shared < min(len(key), len(previous)) and key[shared] == previous[shared]:
                shared += 1
        result += item(shared, key[shared:], value)
        previous = key
    offsets = (offsets or [0]) if restarts is None else restarts
    return result + b"".join(struct.pack("<I", offset) for offset in offsets) \
        + struct.pack("<I", len(offsets))


def item(shared, suffix, value):
    return varint(shared) + varint(len(suffix)) + varint(len(value)) + suffix + value


def sealed(contents, kind=0, checksum=None):
    """A block and its trailer."""
    checked = contents + bytes([kind])
    return checked + struct.pack("<I", crc32c(checked) if checksum is None else checksum)


def handle(offset, size):
    return varint(offset) + varint(size)


def footer(metaindex, index, padding=None, magic=MAGIC):
    handles = metaindex + index
    rest = 40 - len(handles)
    return handles + (bytes(rest) if padding is None else padding * rest) + struct.pack("<Q", magic)


def table(blocks, kind=0, compress=bytes, metaindex=None, separators=None, handles=None, tail=None):
    """A table of `blocks`, lists of entries or the bytes of a block.

    `separators` and `handles` replace the index block's keys and values, `tail` makes the footer of
    where metaindex and index are.
    """
    result, listed = b"", []
    for position, entries in enumerate(blocks):
        contents = compress(entries if isinstance(entries, bytes) else block(entries))
        last = separators[position] if separators else entries[-1][0]
        listed.append((last, handle(len(result), len(contents))))
        result += sealed(contents, kind)
    if handles:
        listed = [(key, value) for (key, _), value in zip(listed, handles)]
    places = []
    for contents in (block([]) if metaindex is None else metaindex, block(listed, interval=1)):
        places.append((len(result), len(contents)))
        result += sealed(contents)
    return result + (footer(handle(*places[0]), handle(*places[1])) if tail is None else tail(*places))
