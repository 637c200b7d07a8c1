"""Writes the Unicode tables of MBQTokenizer from the behaviour of Hugging Face `tokenizers`.

usage: make_tables.py OUTPUT_FOLDER     (normally Sources/MBQTokenizer/Unicode)

No Unicode data file is read. The Rust crates behind `tokenizers` each carry their own version of
Unicode (normalization is older than lower-casing), so the only exact source is the library itself:
every scalar value is put through its normalizers and pre-tokenizer and what comes back is tabulated.
The canonical combining classes are found the same way, from whether two characters change places.
`unicodedata` serves only to name one reference mark of each combining class (those never change).

compare_all_scalars.py checks the result through the Swift code.
"""

import hashlib
import pathlib
import sys
import unicodedata

import tokenizers
from tokenizers import AddedToken, Tokenizer, models, normalizers, pre_tokenizers

SCALARS = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000]

# Flag bits of a record; UnicodeRecord in Unicode/UnicodeTables.swift reads them.
REMOVED, WHITESPACE, PUNCTUATION, IDEOGRAPH, WORD = 1, 2, 4, 8, 16
KEEP, REPLACE, EXPAND, DROP = 0 << 5, 1 << 5, 2 << 5, 3 << 5
STARTER = 1 << 7  # of a dropped mark: reordering does not reach across it
ORDER_SHIFT = 8  # three bits: the rank of the combining class among the kept characters, 0 = starter
HANGUL = 1 << 11  # a syllable, decomposed by arithmetic


def probe():
    clean = normalizers.BertNormalizer(True, False, False, False).normalize_str
    space = normalizers.BertNormalizer(False, True, False, False).normalize_str
    strip = normalizers.BertNormalizer(False, False, True, False).normalize_str
    lower = normalizers.BertNormalizer(False, False, False, True).normalize_str
    nfd = normalizers.NFD().normalize_str
    words = pre_tokenizers.BertPreTokenizer().pre_tokenize_str

    def matcher(**flags):
        made = Tokenizer(models.WordPiece({"[UNK]": 0, "x": 1}, unk_token="[UNK]"))
        made.add_tokens([AddedToken("x", normalized=False, **flags)])
        return lambda text: made.encode(text, add_special_tokens=False)

    single, right = matcher(single_word=True), matcher(rstrip=True)

    flags, lowered, stripped, decomposed = {}, {}, {}, {}
    for c in SCALARS:
        s, f = chr(c), 0
        cleaned = clean("a" + s + "b")
        pieces = [word for word, _ in words("a" + s + "b")]
        f |= REMOVED if cleaned == "ab" else 0
        if pieces == ["a", "b"]:
            f |= WHITESPACE
            assert cleaned in ("ab", "a b")
        else:
            assert cleaned in ("ab", "a" + s + "b")
            assert pieces in (["a", s, "b"], ["a" + s + "b"])
            f |= PUNCTUATION if len(pieces) == 3 else 0
        spaced = space(s)
        assert spaced in (s, " " + s + " ")
        f |= IDEOGRAPH if spaced != s else 0
        # A token that must stand alone is not found next to a word character (regex \w).
        found = ["x" in single(text).tokens for text in ("x" + s, s + "x")]
        assert found[0] == found[1], hex(c)
        f |= WORD if c == ord("x") or not found[0] else 0
        # A token that takes the white space on its right (regex \s).
        end = right("x" + s + "y").offsets[0][1]
        assert (end == 2) == bool(f & WHITESPACE), hex(c)
        flags[c] = f
        if lower(s) != s:
            lowered[c] = [ord(x) for x in lower(s)]
        if nfd(s) != s:
            decomposed[c] = [ord(x) for x in nfd(s)]
        if strip(s) != s:
            stripped[c] = [ord(x) for x in strip(s)]
    return flags, lowered, stripped, decomposed, combining_classes(nfd, decomposed)


def combining_classes(nfd, decomposed):
    """The class of every character that changes places with a mark of a higher or lower one."""
    named = {}
    for c in SCALARS:
        k = unicodedata.combining(chr(c))
        if k and c not in decomposed:
            named.setdefault(k, []).append(chr(c))

    def swaps(first, second):
        return first != second and nfd("a" + first + second) == "a" + second + first

    lowest, highest = named[1][0], named[240][0]

    def reorders(s):
        return swaps(s, lowest) or swaps(highest, s)

    # The normalizer's Unicode is older than Python's: take marks that it knows.
    marks = {k: next(filter(reorders, of), None) for k, of in named.items()}
    marks = {k: mark for k, mark in marks.items() if mark}
    classes = {}
    for c in SCALARS:
        s = chr(c)
        if c not in decomposed and reorders(s):
            equal = [k for k, mark in marks.items() if not swaps(s, mark) and not swaps(mark, s)]
            assert len(equal) == 1, (hex(c), equal)
            classes[c] = equal[0]
    return classes


def check(flags, lowered, stripped, decomposed, classes):
    """What the Swift code takes for granted."""
    dropped = {c for c in SCALARS if stripped.get(c) == [] and c not in decomposed}
    for c in SCALARS:
        full = decomposed.get(c, [c])
        assert stripped.get(c, [c]) == [x for x in full if x not in dropped], hex(c)
        # Dropped starters count only where nothing is kept: beside a kept starter they stop no
        # reordering that it does not stop.
        kept = [x for x in full if x not in dropped]
        stops = [x for x in full if x in dropped and x not in classes]
        assert not (kept and stops) or not any(x in classes for x in kept), hex(c)
    ordered = sorted({classes[c] for c in classes if c not in dropped})
    assert len(ordered) < 8
    for c in classes:
        if c not in dropped:
            assert c not in lowered and not flags[c] & (WHITESPACE | PUNCTUATION | IDEOGRAPH), hex(c)
    for c, to in lowered.items():
        assert len(to) == 1 or (c, to) == (0x130, [0x69, 0x307])
        plain = WHITESPACE | PUNCTUATION
        assert not any(flags[x] & plain for x in [c] + to), hex(c)
    for c in range(0xAC00, 0xD7A4):
        index = c - 0xAC00
        tail = [0x11A7 + index % 28] if index % 28 else []
        assert stripped[c] == [0x1100 + index // 588, 0x1161 + index % 588 // 28] + tail
        assert flags[c] == flags[0xAC00] and c not in lowered
    return dropped, {k: i + 1 for i, k in enumerate(ordered)}


def digits(value, count):
    """Six bits a character, lowest first, from '0' (0) to 'o' (63): printable in a raw string."""
    assert 0 <= value < 64**count
    return "".join(chr(0x30 + (value >> 6 * i & 63)) for i in range(count))


def tabulate(flags, lowered, stripped, decomposed, classes):
    dropped, ranks = check(flags, lowered, stripped, decomposed, classes)
    records, expansions, numbers = {}, [], []
    for c in SCALARS:
        f, strip_to, lower_to = flags[c], 0, c
        if c in dropped or stripped.get(c) == []:
            f |= DROP | (0 if all(x in classes for x in decomposed.get(c, [c])) else STARTER)
        elif 0xAC00 <= c < 0xD7A4:
            f |= HANGUL
        elif c in stripped and len(stripped[c]) == 1:
            f |= REPLACE
            strip_to = stripped[c][0]
        elif c in stripped:
            f |= EXPAND
            strip_to = len(expansions)
            expansions += [len(stripped[c])] + stripped[c]
        if c in classes and c not in dropped:
            f |= ranks[classes[c]] << ORDER_SHIFT
        if c in lowered:
            lower_to = 0x69 if c == 0x130 else lowered[c][0]
        record = digits(f, 2) + digits(strip_to, 3) + digits(lower_to - c & 0x3FFFF, 3)
        numbers.append(records.setdefault(record, len(records)))
        if c == 0xD7FF:
            # Surrogates are no scalar values; their place must exist, what it says does not matter.
            numbers += [0] * 0x800
    return list(records), expansions, numbers


def fold(values, block):
    """Splits into blocks, shares equal ones: (number of the block for each place, blocks)."""
    seen, places = {}, []
    for i in range(0, len(values), block):
        places.append(seen.setdefault(tuple(values[i : i + block]), len(seen)))
    return places, [x for b in seen for x in b]


def literal(name, comment, text):
    lines = [text[i : i + 92] for i in range(0, len(text), 92)]
    body = "\\#\n".join("    " + line for line in lines)
    return f'  /// {comment}\n  static let {name}: StaticString = #"""\n{body}\n    """#\n'


def write(folder, name, about, body):
    text = f"""// Made by Tests/Oracles/tokenizer/make_tables.py; do not edit.
//
// {about}

extension UnicodeTables {{
{body}}}
"""
    (pathlib.Path(folder) / name).write_text(text)


def main():
    folder = sys.argv[1]
    behaviour = probe()
    records, expansions, numbers = tabulate(*behaviour)
    # Of the block sizes tried, these need the fewest bytes.
    leaf_places, leaves = fold(numbers, 16)
    top, middle = fold(leaf_places, 32)
    print(len(records), "records,", len(leaves) // 16, "leaves,", len(middle) // 32, "middle blocks")
    parts = {
        "top": "".join(digits(x, 2) for x in top),
        "middle": "".join(digits(x, 2) for x in middle),
        "leaves": "".join(digits(x, 2) for x in leaves),
        "records": "".join(records),
        "expansions": "".join(digits(x, 3) for x in expansions),
    }
    total = sum(map(len, parts.values()))
    print({k: len(v) for k, v in parts.items()}, total, "bytes")
    digest = hashlib.sha256("".join(parts.values()).encode()).hexdigest()
    lowered, stripped, classes = behaviour[1], behaviour[2], behaviour[4]
    about = f"""The behaviour of Hugging Face tokenizers {tokenizers.__version__} for every scalar value:
// {len(lowered)} characters with a lower case, {len(stripped)} that accent stripping changes, {len(classes)} with a
// combining class. SHA-256 of the five tables, in the order top, middle, leaves, records,
// expansions: {digest[:32]}
// {digest[32:]}."""
    write(folder, "UnicodeTables+Leaves.swift", about, literal(
        "leaves", "Blocks of 16 record numbers, two digits each.", parts["leaves"]))
    write(folder, "UnicodeTables+Records.swift", about, "\n".join([
        literal("top", "For every 512 scalar values a middle block, two digits each.", parts["top"]),
        literal("middle", "Blocks of 32 leaf numbers, two digits each.", parts["middle"]),
        literal("records", "Records of eight digits: flags (2), what accent stripping makes of it or where its\n  /// expansion is (3), what lower-casing adds to it modulo 2^18 (3).", parts["records"]),
        literal("expansions", "A count, then that many scalar values; three digits each.", parts["expansions"]),
    ]))


main()
