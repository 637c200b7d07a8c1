"""Makes Formats/wordpiece/golden from Hugging Face `tokenizers` and a vocabulary of our own.

usage: make_goldens.py      (writes into the repository)

 vocab.txt            the vocabulary, one piece a line, written by this script
 vocabulary.bin       the same, packed
 configurations.json  for each configuration its options, as tokenizer.json has them, and its stored form
 cases.tsv            configuration, limit (0: none), text, second text, ids, count without a limit,
                      where the second text begins. Texts are JSON strings, or hexadecimal bytes after
                      `bytes:` where they are not UTF-8.
"""

import json
import random
import string

import common
from common import GOLDEN

WORDS = """the of and to in is that for on was with as it be by at from this have are not but president said
government news vote friday monday share shares fell after company quarter quarterly result missed forecast
believe what happened next shocking you won don can t s re http https co com org www u reuters e mail naive
cafe sao paulo measure announce new will before unafford ability state states court senate white house un
who covid real fake report claim video photo people year week day time percent million dollar
antidisestablishmentarianism pneumonoultramicroscopicsilicovolcanoconiosis President The News Friday SHOCKING
BELIEVE São Café Über İ Å é ñ ü ß œ σ ς я й и й""".split()
TAILS = """s ed ing ly er est ness ment tion able ability ation ize al ic ous ful less un re or and co on
establishment arian ism nano floccinaucinihilipilificationistically é ñ ü ß œ σ я й 한 ᅡ ᆫ ́ ̇ \u302e 中 文""".split()
SYMBOLS = "“”‘’–—…€£©®°½²ªº¿¡«»。，、！？（）「」・〜￥中文新闻日本語國一丁한국뉴스가한국😀👍🎉𝔘𝒜ﬁﬂⅧ①ªµΩωاخبارनमहि"


def vocabulary():
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "[unused0]", "news", ""]
    letters = string.ascii_letters + string.digits
    pieces += list(string.punctuation + letters) + ["##" + c for c in letters]
    pieces += WORDS  # `news` comes twice: the later one counts
    pieces += ["##" + t for t in TAILS]
    for symbol in SYMBOLS:
        pieces += [symbol] if symbol not in pieces else []
    pieces += ["##" + s for s in "文闻語가뉴ᅡᆫᅮᆨ👍" if "##" + s not in pieces]
    return pieces


def token(content, index, **flags):
    names = ("single_word", "lstrip", "rstrip", "normalized")
    return {"content": content, "id": index, **{n: flags.get(n, False) for n in names}}


def configurations(pieces):
    special = [token(pieces[i], i) for i in range(5)]
    plain = {"clean_text": True, "handle_chinese_chars": True, "strip_accents": None, "lowercase": True}
    count = len(set(pieces))  # what the library gives to the next token, though one piece comes twice
    added = special + [
        token("<user>", count),
        token("<user>s", count + 1, lstrip=True),
        token("Breaking News", count + 2, normalized=True),
        token("Éclair", count + 3, normalized=True, single_word=True),
        token("covid", pieces.index("covid"), single_word=True),
        token("<end>", count + 4, rstrip=True),
        token(" gap", count + 5, normalized=True),
        token("中文", count + 6, normalized=True, lstrip=True, rstrip=True),
    ]
    return {
        "uncased": {"normalizer": plain, "length": 100, "added": special},
        "cased": {"normalizer": {**plain, "lowercase": False}, "length": 100, "added": special},
        "accents": {"normalizer": {**plain, "strip_accents": False}, "length": 100, "added": special},
        "stripped": {
            "normalizer": {**plain, "lowercase": False, "strip_accents": True}, "length": 100, "added": special},
        "raw": {"normalizer": dict.fromkeys(plain, False), "length": 20, "added": []},
        "joined": {
            "normalizer": {**plain, "clean_text": False, "handle_chinese_chars": False}, "length": 7,
            "added": special},
        "added": {"normalizer": plain, "length": 100, "added": added},
    }


HAND = [
    "", " ", "a", "The", "!!!", "\t\n", "naïve café Ångström", "NAÏVE CAFÉ", "ＦＵＬＬ width", "中文新闻 mixed with news",
    "日本語のニュース", "한국 뉴스", "emoji 😀👍 here", "zero\u200bwidth \ufeffjoiner\u200d", "control \x01\x02 chars \x7f",
    "x" * 99, "x" * 100, "x" * 101, "é" * 50 + "e\u0301" * 50, "é" * 51 + "e\u0301" * 50, "한" * 33, "한" * 34,
    "don't can't won't", "e-mail: a.b@c.org, $1,000.50 (30%)", "[CLS] literal [SEP] markers [MASK] [PAD] [UNK]",
    "[cls] lower", "[[SEP]]", "x[SEP]y", "[SEP", "[", "ﬁligature Ⅷ roman ½", "İstanbul ıI", "İ", "ẞß ss", "a\u0301 combining",
    "\u0301 alone", "\u0301", "–—―‘’“”…", "©®™ §¶", "１２３ ٣٤٥ ४५६", "ALL CAPS SHOCKING!!!", "tab\tseparated\r\nlines",
    "\u2028line\u2029para", "\ud7ff\ue000\uffff private", "𝔘𝔫𝔦", "اخبار", "हिन्दी", "ΣΑΣ ς", "K Å Ω", "\u0344a", "c\u0c48\u302e",
    "a\u302e\u1d16d"[:2] + "\U0001d165\u302e\U0001d16d\u1b44", "a\u0323\u302e\u0301\u1b44\u034f\u1b44", "news", "newsnews",
    "pneumonoultramicroscopicsilicovolcanoconiosis", "Antidisestablishmentarianism",
    "anfloccinaucinihilipilificationisticallys", "unaffordability", "co\x00vid \ufffd vid", "\x85\x0b\x0c \x1c",
    "<user>s and <user> news", "  <user>s  covid", "Breaking News: breaking\tnews", "breakingnews éclair Éclairs éclair",
    "covid covid19 xcovid 中covid文 covid", "<end>   gap and  gap", "a gap", "  中文  中文 文中文中", "\U000c0ba8 \U0010ffff \U000e0041",
    "ab " * 40, "[MASK]" * 9, "\uac00\u11a8\u1100\u1161", "e\u0301\u0323e\u0323\u0301", "½⅓ ⁿ x²", "\u1e9b\u0323",
]
ILL_FORMED = [
    b"\xff", b"a\x80b", b"\xc3", b"caf\xc3", b"\xc3(", b"\xe2\x82", b"\xe2\x82x", b"\xe2(\xa1", b"\xf0\x9f\x98", b"\xf0\x9f\x98 news",
    b"\xf0(\x8c(", b"\xed\xa0\x80", b"\xed\xbf\xbf", b"\xc0\x80", b"\xc1\xbf", b"\xe0\x80\xaf", b"\xf4\x90\x80\x80", b"\xf8\x88\x80\x80\x80",
    b"\xf5\x80\x80\x80", b"the\xf0\x90\x80news\xfe", b"\x80" * 7, b"\x80" * 8, b"\xe1\x80\xe2\xf0\x91\x92\xf1\xbf\x41",
    b"[SEP\xff] [SEP]\xff", b"\xef\xbf\xbd\xef\xbf", b"covid\xffcovid", b"\xffcovid",
]


def main():
    GOLDEN.mkdir(parents=True, exist_ok=True)
    pieces = vocabulary()
    (GOLDEN / "vocab.txt").write_text("".join(p + "\n" for p in pieces))
    (GOLDEN / "vocabulary.bin").write_bytes(common.pack_vocabulary(pieces))
    made = configurations(pieces)
    described, tokenizers = {}, {}
    for name, c in made.items():
        tokenizers[name] = common.golden_tokenizer(c["normalizer"], c["length"], c["added"])
        stored = common.pack_options(c["normalizer"], c["length"], [1, 2, 3, 0], c["added"])
        described[name] = {**c["normalizer"], "length": c["length"], "added": c["added"], "stored": stored.hex()}
    (GOLDEN / "configurations.json").write_text(json.dumps(described, indent=1, ensure_ascii=False) + "\n")

    rng = random.Random(1)
    extra = ["<user>", "<user>s", "Breaking News", " gap", "<end>", "éclair", "covid", "中文"]
    known = [p.removeprefix("##") for p in pieces if p]

    def text():
        short = common.random_text(rng, extra) if rng.random() < 0.6 else "".join(
            rng.choice(known) + rng.choice(("", "", " ", "  ", "-")) for _ in range(rng.randrange(1, 9)))
        return short[:60]

    names = list(made)
    cases = [(name, 0, t, None) for t in HAND for name in names]
    cases += [("uncased", limit, HAND[2], None) for limit in (2, 3, 4)]
    for i in range(1700):
        name = names[i % len(names)]
        cases.append((name, rng.choice((0, 0, 2, 3, 8, 16)), text(), text() if i % 4 == 3 else None))
    for i in range(300):
        first, second = " ".join(["the"] * rng.randrange(9)), "a!" * rng.randrange(5)
        cases.append(("uncased", rng.randrange(3, 14), first, second))
    cases = [(n, max(limit, 3) if limit and second is not None else limit, t, second) for n, limit, t, second in cases]
    cases += [(name, 0, b, None) for b in ILL_FORMED for name in ("uncased", "raw", "added")]

    lines = []
    for name, limit, first, second in cases:
        tokenizer = tokenizers[name]
        texts = [t.decode("utf-8", "replace") if isinstance(t, bytes) else t for t in (first, second) if t is not None]
        tokenizer.no_truncation()
        whole = tokenizer.encode(*texts)
        if limit:
            tokenizer.enable_truncation(limit)
        got = tokenizer.encode(*texts)
        begins = got.type_ids.index(1) if 1 in got.type_ids else len(got.ids)
        shown = [
            "" if t is None else "bytes:" + t.hex() if isinstance(t, bytes) else json.dumps(t, ensure_ascii=False)
            for t in (first, second)]
        ids = " ".join(map(str, got.ids))
        lines.append("\t".join([name, str(limit), *shown, ids, str(len(whole.ids)), str(begins)]))
    data = "".join(line + "\n" for line in lines)
    (GOLDEN / "cases.tsv").write_text(data, newline="\n")
    print(len(lines), "cases,", len(data.encode()), "bytes,", len(pieces), "pieces")


main()
