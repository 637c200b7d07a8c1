"""Trains the tiny-news classifier: a WordPiece vocabulary and a MobileBERT small enough to carry in the repository.

Reads DATA/train.csv, DATA/validation.csv and DATA/test.csv (make_corpus.py writes them) and writes a Hugging Face
folder: config.json, model.safetensors (float16), vocab.txt, tokenizer.json, tokenizer_config.json. The accuracies
printed at the end are those of the float16-rounded weights computed in float32, as any reader of the folder gets.

One thread on purpose: float sums are then taken in one order, and the same seed, versions and CPU give the same bytes."""
import argparse
import collections
import csv
import json
import math
import pathlib
import random
import time

import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers import AutoTokenizer, MobileBertConfig, MobileBertForSequenceClassification

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
MAXIMUM_LENGTH = 256


def read_rows(path):
    """([text], [label]); a text is title and text joined by a space, as in training on WELFake."""
    with open(path, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return [(r["title"] + " " + r["text"]).strip() for r in rows], [int(r["label"]) for r in rows]


def learn_pieces(words, size):
    """A WordPiece vocabulary of at most `size` pieces for `words`, {word: count}: the letters, then the commonest pairs of neighbours
    joined, one after another (byte-pair encoding, as the trainer of the tokenizers library does it). That trainer breaks ties differently from
    run to run; here the alphabetically first of equally common pairs is joined."""
    letters = collections.Counter()
    split = []
    for word, count in sorted(words.items()):
        pieces = [word[0]] + ["##" + letter for letter in word[1:]]
        split.append((pieces, count))
        for piece in pieces:
            letters[piece] += count
    known = {piece for piece, count in letters.items() if count >= 5}
    split = [(pieces, count) for pieces, count in split if known.issuperset(pieces)]
    pairs, places = collections.Counter(), collections.defaultdict(set)

    def tally(index, sign):
        pieces, count = split[index]
        for pair in zip(pieces, pieces[1:]):
            pairs[pair] += sign * count
            places[pair].add(index)

    for index in range(len(split)):
        tally(index, 1)
    while len(known) + len(SPECIAL) < size and pairs:
        first, second = best = min(pairs, key=lambda pair: (-pairs[pair], pair))
        joined = first + second.removeprefix("##")
        known.add(joined)
        for index in sorted(places[best]):
            tally(index, -1)
            pieces, k = split[index][0], 0
            while k + 1 < len(pieces):
                if pieces[k] == first and pieces[k + 1] == second:
                    pieces[k:k + 2] = [joined]
                k += 1
            tally(index, 1)
        del pairs[best], places[best]
    return SPECIAL + sorted(known)


def write_tokenizer(texts, out, size):
    """A lower-casing BERT tokenizer with a vocabulary of `size` pieces learned from `texts`, special ones included."""
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(clean_text=True, handle_chinese_chars=True, lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    words = collections.Counter()
    for text in texts:
        words.update(word for word, _ in tokenizer.pre_tokenizer.pre_tokenize_str(tokenizer.normalizer.normalize_str(text)))
    pieces = learn_pieces(words, size)
    (out / "vocab.txt").write_text("\n".join(pieces) + "\n", encoding="utf-8")
    tokenizer.model = models.WordPiece({p: i for i, p in enumerate(pieces)}, unk_token="[UNK]", max_input_chars_per_word=100)
    tokenizer.add_special_tokens(SPECIAL)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)])
    tokenizer.save(str(out / "tokenizer.json"))
    options = dict(tokenizer_class="BertTokenizer", do_lower_case=True, strip_accents=None, tokenize_chinese_chars=True,
                   model_max_length=MAXIMUM_LENGTH, padding_side="right", pad_token="[PAD]", unk_token="[UNK]",
                   cls_token="[CLS]", sep_token="[SEP]", mask_token="[MASK]")
    (out / "tokenizer_config.json").write_text(json.dumps(options, indent=2, sort_keys=True) + "\n")
    return AutoTokenizer.from_pretrained(out), len(pieces)


def batches(rows, size, rng=None):
    """(ids, mask, labels) of rows of about equal length, so that little of a batch is padding; shuffled with `rng`."""
    order = sorted(range(len(rows)), key=lambda i: len(rows[i][0]) + (rng.random() * 8 if rng else 0))
    groups = [order[i:i + size] for i in range(0, len(order), size)]
    if rng:
        rng.shuffle(groups)
    for group in groups:
        width = max(len(rows[i][0]) for i in group)
        ids = torch.zeros(len(group), width, dtype=torch.long)
        mask = torch.zeros_like(ids)
        for k, i in enumerate(group):
            ids[k, :len(rows[i][0])] = torch.tensor(rows[i][0])
            mask[k, :len(rows[i][0])] = 1
        yield ids, mask, torch.tensor([rows[i][1] for i in group])


def accuracy(model, rows):
    model.eval()
    right = 0
    with torch.inference_mode():
        for ids, mask, labels in batches(rows, 64):
            right += (model(input_ids=ids, attention_mask=mask).logits.argmax(-1) == labels).sum().item()
    return right / len(rows)


def train(model, rows, validation, epochs, peak, seed):
    """AdamW with warm-up and a cosine. NoNorm does not re-centre anything, so a large step early is not forgiven:
    hence the warm-up and the clipping."""
    rng = random.Random(seed)
    decayed = [p for n, p in model.named_parameters() if p.ndim > 1]
    plain = [p for n, p in model.named_parameters() if p.ndim <= 1]
    optimizer = torch.optim.AdamW([dict(params=decayed, weight_decay=0.01), dict(params=plain, weight_decay=0)], lr=peak, eps=1e-6)
    size = 32
    total = epochs * math.ceil(len(rows) / size)
    warm_up = total // 10
    schedule = lambda s: (s + 1) / warm_up if s < warm_up else 0.5 * (1 + math.cos(math.pi * (s - warm_up) / (total - warm_up)))
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, schedule)
    started = time.time()
    for epoch in range(epochs):
        model.train()
        losses = []
        for ids, mask, labels in batches(rows, size, rng):
            # One token in twelve becomes [UNK]: names the vocabulary has not seen must not decide.
            hidden = (torch.rand(ids.shape) < 1 / 12) & (ids >= len(SPECIAL))
            logits = model(input_ids=ids.masked_fill(hidden, 1), attention_mask=mask).logits
            loss = torch.nn.functional.cross_entropy(logits, labels, label_smoothing=0.02)
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            scheduler.step()
            losses.append(loss.item())
        print(f"epoch {epoch + 1}/{epochs}: loss {sum(losses) / len(losses):.4f}, validation accuracy "
              f"{accuracy(model, validation):.4f}, {time.time() - started:.0f} s", flush=True)


def main():
    here = pathlib.Path(__file__).parent
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=pathlib.Path, default=here, help="folder with train.csv, validation.csv and test.csv")
    parser.add_argument("--out", type=pathlib.Path, default=here / "model", help="folder to write the checkpoint to")
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--peak", type=float, default=1e-3, help="the largest learning rate")
    parser.add_argument("--vocabulary", type=int, default=2400, help="number of word pieces")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(arguments.seed)
    arguments.out.mkdir(parents=True, exist_ok=True)

    texts, labels = read_rows(arguments.data / "train.csv")
    tokenizer, pieces = write_tokenizer(texts, arguments.out, arguments.vocabulary)
    tokenize = lambda t, l: list(zip(tokenizer(t, truncation=True, max_length=MAXIMUM_LENGTH)["input_ids"], l))
    rows = tokenize(texts, labels)
    held_out = {name: tokenize(*read_rows(arguments.data / f"{name}.csv")) for name in ("validation", "test")}
    lengths = sorted(len(ids) for ids, _ in rows)
    print(f"{pieces} pieces; tokens a text: mean {sum(lengths) / len(lengths):.0f}, median {lengths[len(lengths) // 2]}, "
          f"at the limit {sum(n == MAXIMUM_LENGTH for n in lengths)}")

    # The structure of google/mobilebert-uncased, an eighth to a quarter as wide and 6 layers instead of 24.
    config = MobileBertConfig(
        vocab_size=pieces, embedding_size=32, hidden_size=128, intra_bottleneck_size=64, intermediate_size=128,
        num_attention_heads=4, num_hidden_layers=6, num_feedforward_networks=4, max_position_embeddings=MAXIMUM_LENGTH,
        hidden_act="relu", normalization_type="no_norm", trigram_input=True, key_query_shared_bottleneck=True,
        use_bottleneck_attention=False, classifier_activation=False, initializer_range=0.05, pad_token_id=0,
        problem_type="single_label_classification", id2label={0: "real", 1: "fake"}, label2id={"real": 0, "fake": 1})
    model = MobileBertForSequenceClassification(config)
    print(f"{sum(p.numel() for p in model.parameters())} parameters")
    train(model, rows, held_out["validation"], arguments.epochs, arguments.peak, arguments.seed)

    model.half().save_pretrained(arguments.out)
    # safetensors may keep the file longer than its tensors need; written again, it is the tensors and the header.
    save_file({n: t.contiguous() for n, t in sorted(load_file(arguments.out / "model.safetensors").items())},
              arguments.out / "model.safetensors", metadata={"format": "pt"})
    rounded = MobileBertForSequenceClassification.from_pretrained(arguments.out, dtype=torch.float32)
    for name, part in held_out.items():
        print(f"{name}: accuracy {accuracy(rounded, part):.4f} on {len(part)} texts")


if __name__ == "__main__":
    main()
