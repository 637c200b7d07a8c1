"""Writes golden.jsonl: texts with the token ids and the logits that Hugging Face transformers gives for the model.

The ids are those of the tokenizer in the folder, cut to 256 tokens. The logits are computed in float64 from the
float16 weights of the file, so they are right to many more digits than any float32 implementation can be: what
differs from them is that implementation's rounding. The largest distance of transformers' own float32 logits is
printed, as a yardstick."""
import argparse
import csv
import json
import pathlib

import torch
from transformers import AutoTokenizer, MobileBertForSequenceClassification

AWKWARD = [
    # nothing, blanks, single tokens
    "", "   ", "\n\r\n\t", "z", "Storm", ".", "\u00a0\u3000\u2003", "\u0000\u0007\u200b",
    # longer than the model, and one word longer than a word may be
    "harvest " * 300, "!" * 260, "ab" * 50, "ab" * 50 + "c", "ha" * 200 + " laughed the mayor",
    # punctuation and symbols glued to words
    "mother-in-law's \"quote\" (see p.7)", "$3.99/kg, -12.5 %, +7,000", "a_b*c=d^e~f|g\\h`i", "x\u2212y \u00d7 2 \u2248 \u221e", "\u00bfQu\u00e9? \u00a1No! \u00abs\u00ed\u00bb \u201eja\u201c \u2018so\u2019 \u2026",
    "3\u00bd, \u216b, \u2460, H\u2082O, E=mc\u00b2", "mayor@brightford.example https://news.example/a/b.html?id=7&x=%20#top", "\u20ac5 \u00a36 \u00a57 \u20b98",
    # accents, composed and not, and letters that lower-case oddly
    "S\u00f8ren \u00c5ngstr\u00f6m \u00cd\u00f1igo", "Zoe\u0308 Rene\u0301 n\u0303", "\u0308\u0301", "STRASSE Stra\u00dfe \u1e9e", "I\u0307 \u0130 \u0131 i", "\u03a3\u03af\u03c3\u03c5\u03c6\u03bf\u03c2 \u03a3\u0391\u03a3", "\ufb03 \u01c6 \u0149",
    # other scripts, with and without spaces of their own
    "\u901f\u5831 storm \u53f0\u98a8\u63a5\u8fd1", "\u304b\u306a\u30ab\u30ca mixed", "\ubd80\uc0b0 news", "\u0646\u0634\u0631\u0629 \u0665\u0666", "\u05e9\u05dc\u05d5\u05dd", "\u0e02\u0e48\u0e32\u0e27\u0e14\u0e48\u0e27\u0e19", "\u0938\u092e\u093e\u091a\u093e\u0930 \u0967\u0968",
    "\u041d\u043e\u0432\u043e\u0441\u0442\u0438 \u0401\u0436", "\U00020000\U0002a6d6 rare",
    # emoji, joiners, variation selectors, private use, tags
    "\U0001f525\U0001f525 wow", "\U0001f468\u200d\U0001f33e \U0001f1e6\U0001f1f9 \u2764\ufe0f", "\ue123 \U000f0000", "soft\u00adhyphen", "\u202eright to left\u202c", "\ufeffmark",
    "\U0001d400\U0001d401 \uff21\uff22\uff11",
    # what looks like a special token
    "[SEP]", "a [MASK] b [PAD]", "[UNK][CLS]", "[ SEP ] [sep] [Cls]", "##ing ##",
    # shouting
    "THEY ARE HIDING THE TRUTH!!! SHARE NOW!!!",
]


def main():
    here = pathlib.Path(__file__).parent
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--model", type=pathlib.Path, default=here / "model")
    parser.add_argument("--data", type=pathlib.Path, default=here / "test.csv")
    parser.add_argument("--out", type=pathlib.Path, default=here / "golden.jsonl")
    parser.add_argument("--texts", type=int, default=70, help="texts of --data besides the awkward ones (default 70)")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    tokenizer = AutoTokenizer.from_pretrained(arguments.model)
    single = MobileBertForSequenceClassification.from_pretrained(arguments.model, dtype=torch.float32).eval()
    double = MobileBertForSequenceClassification.from_pretrained(arguments.model, dtype=torch.float64).eval()
    with open(arguments.data, encoding="utf-8", newline="") as file:
        rows = [(r["title"] + " " + r["text"]).strip() for r in csv.DictReader(file)]
    # Every length: evenly through the rows sorted by length, the shortest and the longest included.
    rows.sort(key=lambda t: (len(t), t))
    chosen = [rows[round(k * (len(rows) - 1) / (arguments.texts - 1))] for k in range(arguments.texts)]
    texts = chosen + [" ".join(rows[-6:-3])] + AWKWARD
    largest, worst, lengths = 0.0, 0.0, []
    with open(arguments.out, "w", encoding="utf-8") as file, torch.inference_mode():
        for text in texts:
            ids = tokenizer(text, truncation=True, max_length=256, return_tensors="pt")["input_ids"]
            logits = double(input_ids=ids, attention_mask=torch.ones_like(ids)).logits[0]
            plain = single(input_ids=ids, attention_mask=torch.ones_like(ids)).logits[0]
            largest = max(largest, logits.abs().max().item())
            worst = max(worst, (logits - plain).abs().max().item())
            lengths.append(ids.shape[1])
            file.write(json.dumps({"text": text, "input_ids": ids[0].tolist(), "logits": logits.tolist()}) + "\n")
    print(f"{len(texts)} texts of {min(lengths)} to {max(lengths)} tokens; largest |logit| {largest:.4f}; "
          f"float32 in transformers is off by at most {worst:.2e}")


if __name__ == "__main__":
    main()
