"""Makes Formats/huggingface/kinds: the weights of Formats/huggingface/golden/tiny in every format that is read, written
by the libraries people write them with.

    pip install numpy torch==2.15 transformers==5.24.0 onnx==1.23 onnxscript safetensors==0.8.0
    python Tests/Oracles/checkpoints/make_kinds.py
    pip install tensorflow-cpu==2.21.0      # in another environment, if need be
    python Tests/Oracles/checkpoints/make_kinds.py tensorflow

All of them are one model, so `mbq quantize` must make one file of all of them, up to the names and hashes of its sources.
"""
import json
import pathlib
import shutil
import sys
import zipfile

FORMATS = pathlib.Path(__file__).parents[3] / "Formats"
TINY = FORMATS / "huggingface/golden/tiny"
FOLDER = FORMATS / "huggingface/kinds"


def tensorflow():
    import make_tf_real
    shutil.rmtree(FOLDER / "tensorflow", ignore_errors=True)
    make_tf_real.main(TINY, FOLDER / "tensorflow")


def others():
    import numpy
    import onnx
    import torch
    from safetensors.torch import load_file, save_file
    from transformers import MobileBertForSequenceClassification

    for path in FOLDER.glob("*"):
        if path.name != "tensorflow":
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    FOLDER.mkdir(exist_ok=True)
    state = load_file(TINY / "model.safetensors")
    model = MobileBertForSequenceClassification.from_pretrained(TINY).eval()
    torch.save(state, FOLDER / "zip.bin")
    torch.save(state, FOLDER / "legacy.bin", _use_new_zipfile_serialization=False)
    torch.save({"epoch": 2, "state_dict": torch.nn.DataParallel(model).state_dict()}, FOLDER / "parallel.pth")
    torch.save({"model." + key: value.double() for key, value in state.items()}, FOLDER / "doubles.pt")
    torch.save({key: value.t().contiguous().t() if value.dim() == 2 else value for key, value in state.items()}, FOLDER / "transposed.pt")
    with zipfile.ZipFile(FOLDER / "zip.bin") as source, zipfile.ZipFile(FOLDER / "deflated.bin", "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            target.writestr(zipfile.ZipInfo(name), source.read(name), zipfile.ZIP_DEFLATED)
    # As pytorch_pretrained_bert called the norms' vectors.
    old = {key.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta"): value for key, value in state.items()}
    save_file(old, FOLDER / "gamma.safetensors")
    arrays = {key: value.numpy() for key, value in state.items()}
    numpy.savez(FOLDER / "plain.npz", **arrays)
    numpy.savez_compressed(FOLDER / "compressed.npz", **{key: numpy.asfortranarray(value) for key, value in arrays.items()})
    for name, half in [("a", list(state)[::2]), ("b", list(state)[1::2])]:
        save_file({key: state[key] for key in half}, FOLDER / f"shard-{name}.safetensors")
    index = {"metadata": {}, "weight_map": {key: f"shard-{'ab'[i % 2]}.safetensors" for i, key in enumerate(state)}}
    (FOLDER / "shards.index.json").write_text(json.dumps(index, indent=2))
    inputs = tuple(torch.ones(1, 8, dtype=torch.int64) for _ in range(3))
    names = dict(input_names=["input_ids", "attention_mask", "token_type_ids"], output_names=["logits"])
    torch.onnx.export(model, inputs, FOLDER / "script.onnx", dynamo=False, opset_version=14, **names)
    torch.onnx.export(model, inputs, FOLDER / "dynamo.onnx", dynamo=True, external_data=False, **names)
    torch.onnx.export(model, inputs, FOLDER / "outside.onnx", dynamo=True, external_data=True, **names)
    # Where each node came from in Python, nine tenths of the file.
    for name in ["dynamo.onnx", "outside.onnx"]:
        exported = onnx.load(FOLDER / name, load_external_data=False)
        for part in [exported, exported.graph, *exported.graph.node, *exported.graph.value_info, *exported.graph.initializer]:
            del part.metadata_props[:]
        onnx.save(exported, FOLDER / name)


if __name__ == "__main__":
    tensorflow() if sys.argv[1:] == ["tensorflow"] else others()
