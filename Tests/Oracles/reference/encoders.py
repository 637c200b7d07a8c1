"""Writes Formats/bert/golden/<variant>/ and Formats/distilbert/golden/<variant>/: a random, very small classifier per
variant of the configuration, and what Hugging Face transformers computes with it in float64.

    python Tests/Oracles/reference/encoders.py [--only bert/standard,distilbert/relu]

The layout is that of taps.py's MobileBERTs, with `probabilities` beside the logits of multi-label variants (torch's
sigmoid in float64) and `taps` for two texts of each `standard`: `embeddings`, `layer.0`, `layer.1` and every inner
tensor of the first layer under its module's name. Every parameter is drawn at random, the norms' and the padding row
included, so that forgetting any of them shows; only the sinusoidal table is what transformers makes of it."""
import argparse
import json
import pathlib

import torch
import transformers
from safetensors.torch import save_file
from transformers import (
    BertConfig, BertForSequenceClassification, DistilBertConfig, DistilBertForSequenceClassification)

from taps import FIVE, PIECES, POSITIONS, TEXTS, short

TOPICS = ["politics", "sports", "health care"]


def labels(*names):
    return dict(id2label=dict(enumerate(names)), label2id={name: index for index, name in enumerate(names)})


COMMON = dict(vocab_size=50, max_position_embeddings=POSITIONS, pad_token_id=0,
              problem_type="single_label_classification", **labels("real", "fake"))
MULTI = dict(problem_type="multi_label_classification")

BERT = dict(COMMON, hidden_size=16, num_attention_heads=2, intermediate_size=24, num_hidden_layers=2,
            type_vocab_size=2, hidden_act="gelu")
DISTILBERT = dict(COMMON, dim=16, n_heads=2, hidden_dim=24, n_layers=2, activation="gelu")

# Family: its classes, its base, and for each variant what differs from the base.
FAMILIES = {
    "bert": (BertConfig, BertForSequenceClassification, BERT, {
        "standard": dict(),
        "relu": dict(hidden_act="relu"),
        # TinyBERT's proportions: many narrow heads, a width that is no multiple of 16.
        "narrow-heads": dict(hidden_size=24, num_attention_heads=12, intermediate_size=46),
        "odd-widths": dict(hidden_size=33, num_attention_heads=3, intermediate_size=42, num_hidden_layers=1),
        "five-labels": labels(*FIVE),
        "multi-label": dict(MULTI, **labels(*TOPICS)),
        "one-multi-label": dict(MULTI, **labels("toxic")),
        # Large enough to show.
        "epsilon": dict(layer_norm_eps=0.05),
        "one-type": dict(type_vocab_size=1),
        "three-types": dict(type_vocab_size=3),
    }),
    "distilbert": (DistilBertConfig, DistilBertForSequenceClassification, DISTILBERT, {
        "standard": dict(),
        "relu": dict(activation="relu"),
        "sinusoidal": dict(sinusoidal_pos_embds=True),
        "odd-widths": dict(dim=33, n_heads=3, hidden_dim=42, n_layers=1),
        "multi-label": dict(MULTI, **labels(*TOPICS)),
    }),
}

# Which texts of `standard` have taps: the single token and the five.
TAPPED_LENGTHS = (1, 5)

# What is tapped of the first layer; the forward pre-hook gives the heads' result before the output.
INNER = {
    "bert": ["attention.self.query", "attention.self.key", "attention.self.value", "attention.output", "intermediate"],
    "distilbert": ["attention.q_lin", "attention.k_lin", "attention.v_lin", "sa_layer_norm", "ffn.lin1"],
}
HEADS_INTO = {"bert": "attention.output", "distilbert": "attention.out_lin"}


def randomize(model, seed, keeps):
    """Draws every parameter but those in `keeps`: linears keep the size of their input's values, norms stay near the
    identity."""
    generator = torch.Generator().manual_seed(seed)
    for name, parameter in sorted(model.named_parameters()):
        noise = torch.randn(parameter.shape, generator=generator)
        if name in keeps:
            continue
        if "norm.weight" in name.lower():
            parameter.data = 1 + 0.25 * noise
        elif parameter.ndim == 1:
            parameter.data = 0.2 * noise
        elif "embeddings" in name:
            parameter.data = 0.6 * noise
        else:
            parameter.data = noise / parameter.shape[1] ** 0.5
    if model.config.problem_type == MULTI["problem_type"]:
        # Logits on both sides of 0: texts of no label, of one and of several.
        model.classifier.weight.data *= 4


def tap(model, family, taps):
    """Hooks that fill `taps` with what each module gives."""
    def first(value):
        return value[0] if isinstance(value, torch.Tensor) else value[0][0]

    def record(name):
        return lambda module, inputs, output: taps.__setitem__(name, short(first(output)))
    base = getattr(model, family)
    layers = base.encoder.layer if family == "bert" else base.transformer.layer
    handles = [base.embeddings.register_forward_hook(record("embeddings"))]
    for index, layer in enumerate(layers):
        handles.append(layer.register_forward_hook(record(f"layer.{index}")))
    for name in INNER[family]:
        handles.append(layers[0].get_submodule(name).register_forward_hook(record(f"layer.0.{name}")))
    handles.append(layers[0].get_submodule(HEADS_INTO[family]).register_forward_pre_hook(
        lambda module, inputs: taps.__setitem__("layer.0.heads", short(inputs[0][0]))))
    return handles


def write(root, family, name, seed):
    configuration, classifier, base, variants = FAMILIES[family]
    config = configuration(**{**base, **variants[name]})
    model = classifier(config).eval()
    keeps = ["distilbert.embeddings.position_embeddings.weight"] if name == "sinusoidal" else []
    randomize(model, seed, keeps)
    out = root / "Formats" / family / "golden" / name
    out.mkdir(parents=True, exist_ok=True)
    config.architectures = [classifier.__name__]
    config.save_pretrained(out)
    save_file({n: t.contiguous() for n, t in sorted(model.state_dict().items())}, out / "model.safetensors", metadata={"format": "pt"})
    (out / "vocab.txt").write_text("\n".join(PIECES) + "\n")
    # Read back, so that the goldens speak of the files and not of what was meant to be in them.
    model = classifier.from_pretrained(out, dtype=torch.float64).eval()
    texts = []
    for text in TEXTS:
        if any(text.get("token_type_ids", [])):
            continue
        taps = {}
        handles = tap(model, family, taps) if name == "standard" and len(text["input_ids"]) in TAPPED_LENGTHS else []
        ids = torch.tensor([text["input_ids"]])
        with torch.inference_mode():
            logits = model(input_ids=ids, attention_mask=torch.ones_like(ids)).logits[0]
        for handle in handles:
            handle.remove()
        entry = {"input_ids": ids[0].tolist(), "token_type_ids": [0] * ids.shape[1], "logits": short(logits)}
        if config.problem_type == MULTI["problem_type"]:
            entry["probabilities"] = short(torch.sigmoid(logits))
        texts.append(entry | ({"taps": taps} if taps else {}))
    golden = {"transformers": transformers.__version__, "texts": texts}
    (out / "golden.json").write_text(json.dumps(golden, separators=(",", ":")) + "\n")
    size = sum(path.stat().st_size for path in out.iterdir())
    print(f"{family}/{name}: {sum(p.numel() for p in model.parameters())} parameters, {size} bytes, logits of the last text {short(logits)}")
    return size


def main():
    root = pathlib.Path(__file__).resolve().parents[3]
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--only", default="", help="comma-separated family/variant (default: all)")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    transformers.utils.logging.disable_progress_bar()
    every = [f"{family}/{name}" for family in FAMILIES for name in FAMILIES[family][3]]
    wanted = [name for name in arguments.only.split(",") if name] or every
    total = sum(write(root, *name.split("/"), 300 + every.index(name)) for name in wanted)
    print(f"{len(wanted)} variants, {total} bytes")


if __name__ == "__main__":
    main()
