"""Writes Formats/mobilebert/golden/<variant>/: a random, very small MobileBERT classifier per variant of the
configuration, and what Hugging Face transformers computes with it in float64.

    python Tests/Oracles/reference/taps.py [--out Formats/mobilebert/golden] [--only standard,gelu]

Each folder is a whole checkpoint (config.json, model.safetensors in float32, vocab.txt) and golden.json:

    {"transformers": version,
     "texts": [{"input_ids": [...], "token_type_ids": [...], "logits": [...], "taps": {name: [[...] per token]}}]}

`taps` is there for three texts of the variant `standard` only: `embeddings`, `layer.0`, `layer.1` (hidden states, one
row a token), and for the first layer every intermediate tensor under its module's name. Every parameter is drawn at
random, the norms' and the padding row included, so that forgetting any of them shows. The combinations that
transformers itself cannot run are attempted too, and must fail: README.md lists them with the reason."""
import argparse
import json
import pathlib

import torch
import transformers
from safetensors.torch import save_file
from transformers import MobileBertConfig, MobileBertForSequenceClassification

POSITIONS = 24
PIECES = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] + list("abcdefghijklmnopqrstuvwxyz") + [
    ".", ",", "!", "news", "the", "real", "fake", "##s", "##ed", "##ing", "##a", "##e", "##n", "##t", "##o", "said", "town", "river", "0"]

BASE = dict(
    vocab_size=50, embedding_size=8, hidden_size=32, intra_bottleneck_size=16, intermediate_size=24, num_attention_heads=2,
    num_hidden_layers=2, num_feedforward_networks=2, max_position_embeddings=POSITIONS, type_vocab_size=2, hidden_act="relu",
    normalization_type="no_norm", trigram_input=True, use_bottleneck=True, key_query_shared_bottleneck=True,
    use_bottleneck_attention=False, classifier_activation=False, pad_token_id=0, problem_type="single_label_classification",
    id2label={0: "real", 1: "fake"}, label2id={"real": 0, "fake": 1})

FIVE = ["true", "mostly true", "mixed", "mostly false", "false"]

# Name of the folder: what differs from BASE.
VARIANTS = {
    "standard": dict(),
    "one-feed-forward": dict(num_feedforward_networks=1),
    "three-feed-forwards": dict(num_feedforward_networks=3),
    "five-labels": dict(id2label=dict(enumerate(FIVE)), label2id={n: i for i, n in enumerate(FIVE)}),
    "classifier-activation": dict(classifier_activation=True),
    "gelu": dict(hidden_act="gelu"),
    # An epsilon that shows, because two of the norms do not use it.
    "layer-norm": dict(normalization_type="layer_norm", layer_norm_eps=0.05),
    "bottleneck-attention": dict(use_bottleneck_attention=True),
    "bottleneck-attention-unshared": dict(use_bottleneck_attention=True, key_query_shared_bottleneck=False),
    "unshared-equal-widths": dict(key_query_shared_bottleneck=False, hidden_size=16),
    "no-bottleneck": dict(use_bottleneck=False, hidden_size=16),
    "no-trigram": dict(trigram_input=False),
    "no-trigram-equal-widths": dict(trigram_input=False, embedding_size=32),
}

# What transformers refuses or cannot run, and where.
INVALID = {
    "unshared queries read the full width": dict(key_query_shared_bottleneck=False),
    "no bottleneck, but attention sized by it": dict(use_bottleneck=False, true_hidden_size=16),
    "heads that do not divide the width": dict(num_attention_heads=3),
    "an unknown normalization": dict(normalization_type="rms_norm"),
    "an unknown activation": dict(hidden_act="relu3"),
}

# Token ids; [CLS] = 2 and [SEP] = 3 where a tokenizer would put them, and texts no tokenizer would make.
TEXTS = [
    dict(input_ids=[2, 3]),
    dict(input_ids=[7]),
    dict(input_ids=[2, 34, 35, 38, 3]),
    dict(input_ids=[2, 46, 0, 1, 49, 5, 31, 3]),
    dict(input_ids=[2, 35, 34, 3, 47, 48, 3], token_type_ids=[0, 0, 0, 0, 1, 1, 1]),
    dict(input_ids=[(11 * i + 5) % 50 for i in range(POSITIONS)]),
]

# Which texts of `standard` have taps: the single token, the five and the pair of seven.
TAPPED_LENGTHS = (1, 5, 7)


def randomize(model, seed):
    """Draws every parameter from `seed`: linears keep the size of their input's values, norms stay near the identity."""
    generator = torch.Generator().manual_seed(seed)
    for name, parameter in sorted(model.named_parameters()):
        noise = torch.randn(parameter.shape, generator=generator)
        if "LayerNorm.weight" in name:
            parameter.data = 1 + 0.25 * noise
        elif parameter.ndim == 1:
            parameter.data = 0.2 * noise
        elif "embeddings" in name and "transformation" not in name:
            parameter.data = 0.6 * noise
        else:
            parameter.data = noise / parameter.shape[1] ** 0.5


def short(tensor):
    """Nested lists with 13 significant digits: float64 enough, and half the bytes."""
    if tensor.ndim:
        return [short(row) for row in tensor]
    return float(f"{tensor.item():.13g}")


def tap(model, taps):
    """Hooks that fill `taps` with what each module gives (and what the attention's output reads)."""
    def record(name):
        return lambda module, inputs, output: taps.__setitem__(name, short(output[0]))
    handles = [model.mobilebert.embeddings.register_forward_hook(record("embeddings"))]
    for index, layer in enumerate(model.mobilebert.encoder.layer):
        handles.append(layer.register_forward_hook(record(f"layer.{index}")))
    first = model.mobilebert.encoder.layer[0]
    inner = ["bottleneck.input", "bottleneck.attention", "attention.self.query", "attention.self.key", "attention.self.value",
             "attention.output", "intermediate", "output"]
    inner += [f"ffn.{i}.{part}" for i in range(model.config.num_feedforward_networks - 1) for part in ("intermediate", "output")]
    for name in inner:
        handles.append(first.get_submodule(name).register_forward_hook(record(f"layer.0.{name}")))
    handles.append(first.attention.output.register_forward_pre_hook(
        lambda module, inputs: taps.__setitem__("layer.0.attention.self", short(inputs[0][0]))))
    return handles


def write(out, name, changes, seed):
    config = MobileBertConfig(**{**BASE, **changes})
    model = MobileBertForSequenceClassification(config).eval()
    randomize(model, seed)
    out.mkdir(parents=True, exist_ok=True)
    config.architectures = ["MobileBertForSequenceClassification"]
    config.save_pretrained(out)
    save_file({n: t.contiguous() for n, t in sorted(model.state_dict().items())}, out / "model.safetensors", metadata={"format": "pt"})
    (out / "vocab.txt").write_text("\n".join(PIECES) + "\n")
    # Read back, so that the goldens speak of the files and not of what was meant to be in them.
    model = MobileBertForSequenceClassification.from_pretrained(out, dtype=torch.float64).eval()
    texts = []
    for text in TEXTS:
        taps = {}
        handles = tap(model, taps) if name == "standard" and len(text["input_ids"]) in TAPPED_LENGTHS else []
        ids = torch.tensor([text["input_ids"]])
        types = torch.tensor([text.get("token_type_ids", [0] * ids.shape[1])])
        with torch.inference_mode():
            logits = model(input_ids=ids, attention_mask=torch.ones_like(ids), token_type_ids=types).logits[0]
        for handle in handles:
            handle.remove()
        texts.append({"input_ids": ids[0].tolist(), "token_type_ids": types[0].tolist(), "logits": short(logits)} | ({"taps": taps} if taps else {}))
    golden = {"transformers": transformers.__version__, "texts": texts}
    (out / "golden.json").write_text(json.dumps(golden, separators=(",", ":")) + "\n")
    size = sum(path.stat().st_size for path in out.iterdir())
    print(f"{name}: {sum(p.numel() for p in model.parameters())} parameters, {size} bytes, logits of the last text {short(logits)}")
    return size


def fails(changes):
    """The error transformers gives when it builds and runs the configuration, or None if it runs."""
    try:
        model = MobileBertForSequenceClassification(MobileBertConfig(**{**BASE, **changes})).eval()
        model(input_ids=torch.tensor([[2, 3]]))
    except Exception as error:  # whatever it is: the point is that it cannot be run
        return f"{type(error).__name__}: {str(error).splitlines()[0]}"
    return None


def main():
    root = pathlib.Path(__file__).resolve().parents[3]
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--out", type=pathlib.Path, default=root / "Formats/mobilebert/golden")
    parser.add_argument("--only", default="", help="comma-separated variants (default: all)")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    transformers.utils.logging.disable_progress_bar()
    assert len(PIECES) == len(set(PIECES)) == BASE["vocab_size"]
    wanted = [name for name in arguments.only.split(",") if name] or list(VARIANTS)
    total = sum(write(arguments.out / name, name, VARIANTS[name], 100 + list(VARIANTS).index(name)) for name in wanted)
    print(f"{len(wanted)} variants, {total} bytes")
    for name, changes in INVALID.items():
        print(f"cannot be run: {name}: {fails(changes) or 'IT RUNS'}")


if __name__ == "__main__":
    main()
