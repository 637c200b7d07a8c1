"""Makes the TensorFlow checkpoint that google-research's code would have written of a MobileBERT
classifier in a Hugging Face folder: its names, its kernels as inputs by outputs, its configuration.

    pip install numpy safetensors tensorflow-cpu==2.21.0
    python Tests/Oracles/checkpoints/make_tf_real.py HUGGING-FACE-FOLDER NEW-FOLDER

`mbq inspect NEW-FOLDER` should then show the tensors of HUGGING-FACE-FOLDER.
"""
import json
import os
import pathlib
import re
import shutil
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import tensorflow as tf
from safetensors.numpy import load_file

# The keys of google-research's configuration, and no others.
KEYS = ["attention_probs_dropout_prob", "hidden_act", "hidden_dropout_prob", "hidden_size", "initializer_range",
        "intermediate_size", "max_position_embeddings", "num_attention_heads", "num_hidden_layers",
        "type_vocab_size", "vocab_size", "embedding_size", "trigram_input", "use_bottleneck",
        "intra_bottleneck_size", "key_query_shared_bottleneck", "num_feedforward_networks", "normalization_type",
        "classifier_activation"]


def variable(name):
    """The variable of a tensor, and whether it is a kernel."""
    if name.startswith("classifier."):
        return {"classifier.weight": "output_weights", "classifier.bias": "output_bias"}[name], False
    *scopes, leaf = re.sub(r"^mobilebert\.", "bert.", name).split(".")
    if scopes[-1].endswith("_embeddings"):
        return "/".join(scopes), False
    is_norm = scopes[-1] == "LayerNorm"
    text = "/".join(scopes + [{"weight": "gamma" if is_norm else "kernel", "bias": "beta" if is_norm else "bias"}[leaf]])
    text = text.replace("LayerNorm", "FakeLayerNorm")
    text = re.sub(r"/layer/(\d+)/", r"/layer_\1/", text)
    return re.sub(r"/ffn/(\d+)/", r"/ffn_layer_\1/", text), text.endswith("/kernel")


def main(source, target):
    target.mkdir(parents=True, exist_ok=True)
    config = json.loads((source / "config.json").read_text())
    (target / "bert_config.json").write_text(json.dumps({key: config[key] for key in KEYS if key in config}, indent=2))
    shutil.copyfile(source / "vocab.txt", target / "vocab.txt")
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        loads = []
        for name, value in load_file(source / "model.safetensors").items():
            text, is_kernel = variable(name)
            value = value.T if is_kernel else value
            place = tf.compat.v1.placeholder(value.dtype, value.shape)
            created = tf.compat.v1.get_variable(text, shape=value.shape, dtype=value.dtype, use_resource=False)
            loads.append((created.assign(place), place, value))
        session.run(tf.compat.v1.get_variable("global_step", initializer=7, use_resource=False).initializer)
        session.run([assign for assign, _, _ in loads], {place: value for _, place, value in loads})
        tf.compat.v1.train.Saver().save(
            session, str(target / "mobilebert_variables.ckpt"), write_meta_graph=False, write_state=False)


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
