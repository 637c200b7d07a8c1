"""Writes csv.json: what pandas.read_csv finds in awkward files.

A case is its bytes (`parts`: base64 and how often it is repeated), the separator, the columns and the
rows; a value of more than 200 characters is given by the SHA-256 of its UTF-8 instead. `random` holds pairs of bytes and rows, null where pandas refuses.

    python make_csv.py
"""

import base64
import hashlib
import io
import json
import pathlib
import random
import re
import warnings

import pandas

CASES = {
    "plain": b"title,text,label\nA,one,0\nB,two,1\n",
    "no line break at the end": b"a,b\n1,2\n3,4",
    "CRLF": b"a,b\r\n1,2\r\n3,4\r\n",
    "CR": b"a,b\r1,2\r3,4\r",
    "mixed line ends": b"a,b\n1,2\r\n3,4\r5,6\n\r7,8\r\r\n9,10",
    "byte order mark": b"\xef\xbb\xbfa,b\n1,2\n",
    "byte order mark before a quote": b'\xef\xbb\xbf"a",b\n1,2\n',
    "quoted": b'a,b\n"1","2"\n"x,y","z"\n',
    "escaped quotes": b'a,b\n"say ""hi""",2\n"""",""""""\n"""a""","b"""\n',
    "line breaks inside quotes": b'a,b\n"1\n2","3\r\n4"\n"5\r6",\n',
    "empty fields": b'a,b,c\n,,\n"","",""\n1,,3\n',
    "empty lines": b"\n\na,b\n\n1,2\n\r\n\r\n\n3,4\n\n",
    "lines of spaces and tabs": b"a,b\n   \n1,2\n\t \t\r\n3,4\n  ",
    "spaces are kept": b"a , b\n 1 , 2 \n\t3,4\t\n",
    "quote after a space is a letter": b'a,b\n "1", x"y"\n',
    "text after a closing quote": b'a,b\n"1"x,"2" "3"\n"4"",""5",6\n',
    "quote inside a plain field": b'a,b\nit"s,5"\n1""2,""\n',
    "quoted field of one column": b'a\n""\n"x"\n" "\n\n y\n',
    "missing values are texts": b"a,b\nNA,null\nNaN,None\n,nan\n",
    "invalid UTF-8": b"a,b\n\xff\xfe,\x80abc\nx\xc3,\xe2\x82y\n\xf0\x9f\x98,\xed\xa0\x80\n\xc0\xaf,z\n",
    "Unicode": "título,текст\n漢字,😀👩‍👩‍👧\n\u2028,\u0085\n".encode(),
    "commas only": b"a,b,c\n,,\n,,",
    "separator at the very end": b"a,b\n1,",
    "closing quote at the very end": b'a,b\n1,"2"',
    "numbers as they stand": b"a,b\n007,1e5\n1.0,+3\n",
    "markup and formulas": b"a,b\n<b>x</b>,=1+1\n#,//\n\\n,\\\"\n",
    "header in quotes with line break": b'"a\nb","c,d"\n1,2\n',
}
TABBED = {
    "tabs": b"a\tb\n1\t2\n\t\n\"x\ty\"\t\"z\"\"\"\n",
    "tabs and commas": b"a,b\tc\n1,2\t3\n  \n4\t\n",
}
LONG = {
    "a long quoted field": [(b"a,b\n\"", 1), (b'Long ""text"", with\nlines; ', 6000), (b'",1\nx,2\n', 1)],
    "a long plain field": [(b"a,b\n", 1), ("häßlich und lang ".encode(), 9000), (b",1\nx,2\n", 1)],
    "many rows": [(b"a,b,c\n", 1), (b'"1,1",2,3\n4,"5\n5",""\n', 9000)],
}


def value(text):
    if len(text) <= 200:
        return text
    return {"sha256": hashlib.sha256(text.encode()).hexdigest()}


def case(name, parts, separator):
    data = b"".join(part * times for part, times in parts)
    frame = pandas.read_csv(
        io.BytesIO(data), sep=separator, dtype=str, keep_default_na=False, index_col=False,
        encoding="utf-8", encoding_errors="replace", engine="c")
    rows = [[value(x) for x in row] for row in frame.itertuples(index=False, name=None)]
    whole = hashlib.sha256()
    for row in frame.itertuples(index=False, name=None):
        for text in row:
            encoded = text.encode()
            whole.update(len(encoded).to_bytes(8, "little") + encoded)
    return {
        "name": name, "separator": separator,
        "parts": [[base64.b64encode(part).decode(), times] for part, times in parts],
        "columns": list(frame.columns), "count": len(rows), "sha256": whole.hexdigest(),
        "rows": rows if len(rows) < 100 else None,
    }


def random_cases():
    """Files made of the awkward bytes alone.

    pandas fills rows that are too short and cuts those that are too long where we refuse both, so the
    test compares the values of the files that we accept. No rows are where
    pandas refuses: an open quote, or a row longer than those before it.
    """
    generator = random.Random(20240)
    pieces = [b",", b"\n", b"\r", b"\r\n", b'"', b'""', b'","', b"x", b" ", b"\t", b"yz", b",x\n"]
    found = []
    while len(found) < 2000:
        body = b"".join(
            generator.choice(pieces) + generator.choice([b"", b",", b"\n"])
            for _ in range(generator.randint(1, 12)))
        data = b"a,b\n" + body
        # After an empty line ended by CR alone pandas 3.1.1 drops a separator that comes first
        # (EAT_CRLF_NOP in its tokenizer.c). We do not.
        if re.search(rb"[\r\n][ \t]*\r,", data):
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                built = case("random", [(data, 1)], ",")
            except pandas.errors.ParserError as error:
                assert "EOF inside string" in str(error) or "Expected " in str(error)
                built = {"refused": True}
        found.append([base64.b64encode(data).decode(), built.get("rows")])
    return found


cases = [case(name, [(data, 1)], ",") for name, data in CASES.items()]
cases += [case(name, [(data, 1)], "\t") for name, data in TABBED.items()]
cases += [case(name, parts, ",") for name, parts in LONG.items()]
randoms = random_cases()
path = pathlib.Path(__file__).with_name("csv.json")
path.write_text(json.dumps(
    {"cases": cases, "random": randoms}, separators=(",", ":"), ensure_ascii=True) + "\n")
print(len(cases), "cases,", path.stat().st_size, "bytes")
