"""Compares every Unicode scalar value with Hugging Face `tokenizers`; exits 1 if any differ.

usage: compare_all_scalars.py

For every combination of the normalizer's four options: the normalized text of each scalar value alone
and between two letters. Then, with vocabularies that have each scalar value as a piece of its own (at
the beginning of a word and within one), the ids of the same texts, which show how they are cut into
words: "a?b" is one word, two, or three. Last, the characters that a single-word token may stand next to.
"""

import json
import pathlib
import sys
import tempfile

from tokenizers import AddedToken, Tokenizer, models, normalizers, pre_tokenizers

import common

SCALARS = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000]


def tokenizer(vocabulary, options, added=()):
    made = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    made.normalizer = normalizers.BertNormalizer(*options)
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made.add_tokens(list(added))
    return made


def differing(name, texts, want, have):
    wrong = [(t, w, h) for t, w, h in zip(texts, want, have, strict=True) if w != h]
    for text, w, h in wrong[:5]:
        print("  differs:", ascii(text), "want", ascii(w), "have", ascii(h))
    print(f"{name}: {len(texts)} texts, {len(wrong)} differ", flush=True)
    return len(wrong)


def main():
    wrong = 0
    specials = ["[UNK]", "[CLS]", "[SEP]", "[PAD]"]
    with tempfile.TemporaryDirectory() as folder:
        common.build(folder)
        texts = [chr(c) for c in SCALARS] + ["a" + chr(c) + "b" for c in SCALARS]
        encoded = [t.encode() for t in texts]
        for bits in range(16):
            options = [bool(bits >> i & 1) for i in range(4)]
            theirs = tokenizer({p: i for i, p in enumerate(specials)}, options)
            ours = common.Ours(folder, theirs.to_str())
            want = [theirs.normalizer.normalize_str(t) for t in texts]
            have = [b.decode() for b in ours.normalize(encoded)]
            name = "clean {} space {} strip {} lower {}".format(*map(int, options))
            wrong += differing("normalized, " + name, texts, want, have)

        for options in ([True, True, True, True], [False, False, False, False]):
            step = 1 << 16
            for start in range(0, len(SCALARS), step):
                part = [chr(c) for c in SCALARS[start : start + step]]
                theirs = tokenizer({p: i for i, p in enumerate(specials)}, options)
                single = {x for c in part for x in theirs.normalizer.normalize_str(c)} | set("ab")
                pieces = specials + sorted(single) + ["##" + x for x in sorted(single)]
                theirs = tokenizer({p: i for i, p in enumerate(pieces)}, options)
                ours = common.Ours(folder, theirs.to_str())
                texts = part + ["a" + c + "b" for c in part]
                want = [e.ids for e in theirs.encode_batch_fast(texts, add_special_tokens=False)]
                have = [ids[1:-1] for ids, _, _ in ours.encode([t.encode() for t in texts])]
                wrong += differing(f"ids from U+{ord(part[0]):X} on, {options}", texts, want, have)

        token = AddedToken("xy", single_word=True, lstrip=True, rstrip=True, normalized=False)
        theirs = tokenizer({p: i for i, p in enumerate([*specials, "xy", "a", "##a"])}, [False] * 4, [token])
        ours = common.Ours(folder, theirs.to_str())
        texts = ["xy" + chr(c) for c in SCALARS] + [chr(c) + "xy" for c in SCALARS]
        want = [e.ids for e in theirs.encode_batch_fast(texts, add_special_tokens=False)]
        have = [ids[1:-1] for ids, _, _ in ours.encode([t.encode() for t in texts])]
        wrong += differing("single word", texts, want, have)
    print("in all", wrong, "differ")
    sys.exit(1 if wrong else 0)


main()
