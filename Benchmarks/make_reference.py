"""Writes what the peers run: from a Hugging Face folder of a sequence classifier, the same model for
ONNX Runtime (float32, dynamic int8, optionally static int8) and for OpenVINO (optionally NNCF int8).

    python make_reference.py CHECKPOINT OUT                          # model.onnx, model.dynamic.onnx
    python make_reference.py CHECKPOINT OUT --calibration texts.csv  # and model.nncf.xml/.bin, with --static model.static.onnx

The peers get the treatment their own documentation recommends: per-channel weights, every operator each of them
can quantize, and real texts of real lengths to calibrate with. Needs torch, transformers, onnx and onnxruntime;
openvino and nncf for the NNCF model."""
import argparse
import csv
import json
import os
import pathlib
import sys
import time


def parse():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0], formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("checkpoint", type=pathlib.Path, help="Hugging Face folder: config.json, weights, tokenizer")
    parser.add_argument("out", type=pathlib.Path, help="folder to write to; made if missing")
    parser.add_argument("--calibration", type=pathlib.Path, help="CSV with a text column; without it there are no static models")
    parser.add_argument("--calibration-texts", type=int, default=64, help="rows of it to use, taken evenly")
    parser.add_argument("--calibration-length", type=int, default=512, help="tokens at most per calibration text")
    parser.add_argument("--title-column", default="title")
    parser.add_argument("--text-column", default="text")
    parser.add_argument("--static", action="store_true", help="also ONNX Runtime's static QDQ int8")
    parser.add_argument("--threads", type=int, default=1)
    return parser.parse_args()


def export(model, path):
    """`model` as ONNX, opset 17, both axes of the input dynamic."""
    import torch

    class Logits(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.model = model

        def forward(self, input_ids, attention_mask):
            return self.model(input_ids=input_ids, attention_mask=attention_mask).logits

    ids = torch.randint(1, model.config.vocab_size, (2, 64))
    both = {0: "batch", 1: "tokens"}
    torch.onnx.export(
        Logits(), (ids, torch.ones_like(ids)), str(path), input_names=["input_ids", "attention_mask"], output_names=["logits"],
        dynamic_axes={"input_ids": both, "attention_mask": both, "logits": {0: "batch"}}, opset_version=17, dynamo=False)


def calibration_rows(arguments):
    """[{input_ids, attention_mask}] of single texts, taken evenly from the file."""
    import numpy
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(arguments.checkpoint)
    csv.field_size_limit(1 << 30)
    with open(arguments.calibration, encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        if arguments.text_column not in (reader.fieldnames or []):
            sys.exit(f"{arguments.calibration}: no column {arguments.text_column!r}, found {reader.fieldnames}")
        texts = [((row.get(arguments.title_column) or "") + " " + (row[arguments.text_column] or "")).strip() for row in reader]
    texts = [text for text in texts if text]
    step = max(1, len(texts) // arguments.calibration_texts)
    rows = []
    for text in texts[::step][:arguments.calibration_texts]:
        ids = numpy.array([tokenizer(text, truncation=True, max_length=arguments.calibration_length)["input_ids"]], dtype=numpy.int64)
        rows.append({"input_ids": ids, "attention_mask": numpy.ones_like(ids)})
    return rows


def quantize_onnx(source, target, rows=None):
    """ONNX Runtime's int8: dynamic without calibration rows, static QDQ with them."""
    from onnxruntime import quantization

    if rows is None:
        quantization.quantize_dynamic(str(source), str(target), weight_type=quantization.QuantType.QInt8, per_channel=True)
        return

    class Rows(quantization.CalibrationDataReader):
        def __init__(self):
            self.rows = iter(rows)

        def get_next(self):
            return next(self.rows, None)

    quantization.quantize_static(
        str(source), str(target), Rows(), quant_format=quantization.QuantFormat.QDQ, per_channel=True,
        activation_type=quantization.QuantType.QUInt8, weight_type=quantization.QuantType.QInt8,
        op_types_to_quantize=["MatMul"], calibrate_method=quantization.CalibrationMethod.MinMax)


def quantize_nncf(source, target, rows):
    """OpenVINO's int8 by NNCF, with the preset for transformers."""
    import nncf
    import openvino

    quantized = nncf.quantize(
        openvino.Core().read_model(source), nncf.Dataset(rows), model_type=nncf.ModelType.TRANSFORMER,
        preset=nncf.QuantizationPreset.MIXED, subset_size=len(rows))
    openvino.save_model(quantized, str(target))


def main():
    arguments = parse()
    os.environ["OMP_NUM_THREADS"] = str(arguments.threads)
    import torch
    from transformers import AutoModelForSequenceClassification

    torch.set_num_threads(arguments.threads)
    arguments.out.mkdir(parents=True, exist_ok=True)
    model = AutoModelForSequenceClassification.from_pretrained(arguments.checkpoint, dtype=torch.float32).eval()
    seconds = {}

    def step(name, body):
        started = time.time()
        body()
        seconds[name] = round(time.time() - started, 1)
        files = [arguments.out / name] + ([(arguments.out / name).with_suffix(".bin")] if name.endswith(".xml") else [])
        size = sum(path.stat().st_size for path in files)
        print(f"{name}: {size / 1e6:.1f} MB, {seconds[name]} s", flush=True)

    onnx = arguments.out / "model.onnx"
    step("model.onnx", lambda: export(model, onnx))
    step("model.dynamic.onnx", lambda: quantize_onnx(onnx, arguments.out / "model.dynamic.onnx"))
    rows = calibration_rows(arguments) if arguments.calibration else None
    if rows:
        step("model.nncf.xml", lambda: quantize_nncf(onnx, arguments.out / "model.nncf.xml", rows))
        if arguments.static:
            step("model.static.onnx", lambda: quantize_onnx(onnx, arguments.out / "model.static.onnx", rows))
    about = {
        "checkpoint": arguments.checkpoint.name, "vocabulary": model.config.vocab_size, "parameters": sum(p.numel() for p in model.parameters()),
        "positions": model.config.max_position_embeddings, "calibration_texts": len(rows or []), "seconds": seconds,
    }
    (arguments.out / "reference.json").write_text(json.dumps(about, indent=2) + "\n")


if __name__ == "__main__":
    main()
