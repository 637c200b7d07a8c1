"""Writes jsonl.json: what Python's json makes of awkward JSON Lines, by the rules of JSONLinesReader.

Each case is the file's bytes (base64), the columns, and the rows, or null where the file is refused. Numbers
are the text they were written as, null is "", a list or an object is null. A file is refused when json refuses
one of its lines, when a line is no object, when an object lacks a key of the first one, or has one of them
twice. Half a surrogate pair is U+FFFD.

    python make_jsonl.py
"""

import base64
import json
import pathlib
import random


class Word(str):
    """A number as it was written."""


class Pairs(list):
    """An object, whose keys may be equal."""


class Refused(Exception):
    pass


def refuse(word):
    raise Refused(word)


def whole(text):
    return "".join("\ufffd" if 0xD800 <= ord(x) <= 0xDFFF else x for x in text)


def value(x):
    if x is None:
        return ""
    if isinstance(x, bool):
        return "true" if x else "false"
    if isinstance(x, list):
        return None
    return whole(str(x))


DECODER = json.JSONDecoder(
    object_pairs_hook=Pairs, parse_int=Word, parse_float=Word, parse_constant=refuse)


def read(data):
    if data.startswith(b"\xef\xbb\xbf"):
        data = data[3:]
    columns, rows = None, []
    for line in data.split(b"\n"):
        text = line.decode(errors="replace")
        if not text.strip(" \t\r"):
            continue
        try:
            pairs = DECODER.decode(text.strip(" \t\r\n"))
        except (ValueError, Refused, RecursionError):
            return columns, None
        if not isinstance(pairs, Pairs):
            return columns, None
        names = [whole(key) for key, _ in pairs]
        if columns is None:
            if not names or len(set(names)) < len(names):
                return None, None
            columns = names
        known = [x for x in names if x in columns]
        if sorted(known) != sorted(columns):
            return columns, None
        values = {whole(key): value(x) for key, x in pairs}
        rows.append([values[x] for x in columns])
    return columns, rows if columns else None


CASES = [
    b'{"text": "a", "label": 0}\n{"text": "b", "label": 1}\n',
    b'{"text": "a", "label": 0}\n{"label": 1, "text": "b"}',
    b'\xef\xbb\xbf{"a":"x"}\r\n{"a":"y"}\r\n\r\n   \n\t\n{"a":"z"}',
    b'{"a": "x", "b": null, "c": true, "d": false, "e": -1.50e+3, "f": 007}\n',
    b'{"a": "x", "b": null, "c": true, "d": false, "e": -1.50e+3, "f": 0.0}\n',
    b'{"a": 12345678901234567890123456789, "b": 1E400, "c": -0}\n',
    b'{"a": "\\u00e9\\n\\t\\r\\b\\f\\/\\\\\\"", "b": "\\ud83d\\ude00", "c": "\\ud800"}\n',
    b'{"a": "\\ud800\\ud800\\udc00", "b": "\\udc00\\ud800x", "c": "\\ud83dx\\ude00"}\n',
    b'{"a": "\\ud83d\\u0041", "b": "\\u0000", "c": "\\uD83D\\uDE00"}\n',
    b'{"a": "\\ud83d\\u00"}\n', b'{"a": "\\ud83d\\x"}\n', b'{"a": "\\u12g4"}\n', b'{"a": "\\u+123"}\n',
    b'{"a": "x", "z": 1}\n{"a": "y"}\n', b'{"a": "x"}\n{"a": "y", "z": [1, {"b": []}]}\n{"a":"z"}\n',
    b'{"a": "x"}\n{"a": "y", "z": [1, ]}\n', b'{"a": "x"}\n{"b": "y"}\n', b'{"a": "x"}\n{}\n', b'{}\n',
    b'{"a": [1, "]", {"k": "}"}], "b": {"c": {}}, "d": "x"}\n', b'{"a": "x", "a": "y"}\n',
    b'{"a": "x"}\n{"a": "x", "a": "y"}\n', b'{"a": "x"}\n{"a": "x", "z": 1, "z": 2}\n',
    b'{"\\u0061": "x"}\n{"a": "y"}\n', b'{"": "x"}\n{"": 1}\n', b'[{"a": 1}]\n', b'"a"\n', b'null\n', b'1\n',
    b'{"a": NaN}\n', b'{"a": Infinity}\n', b'{"a": -Infinity}\n', b'{"a": 01}\n', b'{"a": 1.}\n',
    b'{"a": .5}\n', b'{"a": +1}\n', b'{"a": 1e}\n', b'{"a": --1}\n', b'{"a": 0x1}\n', b'{"a": tru}\n',
    b'{"a": True}\n', b'{"a": nul', b'{"a": "x"', b'{"a": "x', b'{"a": "x"}}\n', b'{"a": "x"} {"a": "y"}\n',
    b'{"a": "x",}\n', b'{,"a": "x"}\n', b'{"a" "x"}\n', b'{"a": }\n', b"{'a': 'x'}\n", b'{"a": "x\ty"}\n',
    b'{"a": "x\x7fy\x80\xff\xc3\xa9\xed\xa0\x80"}\n', b'{"a\xff": "x"}\n{"a\xff": "y"}\n', b'{"a": \xff}\n',
    b'{"a":\n"x"}\n', b'  { "a" : "x" , "b" : [ ] }  \n', b'\x0b{"a": 1}\n', b'{"a": 1}\x00\n', b'', b'\n\n',
    b'{"a": "\xe2\x80\xa8x\xc2\x85"}\n', b'{"a": "' + b"x" * 3000 + b'"}\n{"a": "\\n"}\n',
    b'{"a": ' + b"[" * 60 + b"]" * 60 + b"}\n",
]
draw = random.Random(20261127)
PARTS = [
    b'{', b'}', b'[', b']', b'"', b',', b':', b'"a"', b'"a":', b'1', b'-', b'0', b'.', b'e', b'\\', b'\\u', b'd800',
    b'\\udc00', b'\\ud83d', b'true', b'null', b' ', b'\n', b'{"a":', b'"}', b'\xff', b'\xc3\xa9', b'\t',
]
LETTERS = ['a', '"', '\\', '/', '\n', '\t', '\x01', '\x7f', '\u00e9', '\u2028', '\u6f22', '\U0001f600', '{', ']', ',']


def text():
    value = "".join(draw.choice(LETTERS) for _ in range(draw.randint(0, 8)))
    written = json.dumps(value, ensure_ascii=draw.random() < 0.5)
    if draw.random() < 0.2:
        written = written[:-1] + draw.choice(["\\ud83d", "\\udc00x", "\\/", "\\uD800\\ud83d\\uDE00"]) + '"'
    return written


def member(depth=0):
    kind = draw.random()
    if kind < 0.55 or depth > 3:
        return text()
    if kind < 0.75:
        return draw.choice(["0", "-0", "17", "-2.50", "1e9", "1E-2", "0.1e+1", "123456789012345678901"])
    if kind < 0.9:
        return draw.choice(["true", "false", "null"])
    if kind < 0.95:
        return "[" + ",".join(member(depth + 1) for _ in range(draw.randint(0, 3))) + "]"
    return "{" + ", ".join(f"{text()}:{member(depth + 1)}" for _ in range(draw.randint(0, 3))) + "}"


def file():
    keys = draw.sample(["text", "label", "t\\u00eftle", "n", ""], draw.randint(1, 4))
    lines = []
    for row in range(draw.randint(1, 4)):
        members = [(f'"{key}"', member()) for key in keys]
        if row and draw.random() < 0.5:
            draw.shuffle(members)
            members.insert(draw.randint(0, len(members)), ('"extra"', member()))
        space = draw.choice(["", " ", "\t "])
        lines.append(
            "{" + space + f",{space}".join(f"{k}{space}:{space}{v}" for k, v in members) + space + "}")
    return draw.choice(["\n", "\r\n", "\n\n"]).join(lines).encode()


random_cases = []
for index in range(900):
    data = bytearray(file())
    for _ in range(draw.randint(1, 2) if index % 3 == 0 else 0):
        place = draw.randrange(len(data))
        kind = draw.random()
        if kind < 0.4:
            data[place] = draw.randrange(256)
        elif kind < 0.7:
            del data[place]
        else:
            data[place:place] = draw.choice(PARTS)
    if index % 10 == 0:
        data = b"".join(draw.choice(PARTS) for _ in range(draw.randint(1, 12)))
    random_cases.append(bytes(data))

lines = []
for data in CASES + random_cases:
    # What is no text at all is another refusal.
    if data[:2] in (b"\xff\xfe", b"\xfe\xff", b"\x1f\x8b"):
        continue
    columns, rows = read(data)
    if rows is None:
        columns = None
    lines.append(json.dumps([base64.b64encode(data).decode(), columns, rows]))
path = pathlib.Path(__file__).with_name("jsonl.json")
path.write_text("[\n" + ",\n".join(lines) + "\n]\n")
print(len(lines), "cases,", sum(x.endswith("null]") for x in lines), "refused")
