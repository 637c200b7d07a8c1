"""The files of Formats/onnx/golden/bad, for make_onnx.py."""
import numpy
from onnx import TensorProto, helper, numpy_helper

AGAIN = "; copy or download the file again"
DAMAGED = "; the file is damaged or was not made by an exporter, export it again"
UNREADABLE = "is no ONNX model that can be read: "


def length(content):
    """`content` after its length, a varint."""
    size, result = len(content), b""
    while size >= 128:
        result += bytes([size & 127 | 128])
        size >>= 7
    return result + bytes([size]) + content


def raw(graph, before=b"\x08\x08", after=b"\x42\x02\x10\x11"):
    """A model of version 8 with the bytes of a graph, for operators of version 17."""
    return before + b"\x3a" + length(graph) + after


def initializer(tensor):
    return raw(b"\x2a" + length(tensor))


def make_bad(folder):
    def bad(name, content, message):
        if not isinstance(content, bytes):
            content = content.SerializeToString()
        (folder / f"{name}.onnx").write_bytes(content)
        (folder / f"{name}.txt").write_text(f"'{name}.onnx' {message}\n")

    def model(tensors, nodes=(), **fields):
        graph = helper.make_graph(list(nodes), "g", [], [], tensors, **fields)
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)

    def tensor(problem_name, what, advice=DAMAGED, nodes=(), **fields):
        """A file with one tensor 'w' of two floats, some fields of which are others."""
        fields = {"name": "w", "data_type": TensorProto.FLOAT, "dims": [2], "raw_data": bytes(8), **fields}
        entries = fields.pop("external", None)
        content = TensorProto(**{key: value for key, value in fields.items() if value is not None})
        for key, value in entries or []:
            content.external_data.add(key=key, value=value)
        bad(problem_name, model([content], nodes), f"describes tensor 'w' wrongly: {what}{advice}")

    make_bytes(bad)
    make_models(bad, model)
    make_tensors(tensor)
    make_external(tensor, bad, model)
    # These are refused before the tensor is looked at, by the rule for all files that name others.
    for name, location, shown in [
            ("external-outside", "../w.data", "../w.data"), ("external-absolute", "/etc/passwd", "/etc/passwd"),
            ("external-backslash", "..\\w.data", "..\\w.data"), ("external-nul", "w\0.data", "w\\u{0}.data")]:
        content = TensorProto(name="w", data_type=1, dims=[2], data_location=1)
        content.external_data.add(key="location", value=location)
        bad(name, model([content]), "")
        (folder / f"{name}.txt").write_text(
            f"'{name}.onnx': it names the file '{shown}', which is not beside it; only files in the same folder are opened; put it"
            " there and save the model again\n")


def make_bytes(bad):
    bad("empty", b"", "has no graph, and so is no ONNX model, or cut off" + AGAIN)
    bad("git-lfs-pointer", b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n",
        "is a Git LFS pointer, not the weights; run `git lfs pull` in its folder, or download it")
    bad("text", b"not a model", f"{UNREADABLE}a field is of wire type 6, allowed: 0, 1, 2 and 5 (at byte 0){DAMAGED}")
    bad("number-cut-off", b"\x08\x80", f"is cut off: the field at byte 2 needs 1 byte, and the file has 0 left{AGAIN}")
    bad("number-of-11-bytes", b"\x08" + b"\x80" * 10 + b"\x00", f"{UNREADABLE}a number has more than 64 bits (at byte 1){DAMAGED}")
    bad("number-of-65-bits", b"\x08" + b"\xff" * 9 + b"\x02", f"{UNREADABLE}a number has more than 64 bits (at byte 1){DAMAGED}")
    bad("field-0", b"\x00\x01", f"{UNREADABLE}a field has the number 0, allowed: 1 to 536870911 (at byte 0){DAMAGED}")
    bad("field-2-29", b"\x80\x80\x80\x80\x10\x01",
        f"{UNREADABLE}a field has the number 536870912, allowed: 1 to 536870911 (at byte 0){DAMAGED}")
    bad("group", b"\x08\x08\x0b\x0c", f"{UNREADABLE}field 1 is a group, which ONNX does not use (at byte 3){DAMAGED}")
    bad("graph-cut-off", b"\x08\x08\x3a\x20abc", f"is cut off: the field at byte 3 needs 32 bytes, and the file has 3 left{AGAIN}")
    bad("length-2-63", b"\x3a" + b"\x80" * 9 + b"\x01",
        f"{UNREADABLE}a length is {2**63}, more than a file can have (at byte 1){DAMAGED}")
    bad("length-2-63-less-1", b"\x3a" + b"\xff" * 8 + b"\x7f",
        f"is cut off: the field at byte 1 needs {2**63 - 1} bytes, and the file has 0 left{AGAIN}")
    bad("length-beyond-message", raw(b"\x2a\x05\x42\x01w"),
        f"{UNREADABLE}a field needs 5 bytes, and the message it is in has 3 left (at byte 5){DAMAGED}")
    bad("graph-a-number", b"\x08\x08\x38\x01", f"{UNREADABLE}the model's graph is of wire type 0, allowed: 2 (at byte 2){DAMAGED}")
    bad("single-float", initializer(b"\x08\x01\x10\x01\x42\x01w\x25" + bytes(4)),
        f"{UNREADABLE}a tensor's float_data is of wire type 5, allowed: 2 (at byte 13){DAMAGED}")
    bad("graph-twice", raw(b"") + b"\x3a\x00", f"has the model's graph twice (the second at byte 8), allowed: once{DAMAGED}")
    bad("values-twice", initializer(b"\x08\x01\x10\x01\x42\x01w" + (b"\x4a\x04" + bytes(4)) * 2),
        f"has a tensor's raw_data twice (the second at byte 19), allowed: once{DAMAGED}")
    attribute = b"\x0a\x05value\x2a\x02\x10\x01\x2a\x02\x10\x01"
    bad("constant-twice", raw(b"\x0a" + length(b"\x22\x08Constant\x2a" + length(attribute))),
        f"has an attribute's tensor twice (the second at byte 29), allowed: once{DAMAGED}")
    bad("name-not-utf8", initializer(b"\x10\x01\x42\x01\xff"), f"{UNREADABLE}a name is not valid UTF-8{DAMAGED}")
    bad("sizes-cut-off", initializer(b"\x10\x01\x42\x01w\x0a\x01\x80"),
        f"{UNREADABLE}a field does not have the form that its number says{DAMAGED}")


def make_models(bad, model):
    w = numpy_helper.from_array(numpy.ones(2, "f4"), "w")
    node = helper.make_node
    bad("no-graph", b"\x08\x08\x42\x02\x10\x11", "has no graph, and so is no ONNX model, or cut off" + AGAIN)
    bad("no-operators", raw(b"", after=b""),
        "does not say which operators it uses (opset_import), and so is no ONNX model, or cut off" + AGAIN)
    sparse = model([w])
    sparse.graph.sparse_initializer.add().values.name = "s"
    bad("sparse", sparse, "has sparse initializers, allowed: dense ones; export the model again without sparsification")
    bad("no-name", model([w, TensorProto(data_type=1, dims=[0])]), "has an initializer without a name, number 1" + DAMAGED)
    twice = "to two values, allowed: one" + DAMAGED
    bad("one-name", model([w, w]), f"gives the name 'w' {twice}")
    bad("name-of-output", model([w], [node("Identity", ["x"], ["w"])]), f"gives the name 'w' {twice}")
    bad("two-outputs", model([w], [node("Relu", ["w"], ["y"]), node("Relu", ["w"], ["y"])]), f"gives the name 'y' {twice}")
    bad("forged-message", model([TensorProto(name="w\n\x1b[31m\u202e", data_type=1, dims=[-1])]),
        "describes tensor 'w\\u{A}\\u{1B}[31m\\u{202E}' wrongly: a size in dims is -1, allowed: from 0" + DAMAGED)

    rounded = "Its weights are rounded already; use the model as it was before, in FP32 or FP16"
    for name, domain, kind in [
            ("quantized", "", "DynamicQuantizeLinear"), ("quantized-weights", "", "DequantizeLinear"),
            ("quantized-by-runtime", "com.microsoft", "QAttention"), ("quantized-to-4-bits", "com.microsoft", "MatMulNBits")]:
        bad(name, model([w], [node("Relu", ["w"], ["r"]), node(kind, ["x"], ["y"], "/a/MatMul_quant", domain=domain)]),
            f"is a quantized model: node '/a/MatMul_quant' is of operator '{kind}'. {rounded}")
    bad("optimized", model([w], [node("SkipLayerNormalization", ["w"], ["r"], "SkipLayerNorm_0", domain="com.microsoft")]),
        "was changed by an optimizer: node 'SkipLayerNorm_0' is of operator 'SkipLayerNormalization' from 'com.microsoft', and"
        " the graph is needed as it was exported; export the model again without optimization")
    # Not every Q is a quantizer.
    bad("optimized-activation", model([w], [node("QuickGelu", ["w"], ["r"], "QuickGelu_0", domain="com.microsoft")]),
        "was changed by an optimizer: node 'QuickGelu_0' is of operator 'QuickGelu' from 'com.microsoft', and the graph is needed as"
        " it was exported; export the model again without optimization")
    words = numpy_helper.from_array(numpy.ones((5, 2), "f4"), "bert.embeddings.word_embeddings.weight")
    rest = numpy_helper.from_array(numpy.ones((1, 3, 2), "f4"), "embedding_1")
    bad("one-length", model([words, rest], [
        node("Gather", [words.name, "i"], ["embedding"]), node("Add", ["embedding", "embedding_1"], ["y"])]),
        "has no 'bert.embeddings.position_embeddings.weight': the exporter put a part of it, for texts of one length only, into"
        " the constant 'embedding_1' [1, 3, 2]; export the model again with dynamic axes (`dynamic_shapes` or `dynamic_axes` of"
        " `torch.onnx.export`)")


def make_tensors(tensor):
    two = "its shape [2] of type F32 needs 8"
    tensor("texts", "it holds texts, allowed: numbers", "; export the classifier alone, without a tokenizer inside",
           data_type=TensorProto.STRING, raw_data=None, string_data=[b"a", b"b"])
    tensor("type-0", "data_type is 0, allowed: 1 to 26", data_type=0)
    tensor("type-99", "data_type is 99, allowed: 1 to 26", data_type=99)
    tensor("segment", "it is one segment of a tensor, allowed: whole tensors", segment=TensorProto.Segment(begin=0, end=1))
    tensor("size-negative", "a size in dims is -2, allowed: from 0", dims=[-2])
    tensor("size-2-63", f"a size in dims is {-2**63}, allowed: from 0", dims=[-2**63])
    more = "has more values of type F32 than a file can hold"
    tensor("overflow", f"the shape [{2**62}, 4] {more}", dims=[2**62, 4])
    tensor("overflow-with-zero", f"the shape [{2**62}, 4, 0] {more}", dims=[2**62, 4, 0], raw_data=b"")
    tensor("values-short", f"it has 7 bytes, and {two}", raw_data=bytes(7))
    tensor("values-long", f"it has 9 bytes, and {two}", raw_data=bytes(9))
    tensor("no-values", f"it has no values, and {two}", raw_data=None)
    tensor("both", "it has values in raw_data and float_data, allowed: one of them", float_data=[1, 2])
    tensor("three", "it has values in raw_data, float_data and int32_data, allowed: one of them", float_data=[1], int32_data=[1])
    tensor("floats-short", f"it has 4 bytes, and {two}", raw_data=None, float_data=[1])
    half = {"data_type": TensorProto.FLOAT16, "raw_data": None}
    two_halves = "its shape [2] of type F16 needs 4"
    tensor("floats-of-halves", "it is of type F16 and has values in float_data, allowed: raw_data and int32_data", float_data=[1, 2], **half)
    tensor("doubles-of-floats", "it is of type F32 and has values in double_data, allowed: raw_data and float_data", raw_data=None, double_data=[1])
    tensor("halves-short", f"it has 1 value of 2 bytes in int32_data, and {two_halves}", int32_data=[1], **half)
    tensor("half-of-17-bits", "int32_data has 65536, allowed: 16 bits, 0 to 65535", int32_data=[1, 65536], **half)
    tensor("half-negative", "int32_data has -1, allowed: 16 bits, 0 to 65535", int32_data=[-1, 1], **half)
    # A node's constant is looked at like an initializer.
    tensor("constant", "it has 3 bytes, and its shape [2] of type F32 needs 8", name="other", nodes=[helper.make_node(
        "Constant", [], ["w"], value=TensorProto(data_type=1, dims=[2], raw_data=bytes(3)))])


def make_external(tensor, bad, model):
    def external(name, what, entries, advice=DAMAGED, **fields):
        tensor(name, what, advice, raw_data=fields.pop("raw_data", None), data_location=1, external=entries, **fields)

    place = [("location", "external-beyond-end.onnx")]
    # The model itself has some bytes to point at.
    external("external-beyond-end", "it starts at byte 1000 of 'external-beyond-end.onnx', its shape [2] of type F32 needs 8, and the"
             " file has 78", place + [("offset", "1000")], "; copy it again together with its model, or export both again")
    external("external-huge", f"it starts at byte {2**63 - 1} of 'external-huge.onnx', its shape [2] of type F32 needs 8, and the file"
             " has 87", [("location", "external-huge.onnx"), ("offset", str(2**63 - 1))],
             "; copy it again together with its model, or export both again")
    external("external-2-63", f"external_data's offset is '{2**63}', allowed: a whole number from 0", place + [("offset", str(2**63))])
    external("external-negative", "external_data's offset is '-8', allowed: a whole number from 0", place + [("offset", "-8")])
    external("external-no-number", "external_data's length is '8.0', allowed: a whole number from 0", place + [("length", "8.0")])
    external("external-short", "it has 4 bytes, and its shape [2] of type F32 needs 8", place + [("length", "4")])
    external("external-no-location", "external_data has no location, needed: a file name", [("offset", "0")])
    external("external-twice", "external_data has two entries 'location', allowed: one", place + place)
    external("external-and-inside", "it has values in raw_data and another file, allowed: one of them", place, raw_data=bytes(8))
    bad("location-2", initializer(b"\x0a\x01\x02\x10\x01\x42\x01w\x4a\x08" + bytes(8) + b"\x70\x02"),
        f"describes tensor 'w' wrongly: data_location is 2, allowed: 0 and 1{DAMAGED}")
    content = TensorProto(name="w", data_type=1, dims=[2], data_location=1)
    content.external_data.add(key="location", value="gone.data")
    bad("external-missing", model([content]), "keeps values in the file 'gone.data', which cannot be opened (No such file or directory);"
        " put it into the model's folder, under the name it was exported with")
