"""Makes Formats/onnx/golden: small ONNX files with their tensors as text beside each, and files that are
refused, each with the exact message beside it.

    pip install numpy==2.4 onnx==1.23 onnxscript==0.7 torch==2.15 transformers==5.24
    python Tests/Oracles/checkpoints/make_onnx.py

The exports' texts come from the state dicts of the models, those of the other good files from the numpy arrays
they were made of. The bad files are onnx's own messages with a field changed, or raw bytes.
"""
import pathlib
import shutil
import struct
import warnings

import numpy
import onnx
from onnx import TensorProto, helper, numpy_helper

import listing
from onnx_bad import make_bad

FOLDER = pathlib.Path(__file__).parents[3] / "Formats/onnx/golden"


def model(nodes, initializers, **how):
    graph = helper.make_graph(nodes, "g", [], [], initializers)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8, **how)


def good(name, content, tensors):
    """`tensors`: (name, type, values) of all that is listed."""
    path = FOLDER / "good" / f"{name}.onnx"
    path.write_bytes(content if isinstance(content, bytes) else content.SerializeToString())
    listing.write(path, [listing.line(key, kind, values.shape, values) for key, kind, values in tensors])


def floats(*shape, start=1):
    return (numpy.arange(numpy.prod(shape, dtype=int), dtype=numpy.float32) + start).reshape(shape)


def stored(name, values):
    return numpy_helper.from_array(values, name)


def f32(name, values):
    return (name, "float32", values)


def node(kind, inputs, outputs, name="", **attributes):
    return helper.make_node(kind, inputs, outputs, name, **attributes)


def make_types():
    w = numpy.array([[0, -0.0, 1.5], [-2.25, 3.4e38, 1e-40]], numpy.float32)
    half = w.astype("f2")
    bfloat = w.view(numpy.uint32) >> 16
    wide = (bfloat << 16).view(numpy.float32)
    doubles = numpy.array([0.1, 1e-300, -7.0])

    def typed(name, kind, shape, values):
        return helper.make_tensor(name, kind, shape, values)

    bits = half.reshape(-1).view(numpy.uint16).astype(numpy.int32)
    typed_half = TensorProto(name="half.typed", data_type=TensorProto.FLOAT16, dims=half.shape, int32_data=bits)
    typed_bfloat = TensorProto(
        name="bfloat.typed", data_type=TensorProto.BFLOAT16, dims=w.shape, int32_data=bfloat.reshape(-1).astype(int))
    raw_bfloat = TensorProto(
        name="bfloat", data_type=TensorProto.BFLOAT16, dims=w.shape, raw_data=bfloat.astype("<u2").tobytes())
    others = [
        numpy_helper.from_array(numpy.arange(3).astype(kind), f"other.{kind}")
        for kind in ("i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "?", "c8")]
    good("types", model([], [
        stored("float", w), stored("half", half), raw_bfloat, stored("double", doubles),
        typed("float.typed", TensorProto.FLOAT, w.shape, w.reshape(-1)), typed_half, typed_bfloat,
        typed("double.typed", TensorProto.DOUBLE, [3], doubles),
        typed("other.typed", TensorProto.INT64, [2], [1, 2]),
        stored("scalar.weight", numpy.float32(7.5)), stored("half.of.it", numpy.float32(0.5)), stored("none", numpy.zeros((0, 3), "f4")),
        TensorProto(name="none.typed", data_type=TensorProto.FLOAT, dims=[0])] + others), [
        f32("float", w), f32("float.typed", w), ("half", "float16", half), ("half.typed", "float16", half),
        ("bfloat", "bfloat16", wide), ("bfloat.typed", "bfloat16", wide), ("double", "float64", doubles),
        ("double.typed", "float64", doubles), f32("scalar.weight", numpy.float32(7.5)),
        f32("none", numpy.zeros((0, 3))), f32("none.typed", numpy.zeros(0))])


def make_names():
    """The rules of onnx.md, "Names", one file each."""
    w, v, b = floats(2, 3), floats(3, 2, start=10), floats(3, start=20)
    own = [stored("a.weight", w), stored("a.bias", floats(2)), stored("b.LayerNorm.gamma", b)]
    good("own", model([], own), [f32("a.weight", w), f32("a.bias", floats(2)), f32("b.LayerNorm.gamma", b)])

    product = [node("MatMul", ["x", "onnx::MatMul_1"], ["p"]), node("Add", ["a.bias", "p"], ["y"])]
    good("bias", model(product, [stored("onnx::MatMul_1", w), stored("a.bias", b)]),
         [f32("a.weight", w.T), f32("a.bias", b)])

    good("transposes", model([
        # Stored as it is trained, turned before it is used.
        node("Transpose", ["a.weight"], ["t"], perm=[1, 0]), node("MatMul", ["x", "t"], ["1"]),
        # Twice turned, and named by the bias.
        node("Transpose", ["m"], ["m1"]), node("Identity", ["m1"], ["m2"]), node("Transpose", ["m2"], ["m3"]),
        node("MatMul", ["x", "m3"], ["2"]), node("Identity", ["2"], ["3"]), node("Add", ["3", "b.bias"], ["4"]),
        # Turned by an optimizer, which kept the name.
        node("MatMul", ["x", "c.weight"], ["5"]),
        # A turn of three dimensions is no matrix's.
        node("Transpose", ["cube"], ["cube.weight"], perm=[0, 2, 1])],
        [stored("a.weight", v), stored("m", w), stored("b.bias", b), stored("c.weight", w), stored("cube", floats(1, 2, 2))]),
        [f32("a.weight", v), f32("b.weight", w.T), f32("b.bias", b), f32("c.weight", w.T), f32("cube", floats(1, 2, 2))])

    good("gemm", model([
        node("Gemm", ["x", "a.weight", "a.bias"], ["1"], transB=1), node("Gemm", ["x", "m", "b.bias"], ["2"]),
        # The exporter left out a bias of zeros.
        node("Gemm", ["x", "c.weight"], ["3"], transB=1, alpha=1.0),
        # Not the weight's product.
        node("Gemm", ["x", "n", "d.bias"], ["4"], alpha=2.0)],
        [stored("a.weight", v), stored("a.bias", b), stored("m", w), stored("b.bias", b), stored("c.weight", w),
         stored("n", w), stored("d.bias", b)]),
        [f32("a.weight", v), f32("a.bias", b), f32("b.weight", w.T), f32("b.bias", b), f32("c.weight", w),
         f32("c.bias", numpy.zeros(2)), f32("n", w), f32("d.bias", b)])

    good("aliases", model([
        node("Identity", ["a.bias"], ["b.bias"]), node("Identity", ["b.bias"], ["c.bias"]),
        node("MatMul", ["x", "m"], ["1"]), node("Add", ["1", "c.bias"], ["2"]),
        # A circle is nothing.
        node("Identity", ["loop.1"], ["loop.2"]), node("Identity", ["loop.2"], ["loop.1"])],
        [stored("a.bias", b), stored("m", w)]),
        [f32("a.bias", b), f32("b.bias", b), f32("c.bias", b), f32("c.weight", w.T)])

    scope = "pkg.torch.onnx.name_scopes"

    def noted(scopes, *arguments, **attributes):
        result = node(*arguments, **attributes)
        result.metadata_props.add(key=scope, value=repr([""] + scopes + ["linear"]))
        return result

    # Equal biases are stored once, so that only the modules tell the matrices apart.
    by_module = [stored("m", w), stored("n", w + 1), stored("a.bias", b), stored("e", floats(5, 2)),
                 stored("g", floats(3)), stored("h", floats(3, start=7))]
    expected = [f32("a.weight", w.T), f32("b.c.weight", w.T + 1), f32("a.bias", b), f32("b.c.bias", b),
                f32("e.weight", floats(5, 2)), f32("n.0.weight", floats(3)), f32("n.0.bias", floats(3, start=7))]
    good("modules", model([
        node("Gather", ["e", "i"], ["0"], "/e/Gather"),
        node("MatMul", ["0", "m"], ["1"], "/a/MatMul"), node("Add", ["1", "a.bias"], ["2"], "/a/Add"),
        node("MatMul", ["2", "n"], ["3"], "/b/c/MatMul"), node("Add", ["3", "a.bias"], ["4"], "/b/c/Add"),
        node("Mul", ["4", "g"], ["5"], "/n.0/Mul"), node("Add", ["5", "h"], ["6"], "/n.0/Add")], by_module), expected)
    good("scopes", model([
        noted(["e"], "Gather", ["e", "i"], ["0"]),
        noted(["a"], "MatMul", ["0", "m"], ["1"]), noted(["a"], "Add", ["1", "a.bias"], ["2"]),
        noted(["b", "b.c"], "MatMul", ["2", "n"], ["3"]), noted(["b", "b.c"], "Add", ["3", "a.bias"], ["4"]),
        noted(["n", "n.0"], "LayerNormalization", ["4", "g", "h"], ["6"])], by_module), expected)

    unnamed = [stored("m", w), stored("n", w + 1), stored("a.bias", b), stored("val_3", numpy.float32(0.5))]
    good("unresolved", model([
        node("MatMul", ["x", "m"], ["1"]), node("Add", ["1", "a.bias"], ["2"]), node("MatMul", ["2", "n"], ["3"]),
        node("Add", ["3", "a.bias"], ["4"]), node("Mul", ["4", "val_3"], ["5"], "/act/Mul")], unnamed),
        [f32("m", w), f32("n", w + 1), f32("a.bias", b)])

    good("constants", model([
        node("Constant", [], ["m"], value=stored("", w)), node("Constant", [], ["a.bias"], value=stored("other", b)),
        node("Constant", [], ["half"], value=stored("", numpy.float32(0.5))),
        node("MatMul", ["x", "m"], ["1"]), node("Add", ["1", "a.bias"], ["2"])], []),
        [f32("a.weight", w.T), f32("a.bias", b)])

    half = w.astype("f2")
    good("casts", model([
        node("Cast", ["m"], ["m1"], to=TensorProto.FLOAT), node("MatMul", ["x", "m1"], ["1"]),
        node("Cast", ["1"], ["2"], to=TensorProto.FLOAT16), node("Add", ["2", "a.bias"], ["3"]),
        node("Cast", ["n"], ["b.weight"], to=TensorProto.INT64)],
        [stored("m", half), stored("a.bias", b.astype("f2")), stored("n", w)]),
        [("a.weight", "float16", half.T), ("a.bias", "float16", b), f32("n", w)])


def make_places():
    w, v = floats(2, 3), floats(4, start=7)

    def outside(name, values, **entries):
        tensor = TensorProto(name=name, data_type=TensorProto.FLOAT, dims=values.shape, data_location=TensorProto.EXTERNAL)
        for key, value in entries.items():
            tensor.external_data.add(key=key, value=str(value))
        return tensor

    (FOLDER / "good" / "values.data").write_bytes(bytes(3) + w.tobytes() + v.tobytes())
    good("external", model([], [
        outside("w", w, location="values.data", offset=3, length=24, checksum="unread"), stored("inside", w),
        outside("v", v, location="values.data", offset=27), outside("none", floats(0), location="values.data", offset=43)]),
        [f32("w", w), f32("v", v), f32("inside", w), f32("none", floats(0))])

    # A body in a body in a body…: it is not looked into.
    body = b""
    for _ in range(2000):
        attribute = b"\x32" + length(body)
        body = b"\x0a" + length(b"\x2a" + length(attribute))
    graph = model([], [stored("w", w)]).graph.SerializeToString() + body
    good("deep-bodies", b"\x08\x08" + b"\x3a" + length(graph) + b"\x42\x02\x10\x11", [f32("w", w)])

    # Fields in another order, and unknown ones.
    tensor = b"\xfa\x07\x01x" + b"\x4a" + length(w.tobytes()) + b"\x42\x01w" + b"\x10\x01" + b"\x0a\x02\x02\x03"
    good("order", b"\x08\x08\x42\x02\x10\x11" + b"\x3a" + length(b"\x12\x01g\x2a" + length(tensor)) + b"\xf8\x07\x01", [f32("w", w)])


def length(content):
    """`content` after its length."""
    size, result = len(content), b""
    while size >= 128:
        result += bytes([size & 127 | 128])
        size >>= 7
    return result + bytes([size]) + content


def make_exports():
    """Tiny models from torch's two exporters."""
    import torch
    from transformers import (
        BertConfig, BertForSequenceClassification, DistilBertConfig, DistilBertForSequenceClassification,
        MobileBertConfig, MobileBertForSequenceClassification)
    warnings.filterwarnings("ignore")
    shared = {"vocab_size": 5, "num_labels": 2, "max_position_embeddings": 6}
    depth = {"num_hidden_layers": 1, "num_attention_heads": 2, "hidden_size": 4, "intermediate_size": 6}
    mobilebert = MobileBertConfig(**shared, **depth, embedding_size=2, intra_bottleneck_size=2, num_feedforward_networks=2)
    bert = BertConfig(**shared, **depth)
    distilbert = DistilBertConfig(**shared, n_layers=1, n_heads=2, dim=4, hidden_dim=6)
    kinds = [
        ("mobilebert", MobileBertForSequenceClassification, mobilebert), ("bert", BertForSequenceClassification, bert),
        ("distilbert", DistilBertForSequenceClassification, distilbert)]
    ids = torch.tensor([[1, 2, 3]])
    inputs = ["input_ids", "attention_mask"]
    axes = {name: {0: "batch", 1: "length"} for name in inputs}
    for name, kind, config in kinds:
        config._attn_implementation = "eager"
        for trained in (True, False):
            torch.manual_seed(7)
            network = kind(config).eval()
            if trained:
                with torch.no_grad():
                    for parameter in network.parameters():
                        parameter.copy_(torch.randn_like(parameter))
            for exporter, how in (("old", {"dynamo": False, "opset_version": 17}),
                                  ("new", {"dynamo": True, "opset_version": 18, "external_data": False, "verbose": False})):
                label = f"{name}-{exporter}" + ("" if trained else "-untrained")
                path = FOLDER / "good" / f"{label}.onnx"
                torch.onnx.export(network, (ids, torch.ones_like(ids)), str(path), input_names=inputs, dynamic_axes=axes, **how)
                content = onnx.load(path)
                strip(content)
                state = {key: value.numpy() for key, value in network.state_dict().items() if value.dtype == torch.float32}
                good(label, content, [f32(*item) for item in state.items()])


def strip(content):
    """Leaves out what holds paths of this machine, and is not read."""
    del content.graph.value_info[:]
    del content.graph.metadata_props[:]
    del content.metadata_props[:]
    for each in content.graph.node:
        kept = [p for p in each.metadata_props if p.key == "pkg.torch.onnx.name_scopes"]
        del each.metadata_props[:]
        each.metadata_props.extend(kept)
        each.doc_string = ""
    for each in list(content.graph.input) + list(content.graph.output) + list(content.graph.initializer):
        del each.metadata_props[:]


if __name__ == "__main__":
    shutil.rmtree(FOLDER, ignore_errors=True)
    (FOLDER / "good").mkdir(parents=True)
    (FOLDER / "bad").mkdir()
    good("tiny", model([], [stored("w", floats(2))]), [f32("w", floats(2))])
    make_types()
    make_names()
    make_places()
    make_exports()
    make_bad(FOLDER / "bad")
