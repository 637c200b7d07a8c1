"""Makes Formats/tensorflow/golden/good: small checkpoints that are read, each with its tensors as text
beside it. make_tensorflow_bad.py makes those that are refused.

    pip install numpy tensorflow-cpu==2.21.0 cramjam
    python Tests/Oracles/checkpoints/make_tensorflow.py

They are written by TensorFlow, or by tensorflow_table.py and then read by TensorFlow.
"""
import os
import pathlib
import shutil

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import cramjam
import numpy
import tensorflow as tf

import listing
from tensorflow_table import crc32c, entry, header, table

FOLDER = pathlib.Path(__file__).parents[3] / "Formats/tensorflow/golden"
BFLOAT16 = tf.bfloat16.as_numpy_dtype
VALUES = numpy.array([[0, -0.0, 1.5], [-2.25, 3.4e38, 1e-40]], numpy.float32)


def good(name, expected):
    """`expected`: from variable to Hugging Face's name, None if it is left out, and whether it is a
    kernel. TensorFlow says what the variables are."""
    reader = tf.train.load_checkpoint(str(FOLDER / "good" / name))
    lines = []
    for variable in reader.get_variable_to_shape_map():
        translated, is_kernel = expected(variable)
        if translated:
            value = numpy.asarray(reader.get_tensor(variable))
            value = value.T if is_kernel else value
            lines.append(listing.line(translated, value.dtype.name, value.shape, value))
    listing.write(FOLDER / "good" / f"{name}.index", lines)


def same(variable):
    return variable, False


def saved_by_saver(name, arrays):
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        for variable, value in arrays.items():
            tf.compat.v1.get_variable(variable, initializer=tf.constant(value), use_resource=False)
        session.run(tf.compat.v1.global_variables_initializer())
        tf.compat.v1.train.Saver().save(
            session, str(FOLDER / "good" / name), write_meta_graph=False, write_state=False)


def counted(start, *sizes):
    return numpy.arange(start, start + numpy.prod(sizes, dtype=int), dtype=numpy.float32).reshape(sizes)


def make_saver():
    halves = numpy.array(
        [0x0000, 0x8000, 0x3C00, 0xC500, 0x0001, 0x83FF, 0x7BFF, 0x7C00, 0xFC00, 0x7E01], numpy.uint16)
    saved_by_saver("types", {
        "f32": VALUES, "f16": halves.view(numpy.float16), "bf16": halves.reshape(2, 5).view(BFLOAT16),
        "f64": numpy.array([1 / 3, -1e30]), "scalar": numpy.float32(7.5), "none": VALUES[:0],
        "i32": numpy.arange(3, dtype=numpy.int32), "i64": numpy.arange(4), "text": numpy.array([b"x", b"yz"]),
        "flags": numpy.array([True, False]), "complex": numpy.array([1j], numpy.complex128)})
    good("types", lambda v: (None if v in ("text", "complex") else v, False))

    # As google-research's MobileBERT names its variables, with what its optimizer adds.
    dense = {"kernel": "weight", "bias": "bias"}
    norm = {"gamma": "weight", "beta": "bias"}
    layer = "bert/encoder/layer_10/", "mobilebert.encoder.layer.10."
    parts = [("bert/embeddings/embedding_transformation", "mobilebert.embeddings.embedding_transformation", dense),
             ("bert/embeddings/FakeLayerNorm", "mobilebert.embeddings.LayerNorm", norm),
             ("bert/pooler/dense", "mobilebert.pooler.dense", dense),
             ("cls/predictions/transform/dense", "cls.predictions.transform.dense", dense),
             ("cls/predictions/transform/LayerNorm", "cls.predictions.transform.LayerNorm", norm)]
    for scope, module in (("bottleneck/input", "bottleneck.input"), ("output/bottleneck", "output.bottleneck"),
                          ("ffn_layer_2/output", "ffn.2.output"), ("attention/output", "attention.output")):
        parts.append((f"{layer[0]}{scope}/dense", f"{layer[1]}{module}.dense", dense))
        parts.append((f"{layer[0]}{scope}/FakeLayerNorm", f"{layer[1]}{module}.LayerNorm", norm))
    for scope, module in (("attention/self/query", "attention.self.query"),
                          ("ffn_layer_0/intermediate/dense", "ffn.0.intermediate.dense")):
        parts.append((layer[0] + scope, layer[1] + module, dense))
    names = {f"{scope}/{leaf}": f"{module}.{name}" for scope, module, leaves in parts
             for leaf, name in leaves.items()}
    for table_name in ("word", "position", "token_type"):
        names[f"bert/embeddings/{table_name}_embeddings"] = f"mobilebert.embeddings.{table_name}_embeddings.weight"
    names |= {
        "output_weights": "classifier.weight", "output_bias": "classifier.bias",
        "cls/predictions/output_bias": "cls.predictions.bias",
        "cls/predictions/extra_output_weights": "cls.predictions.dense.weight",
        "cls/seq_relationship/output_weights": "cls.seq_relationship.weight",
        "cls/seq_relationship/output_bias": "cls.seq_relationship.bias"}
    kernels = [name for name in names if name.endswith(("kernel", "extra_output_weights"))]
    matrices = kernels + [name for name in names if name.endswith(("embeddings", "output_weights"))]
    arrays = {name: counted(10 * index, 2, 3) if name in matrices else counted(10 * index, 2)
              for index, name in enumerate(names)}
    slots = ["bert/pooler/dense/kernel/adam_m", "bert/pooler/dense/kernel/adam_v",
             "bert/pooler/dense/kernel/Adam_1", "output_bias/some_slot"]
    arrays |= {name: counted(0, 2) for name in slots} | {"global_step": numpy.int64(7)}
    saved_by_saver("mobilebert", arrays)
    good("mobilebert", lambda v: (names.get(v), v in kernels))

    names = {
        "bert/embeddings/word_embeddings": "bert.embeddings.word_embeddings.weight",
        "bert/embeddings/LayerNorm/gamma": "bert.embeddings.LayerNorm.weight",
        "bert/encoder/layer_0/output/dense/kernel": "bert.encoder.layer.0.output.dense.weight",
        "bert/encoder/layer_0/output/dense/bias": "bert.encoder.layer.0.output.dense.bias",
        "output_weights": "classifier.weight"}
    saved_by_saver("bert", {name: counted(index, 2, 2) for index, name in enumerate(names)})
    good("bert", lambda v: (names[v], v.endswith("kernel")))

    # Names as transformers' classes give them, in a session's checkpoint.
    scope = "tf_mobile_bert_for_sequence_classification/"
    names = {
        "mobilebert/embeddings/word_embeddings/weight": "mobilebert.embeddings.word_embeddings.weight",
        "mobilebert/embeddings/position_embeddings/embeddings": "mobilebert.embeddings.position_embeddings.weight",
        "mobilebert/encoder/layer_._1/ffn.0/output/LayerNorm/weight":
            "mobilebert.encoder.layer.1.ffn.0.output.LayerNorm.weight",
        "mobilebert/encoder/layer_._1/attention/self/key/kernel": "mobilebert.encoder.layer.1.attention.self.key.weight",
        "seq_relationship___cls/seq_relationship/bias": "cls.seq_relationship.bias",
        "classifier/kernel": "classifier.weight", "classifier/bias": "classifier.bias"}
    saved_by_saver("transformers", {scope + name: counted(index, 2, 3) for index, name in enumerate(names)})
    good("transformers", lambda v: (names[v.removeprefix(scope)], v.endswith("kernel")))

    # Names that share a long beginning, over several restarts.
    long = {f"bert/{'a_rather_long_scope/' * 12}layer_{i}/attention/self/query/bias": counted(i, 1)
            for i in range(40)}
    saved_by_saver("long-names", long)
    good("long-names", lambda v: (v.replace("/", ".").replace("layer_", "layer."), False))
    return long


def nested(paths):
    """Objects whose attributes are `paths`."""
    root = tf.Module()
    for path, value in paths.items():
        owner, parts = root, path.split("/")
        for part, following in zip(parts[:-1], parts[1:]):
            if isinstance(owner, list):
                owner.extend(tf.Module() for _ in range(len(owner), int(part) + 1))
                owner = owner[int(part)]
            else:
                if not hasattr(owner, part):
                    setattr(owner, part, [] if following.isdigit() else tf.Module())
                owner = getattr(owner, part)
        setattr(owner, parts[-1], tf.Variable(value))
    return root


class ByName(tf.train.experimental.ShardingCallback):
    """Every third tensor into the same file."""
    description = "by turns"

    def __call__(self, shardable_tensors):
        shards = [{}, {}, {}]
        for index, tensor in enumerate(shardable_tensors):
            shards[index % 3].setdefault(tensor.checkpoint_key, {})[tensor.slice_spec] = tensor.tensor
        return shards


def make_checkpoint():
    # As transformers' TensorFlow classes name their attributes.
    layer = "mobilebert/encoder/layer/1/", "mobilebert.encoder.layer.1."
    names = {
        "mobilebert/embeddings/weight": "mobilebert.embeddings.word_embeddings.weight",
        "mobilebert/embeddings/embeddings": "mobilebert.embeddings.position_embeddings.weight",
        "mobilebert/embeddings/token_type_embeddings": "mobilebert.embeddings.token_type_embeddings.weight",
        "mobilebert/embeddings/LayerNorm/weight": "mobilebert.embeddings.LayerNorm.weight",
        "mobilebert/embeddings/embedding_transformation/kernel": "mobilebert.embeddings.embedding_transformation.weight",
        layer[0] + "attention/self/query/kernel": layer[1] + "attention.self.query.weight",
        layer[0] + "attention/mobilebert_output/dense/bias": layer[1] + "attention.output.dense.bias",
        layer[0] + "bottleneck/bottleneck_input/dense/kernel": layer[1] + "bottleneck.input.dense.weight",
        layer[0] + "ffn/1/mobilebert_output/LayerNorm/bias": layer[1] + "ffn.1.output.LayerNorm.bias",
        layer[0] + "mobilebert_output/bottleneck/dense/kernel": layer[1] + "output.bottleneck.dense.weight",
        "classifier/kernel": "classifier.weight", "classifier/bias": "classifier.bias"}
    bert = {
        "bert/encoder/layer/0/attention/self_attention/key/kernel": "bert.encoder.layer.0.attention.self.key.weight",
        "bert/encoder/layer/0/attention/dense_output/LayerNorm/gamma": "bert.encoder.layer.0.attention.output.LayerNorm.weight",
        "bert/encoder/layer/0/bert_output/dense/kernel": "bert.encoder.layer.0.output.dense.weight",
        "bert/embeddings/weight": "bert.embeddings.word_embeddings.weight"}
    distilbert = {
        "distilbert/embeddings/embeddings": "distilbert.embeddings.position_embeddings.weight",
        "distilbert/transformer/layer/0/attention/q_lin/kernel": "distilbert.transformer.layer.0.attention.q_lin.weight",
        "distilbert/transformer/layer/0/sa_layer_norm/beta": "distilbert.transformer.layer.0.sa_layer_norm.bias",
        "pre_classifier/kernel": "pre_classifier.weight"}

    def save(name, names, options=None, **more):
        model = nested({path: counted(index, 2, 3) for index, path in enumerate(names)})
        tf.train.Checkpoint(model=model, **more).write(str(FOLDER / "good" / name), options=options)
        end = "/.ATTRIBUTES/VARIABLE_VALUE"
        known = {f"model/{path}{end}": name for path, name in names.items()}
        good(name, lambda v: (known.get(v), v.endswith("kernel" + end)))

    optimizer = nested({"iterations": numpy.int64(3), "_variables/0/m": counted(0, 2)})
    save("objects", names, optimizer=optimizer)
    save("objects-bert", bert)
    save("objects-distilbert", distilbert)
    save("sharded", names, tf.train.CheckpointOptions(experimental_sharding_callback=ByName()))


def by_hand(name, arrays, big_endian=False, **layout):
    """A checkpoint by tensorflow_table.py, which TensorFlow must read."""
    data, entries = b"", [(b"", header(endianness=int(big_endian)))]
    for variable in sorted(arrays):
        value = arrays[variable]
        raw = (value.astype(value.dtype.newbyteorder(">")) if big_endian else value).tobytes()
        number = tf.as_dtype(value.dtype).as_datatype_enum
        entries.append((variable.encode(), entry(number, value.shape, len(data), len(raw), crc32c(raw))))
        data += raw
    size = layout.pop("entries_per_block", 1000)
    blocks = [entries[i:i + size] for i in range(0, len(entries), size)]
    path = FOLDER / "good" / name
    path.with_name(f"{name}.index").write_bytes(table(blocks, **layout))
    path.with_name(f"{name}.data-00000-of-00001").write_bytes(data)


def make_by_hand(long):
    def renamed(v):
        return v.replace("/", ".").replace("layer_", "layer."), False
    # TensorFlow begins a block after 256 kB.
    by_hand("blocks", long, entries_per_block=7)
    good("blocks", renamed)
    by_hand("snappy", long, entries_per_block=25, kind=1,
            compress=lambda b: bytes(cramjam.snappy.compress_raw(b)))
    good("snappy", renamed)
    by_hand("big-endian", {"f32": VALUES, "f16": VALUES[0].astype(numpy.float16), "i64": numpy.arange(2)},
            big_endian=True)
    good("big-endian", same)
    by_hand("a", {"w": numpy.array([1, -2], numpy.float32)})
    good("a", same)


if __name__ == "__main__":
    shutil.rmtree(FOLDER / "good", ignore_errors=True)
    (FOLDER / "good").mkdir(parents=True)
    long = make_saver()
    make_checkpoint()
    make_by_hand(long)
