"""Makes Formats/huggingface/golden: small folders as transformers saves them, with what transformers and
tokenizers find in them beside each as expected.txt.

    pip install torch==2.13 transformers==5.23.0
    python Tests/Oracles/checkpoints/make_folders.py

Vocabulary and weights are made here.
"""
import json
import pathlib
import shutil

import torch
from tokenizers import Tokenizer
from transformers import AutoTokenizer, BertTokenizer, MobileBertConfig, MobileBertForSequenceClassification

FOLDER = pathlib.Path(__file__).parents[3] / "Formats/huggingface/golden"

VOCABULARY = (
    ["[PAD]", "[unused0]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "a", "news", "story", "fake", "real"]
    + ["paper", "says", "moon", "made", "of", "cheese", "##s", "##ing", "##er", "café", "cafe", "月", "é", "e\u0301"]
    + list("abcdefgh") [1:] + [".", ",", "!", "?", "'"])


def save_tokenizer(folder, vocabulary, **settings):
    tokenizer = BertTokenizer(vocab={w: i for i, w in enumerate(vocabulary)}, **settings)
    tokenizer.save_pretrained(folder)
    return tokenizer


def write_vocabulary(folder, vocabulary):
    (folder / "vocab.txt").write_text("".join(f"{w}\n" for w in vocabulary), encoding="utf-8")


def describe(folder):
    """What transformers makes of the folder's tokenizer files."""
    tokenizer = AutoTokenizer.from_pretrained(folder, config=MobileBertConfig())
    backend = tokenizer.backend_tokenizer
    state = json.loads(backend.to_str())
    normalizer = state["normalizer"]
    accents = normalizer["strip_accents"]
    pieces = [backend.id_to_token(i) for i in range(len(tokenizer))]
    lines = [
        f"pieces {' '.join(pieces)}",
        f"word pieces {len(state['model']['vocab'])}",
        f"lowercases {normalizer['lowercase']}",
        f"strips accents {normalizer['lowercase'] if accents is None else accents}",
        f"spaces ideographs {normalizer['handle_chinese_chars']}",
        f"cleans text {normalizer['clean_text']}",
        f"maximum word length {state['model']['max_input_chars_per_word']}",
        f"special {tokenizer.unk_token_id} {tokenizer.cls_token_id} {tokenizer.sep_token_id} {tokenizer.pad_token_id}",
    ]
    for token in state["added_tokens"]:
        flags = [k for k in ("single_word", "lstrip", "rstrip", "normalized") if token[k]]
        lines.append(" ".join(["added", str(token["id"]), token["content"], *flags]))
    (folder / "expected.txt").write_text("".join(f"{l}\n" for l in lines), encoding="utf-8")


def make_tiny():
    folder = FOLDER / "tiny"
    torch.manual_seed(1)
    config = MobileBertConfig(
        vocab_size=len(VOCABULARY), hidden_size=16, num_hidden_layers=2, num_attention_heads=2,
        intermediate_size=16, intra_bottleneck_size=8, embedding_size=8, max_position_embeddings=32,
        num_feedforward_networks=2, id2label={0: "real", 1: "fake"}, label2id={"real": 0, "fake": 1},
        problem_type="single_label_classification", classifier_activation=False)
    model = MobileBertForSequenceClassification(config)
    model.save_pretrained(folder, safe_serialization=True)
    save_tokenizer(folder, VOCABULARY, model_max_length=32)
    write_vocabulary(folder, VOCABULARY)
    describe(folder)
    lines = [f"{name} {list(value.shape)}\n" for name, value in model.state_dict().items()]
    (folder / "tensors.txt").write_text("".join(sorted(lines)))


def make_tokenizers():
    """Folders with tokenizer files only."""
    cased = FOLDER / "cased"
    tokenizer = save_tokenizer(
        cased, VOCABULARY, do_lower_case=False, strip_accents=True, tokenize_chinese_chars=False)
    describe(cased)

    # tokenizer_config.json says other things than tokenizer.json, and nothing about the length.
    overridden = FOLDER / "overridden"
    tokenizer.save_pretrained(overridden)
    (overridden / "tokenizer_config.json").write_text(json.dumps({
        "tokenizer_class": "MobileBertTokenizer", "do_lower_case": True, "strip_accents": False,
        "model_max_length": 1000000000000000019884624838656}))
    describe(overridden)

    plain = FOLDER / "plain"
    tokenizer.save_pretrained(plain)
    (plain / "tokenizer_config.json").write_text(json.dumps({
        "tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": 20, "unk_token": "[UNK]",
        "cls_token": "[CLS]", "sep_token": "[SEP]", "pad_token": "[PAD]"}))
    describe(plain)

    added = FOLDER / "added"
    tokenizer = save_tokenizer(added, VOCABULARY)
    tokenizer.add_tokens(["covid", "unlocked"])
    tokenizer.add_special_tokens({"additional_special_tokens": ["[URL]", "[unused0]"]})
    tokenizer.save_pretrained(added)
    describe(added)

    # As written before tokenizers 0.9 and with the older processing.
    old = FOLDER / "old"
    old.mkdir()
    state = json.loads((cased / "tokenizer.json").read_text())
    del state["model"]["type"]
    state["post_processor"] = {"type": "BertProcessing", "sep": ["[SEP]", 4], "cls": ["[CLS]", 3]}
    (old / "tokenizer.json").write_text(json.dumps(state))
    Tokenizer.from_file(str(old / "tokenizer.json"))
    (old / "tokenizer_config.json").write_text(json.dumps({
        "tokenizer_class": "BertTokenizerFast", "do_lower_case": False, "strip_accents": True,
        "tokenize_chinese_chars": False}))
    describe(old)

    vocabulary = FOLDER / "vocabulary"
    vocabulary.mkdir()
    write_vocabulary(vocabulary, ["<unk>"] + VOCABULARY)
    (vocabulary / "tokenizer_config.json").write_text(json.dumps({
        "tokenizer_class": "BertTokenizer", "do_lower_case": True,
        "unk_token": {"__type": "AddedToken", "content": "<unk>", "lstrip": False, "normalized": False,
                      "rstrip": False, "single_word": False}}))
    describe(vocabulary)


if __name__ == "__main__":
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    make_tiny()
    make_tokenizers()
