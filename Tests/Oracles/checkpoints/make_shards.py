"""Makes Formats/shards/golden: small checkpoints in several files, the tensors as text beside each index, and indexes
that are refused, each with the exact message beside it.

    pip install numpy torch==2.15 safetensors==0.8.0 transformers==5.24.0
    python Tests/Oracles/checkpoints/make_shards.py
"""
import json
import pathlib
import shutil
import tempfile

import torch
from safetensors.torch import load_file, save_file
from transformers import BertConfig, BertModel

import listing

FOLDER = pathlib.Path(__file__).parents[3] / "Formats/shards/golden"


def describe(path, tensors):
    path.with_name(path.name.split(".")[0] + ".txt").write_text("".join(f"{l}\n" for l in sorted(
        (listing.line(k, str(v.dtype)[6:], v.shape, v.float().numpy() if v.is_floating_point() else None)
         for k, v in tensors.items()), key=str.encode)))


def make_good():
    # As transformers splits them.
    torch.manual_seed(4)
    model = BertModel(BertConfig(vocab_size=20, hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=8,
                                 max_position_embeddings=8), add_pooling_layer=False)
    with tempfile.TemporaryDirectory() as folder:
        model.save_pretrained(folder, max_shard_size=1500)
        names = sorted(p.name for p in pathlib.Path(folder).glob("model*"))
        assert len(names) > 3, names
        for name in names:
            shutil.copy(pathlib.Path(folder) / name, FOLDER / "good" / name)
    describe(FOLDER / "good" / "model.safetensors.index.json", model.state_dict())
    # As transformers before 5 wrote them with safe_serialization=False; one shard has a tensor more.
    first, second = {"a": torch.tensor([1.0, 2.0]), "left over": torch.zeros(1)}, {"b": torch.arange(6.0).view(2, 3).t()}
    torch.save(first, FOLDER / "good" / "pytorch_model-00001-of-00002.bin")
    torch.save(second, FOLDER / "good" / "pytorch_model-00002-of-00002.bin")
    index = {"metadata": {"total_size": 32}, "weight_map": {"a": "pytorch_model-00001-of-00002.bin", "b": "pytorch_model-00002-of-00002.bin"}}
    (FOLDER / "good" / "pytorch_model.bin.index.json").write_text(json.dumps(index, indent=2))
    describe(FOLDER / "good" / "pytorch_model.bin.index.json", {"a": first["a"], "b": second["b"]})


def make_bad():
    save_file({"w": torch.tensor([1.0, 2.0])}, FOLDER / "bad" / "shard.safetensors")
    again = "; save the model again with `model.save_pretrained(dir)`"

    def bad(name, index, message):
        content = index if isinstance(index, str) else json.dumps(index)
        (FOLDER / "bad" / f"{name}.index.json").write_text(content)
        (FOLDER / "bad" / f"{name}.txt").write_text(message.replace("FILE", f"'{name}.index.json'") + "\n")

    def outside(name, path, shown=None):
        bad(name, {"weight_map": {"w": path}}, f"FILE: it names the file '{shown or path}', which is not beside it; only files in the same"
            " folder are opened; put it there and save the model again")

    no_map = "FILE has no 'weight_map', an object that says which file each tensor is in: found"
    bad("not-json", "{", "FILE is not valid JSON at line 1, column 2: it ends in the middle of a value; copy or download the file again")
    bad("a-list", [], f"{no_map} an empty list{again}")
    bad("no-map", {"metadata": {}}, f"{no_map} missing{again}")
    bad("map-a-list", {"weight_map": ["w"]}, f"{no_map} a list{again}")
    bad("map-empty", {"weight_map": {}}, f"{no_map} an empty object{again}")
    bad("twice", '{"weight_map": {"w": "shard.safetensors", "w": "shard.safetensors"}}', 'FILE is not valid JSON at line 1, column 43: the key "w"'
        " occurs twice in one object")
    bad("entry-a-number", {"weight_map": {"w": 1}}, f"FILE gives no file for tensor 'w': found 1, allowed: a file name{again}")
    bad("not-in-shard", {"weight_map": {"w": "shard.safetensors", "v": "shard.safetensors"}}, "FILE says tensor 'v' is in 'shard.safetensors', and it is"
        " not there; use the index and the shards of one `model.save_pretrained(dir)`")
    bad("shard-missing", {"weight_map": {"w": "other.safetensors"}}, "cannot open 'other.safetensors': No such file or directory; check the"
        " spelling of the path")
    bad("itself", {"weight_map": {"w": "itself.index.json"}}, "FILE names 'itself.index.json', which ends in none of .safetensors, .bin, .pt, .pth"
        f" or .ckpt{again}")
    bad("too-many", {"weight_map": {f"w{i}": f"{i}.safetensors" for i in range(1025)}}, f"FILE names more than 1024 files{again}")
    outside("parent", "../shard.safetensors")
    outside("absolute", "/etc/passwd")
    outside("below", "more/shard.safetensors")
    outside("backslash", "..\\shard.safetensors")
    outside("dots", "..")
    outside("nothing", "")
    outside("nul", "shard.safetensors\0.txt", "shard.safetensors\\u{0}.txt")
    outside("long", "a" * 300 + ".safetensors", "a" * 200 + "…")


if __name__ == "__main__":
    shutil.rmtree(FOLDER, ignore_errors=True)
    (FOLDER / "good").mkdir(parents=True)
    (FOLDER / "bad").mkdir()
    make_good()
    make_bad()
