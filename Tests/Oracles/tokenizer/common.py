"""Shared by the scripts in this folder: the stored forms, written here independently of the Swift
code from Formats/wordpiece/wordpiece.md, and the driver that runs our tokenizer."""

import json
import os
import pathlib
import random
import struct
import subprocess
import tempfile

os.environ["TOKENIZERS_PARALLELISM"] = "false"
os.environ["RAYON_NUM_THREADS"] = "1"
from tokenizers import AddedToken, Tokenizer, models, normalizers, pre_tokenizers, processors

ROOT = pathlib.Path(__file__).resolve().parents[3]
GOLDEN = ROOT / "Formats/wordpiece/golden"


def leb128(value):
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes(out) + bytes([value])


def pack_vocabulary(pieces):
    return b"".join(leb128(len(p)) + p for p in (piece.encode() for piece in pieces))


def pack_options(normalizer, length, ids, added):
    strips = normalizer.get("strip_accents")
    strips = normalizer["lowercase"] if strips is None else strips
    flags = [normalizer["lowercase"], strips, normalizer["handle_chinese_chars"], normalizer["clean_text"]]
    out = struct.pack("<BBH4II", 1, sum(f << i for i, f in enumerate(flags)), length, *ids, len(added))
    for token in added:
        bits = [token[k] for k in ("single_word", "lstrip", "rstrip", "normalized")]
        content = token["content"].encode()
        out += struct.pack("<IB", token["id"], sum(b << i for i, b in enumerate(bits)))
        out += leb128(len(content)) + content
    return out


def convert(text):
    """tokenizer.json to (packed vocabulary, number of pieces, options)."""
    made = json.loads(text)
    vocabulary = made["model"]["vocab"]
    pieces = [""] * (max(vocabulary.values()) + 1)
    for piece, i in vocabulary.items():
        pieces[i] = piece
    everything = {**vocabulary, **{t["content"]: t["id"] for t in made["added_tokens"]}}
    ids = [everything[made["model"]["unk_token"]]]
    ids += [everything.get(t, 0) for t in ("[CLS]", "[SEP]", "[PAD]")]
    length = made["model"]["max_input_chars_per_word"]
    options = pack_options(made["normalizer"], length, ids, made["added_tokens"])
    return pack_vocabulary(pieces), len(pieces), options


def golden_tokenizer(normalizer, length, added):
    """The library's tokenizer for the vocabulary in Formats/wordpiece/golden."""
    made = Tokenizer(models.WordPiece.from_file(
        str(GOLDEN / "vocab.txt"), unk_token="[UNK]", max_input_chars_per_word=length))
    made.normalizer = normalizers.BertNormalizer(**normalizer)
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)])
    for t in added:
        flags = {k: v for k, v in t.items() if k not in ("content", "id")}
        made.add_tokens([AddedToken(t["content"], **flags)])
        assert made.token_to_id(t["content"]) == t["id"], t
    return made


def build(folder):
    """Compiles the driver into `folder`, once."""
    path = pathlib.Path(folder) / "driver"
    sources = sorted(ROOT.glob("Sources/MBQCore/**/*.swift"))
    tokenizer = sorted(ROOT.glob("Sources/MBQTokenizer/**/*.swift"))
    # One module: the imports of MBQCore go.
    copies = []
    for source in tokenizer:
        copy = pathlib.Path(folder) / source.name
        lines = source.read_text().splitlines(keepends=True)
        copy.write_text("".join(line for line in lines if not line.endswith("import MBQCore\n")))
        copies.append(copy)
    driver = pathlib.Path(__file__).with_name("driver.swift")
    command = ["swiftc", "-O", "-wmo", "-parse-as-library", "-swift-version", "6", "-module-name", "driver"]
    subprocess.run([*command, *sources, *copies, driver, "-o", path], check=True)
    return path


class Ours:
    """Our tokenizer for one tokenizer.json."""

    def __init__(self, folder, tokenizer_json):
        self.program = pathlib.Path(folder) / "driver"
        packed, self.count, options = convert(tokenizer_json)
        self.folder = tempfile.mkdtemp(dir=folder)
        self.vocabulary, self.options = self.folder + "/vocabulary", self.folder + "/options"
        pathlib.Path(self.vocabulary).write_bytes(packed)
        pathlib.Path(self.options).write_bytes(options)

    def command(self, *mode):
        return [str(x) for x in (self.program, self.vocabulary, self.count, self.options, *mode)]

    def run(self, texts, *mode):
        data = b"".join(struct.pack("<I", len(t)) + t for t in texts)
        return subprocess.run(self.command(*mode), input=data, stdout=subprocess.PIPE, check=True).stdout

    def encode(self, texts, limit=0, mode="encode"):
        """For each text (ids, count before truncation, where the second text begins)."""
        data, place, results = self.run(texts, mode, limit), 0, []
        while place < len(data):
            count, total, second = struct.unpack_from("<III", data, place)
            ids = list(struct.unpack_from(f"<{count}I", data, place + 12))
            results.append((ids, total, second))
            place += 12 + 4 * count
        return results

    def normalize(self, texts):
        data, place, results = self.run(texts, "normalize"), 0, []
        while place < len(data):
            (count,) = struct.unpack_from("<I", data, place)
            results.append(data[place + 4 : place + 4 + count])
            place += 4 + count
        return results


# Texts of every kind, for a seeded generator.

NEWS = """President said on Monday that the government will announce new measures before Friday's vote
Shares fell 3.5% after the company's quarterly results missed forecasts U.S. don't can't won't
SHOCKING You won't BELIEVE what happened next!!! https://t.co/AbC123 #covid19 @WHO (Reuters) -- “quoted” ’s
e-mail: a.b@c.org $1,000.50 unaffordability antidisestablishmentarianism Xi'an São Paulo naïve café""".split()
SPECIAL = ["[CLS]", "[SEP]", "[MASK]", "[PAD]", "[UNK]", "[cls]", "[CLS", "[[SEP]]", "##ing", "##", "[unused5]"]
RANGES = {
    "ascii": (0x20, 0x7F), "control": (0, 0x20), "latin": (0x80, 0x250), "ipa": (0x250, 0x300),
    "marks": (0x300, 0x370), "greek": (0x370, 0x530), "semitic": (0x590, 0x8E0), "indic": (0x900, 0x1000),
    "jamo": (0x1100, 0x1200), "balinese": (0x1B00, 0x1C00), "extended": (0x1E00, 0x2000),
    "general": (0x2000, 0x2070), "symbols": (0x20D0, 0x2C00), "cjk": (0x2E80, 0x3400),
    "han": (0x4E00, 0x4F00), "hangul": (0xAC00, 0xD7A4), "edge": (0xD780, 0xD800), "private": (0xE000, 0xE020),
    "compatibility": (0xF900, 0xFB00), "forms": (0xFE00, 0x10000), "plane1": (0x10000, 0x12000),
    "music": (0x1D100, 0x1D200), "mathematical": (0x1D400, 0x1D800), "slavonic": (0x1E000, 0x1E100),
    "emoji": (0x1F300, 0x1FA00), "plane2": (0x20000, 0x20100), "supplement": (0x2F800, 0x2FA20),
    "tags": (0xE0000, 0xE0200), "any": (0, 0x110000),
}
# Marks that survive accent stripping and yet are reordered, with some that are dropped.
REORDERED = [chr(c) for c in (0x302E, 0x302F, 0x1D165, 0x1D16D, 0x1D16E, 0x1B44, 0xA953, 0x11442, 0x11446,
                              0x1E000, 0x8D5, 0x300, 0x323, 0x345, 0x34F, 0xC48, 0xE31, 0x1BF2, 0x1E94A)]
SPACES = " \t\n\r\x0b\x0c\x85\xa0\u1680\u2003\u2028\u2029\u202f\u205f\u3000\u200b\ufeff\x00\ufffd\u00ad"


def character(rng, kind):
    while True:
        c = rng.randrange(*RANGES[kind])
        if not 0xD800 <= c < 0xE000:
            return chr(c)


def random_text(rng, extra=()):
    """A text of mixed parts; `extra` are strings to put in as they are, as special tokens are."""
    parts = []
    for _ in range(rng.choice((1, 1, 2, 3, 5, 8, 20))):
        kind = rng.randrange(12)
        if kind < 4:
            parts.append(rng.choice(NEWS))
        elif kind < 7:
            name = rng.choice(list(RANGES))
            parts.append("".join(character(rng, name) for _ in range(rng.choice((1, 2, 3, 6)))))
        elif kind == 7:
            parts.append(rng.choice("aeiouAEIOUnNsİI") + "".join(
                rng.choice(REORDERED) if rng.random() < 0.6 else character(rng, "marks")
                for _ in range(rng.choice((1, 2, 3, 5)))))
        elif kind == 8:
            parts.append(rng.choice([*SPECIAL, *extra]))
        elif kind == 9:
            parts.append("".join(character(rng, rng.choice(list(RANGES))) for _ in range(rng.choice((2, 5, 9)))))
        elif kind == 10:
            base = rng.choice(("x", "ab", "é", "한", "a\u0301", "\U0001d400", "The"))
            parts.append(base * rng.choice((1, 2, 16, 32, 33, 34, 49, 50, 51, 99, 100, 101, 130)))
        else:
            parts.append("".join(rng.choice(SPACES) for _ in range(rng.choice((1, 2)))))
        if rng.random() < 0.6:
            parts.append(" " if rng.random() < 0.9 else rng.choice(SPACES))
    return "".join(parts)


def random_texts(seed, count, extra=()):
    rng = random.Random(seed)
    return [random_text(rng, extra) for _ in range(count)]
