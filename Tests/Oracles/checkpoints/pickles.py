"""Pickles written opcode by opcode: what make_torch.py puts into files that must be refused.

`BAD` lists the ways known from published attacks on pickles (picklescan's and fickling's lists, the reports
about torch.load) and from the opcodes themselves. Nothing here is ever unpickled.
"""
import struct

STORAGE = "FloatStorage"


def text(value):
    data = value.encode()
    return b"X" + struct.pack("<I", len(data)) + data


def number(value):
    if 0 <= value < 256:
        return bytes([0x4B, value])
    data = value.to_bytes(9, "little", signed=True)
    return b"\x8a\x09" + data if value >= 2**63 else b"\x8a\x08" + value.to_bytes(8, "little", signed=True)


def items(*values):
    return b"(" + b"".join(values) + b"t"


def tensor(shape=(2,), stride=(1,), offset=0, count=2, key="0", storage=STORAGE):
    """`_rebuild_tensor_v2` of a storage of two floats."""
    identifier = items(text("storage"), b"ctorch\n" + storage.encode() + b"\n", text(key), text("cpu"), number(count))
    return (b"ctorch._utils\n_rebuild_tensor_v2\n" + items(
        identifier + b"Q", number(offset), items(*map(number, shape)), items(*map(number, stride)), b"\x89",
        b"ccollections\nOrderedDict\n)R") + b"R")


def state(**members):
    return b"\x80\x02}(" + b"".join(text(key) + value for key, value in members.items()) + b"u."


ADVICE = ("; nothing in it was executed. In Python, where you trust the file, save the weights alone:"
          ' `torch.save(model.state_dict(), "pytorch_model.bin")`')
DAMAGED = "; the file is damaged or was not written by torch.save"
NAMES = [
    ("os-system", "posix", "system"), ("nt-system", "nt", "system"), ("os", "os", "system"), ("os-popen", "os", "popen"),
    ("eval", "builtins", "eval"), ("exec", "builtins", "exec"), ("compile", "builtins", "compile"), ("eval-2", "__builtin__", "eval"),
    ("open", "builtins", "open"), ("import", "builtins", "__import__"), ("getattr", "builtins", "getattr"),
    ("globals", "builtins", "globals"), ("apply", "__builtin__", "apply"), ("popen", "subprocess", "Popen"),
    ("check-output", "subprocess", "check_output"), ("pty", "pty", "spawn"), ("socket", "socket", "create_connection"),
    ("import-module", "importlib", "import_module"), ("run-code", "runpy", "_run_code"), ("code", "types", "CodeType"),
    ("function", "types", "FunctionType"), ("attrgetter", "operator", "attrgetter"), ("methodcaller", "operator", "methodcaller"),
    ("partial", "functools", "partial"), ("timeit", "timeit", "timeit"), ("pip", "pip", "main"), ("webbrowser", "webbrowser", "open"),
    ("ctypes", "ctypes", "CDLL"), ("rmtree", "shutil", "rmtree"), ("pickle-loads", "pickle", "loads"), ("marshal", "marshal", "loads"),
    ("copyreg", "copyreg", "_reconstructor"), ("codecs", "_codecs", "encode"), ("load-from-bytes", "torch.storage", "_load_from_bytes"),
    ("torch-load", "torch.serialization", "load"), ("hub", "torch.hub", "load"), ("jit", "torch.jit", "load"),
    ("unsafe-type", "torch._utils", "_rebuild_from_type_v2"), ("dynamo", "torch._dynamo.guards", "GuardBuilder.get"),
    ("inductor", "torch._inductor.codecache", "compile_file"), ("numpy-reconstruct", "numpy.core.multiarray", "_reconstruct"),
    ("numpy-load", "numpy", "load"), ("numpy-exec", "numpy.testing._private.utils", "runstring"), ("namespace", "argparse", "Namespace"),
    ("model-class", "transformers.models.mobilebert.modeling_mobilebert", "MobileBertForSequenceClassification"),
    # Names of the list with something behind or before them.
    ("dotted", "collections", "OrderedDict.__init__.__globals__"), ("dotted-rebuild", "torch._utils", "_rebuild_tensor_v2.__globals__"),
    ("from-file", "torch", "FloatStorage.from_file"), ("other-module", "torch.utils", "Size"), ("case", "Collections", "OrderedDict"),
    ("space", "collections ", "OrderedDict"), ("empty-module", "", "OrderedDict"), ("homoglyph", "collecti\u043ens", "OrderedDict"),
]


def forbidden(name, at=2):
    return f"has a pickle that asks for '{name}' (byte {at}), and only tensors, plain containers and numbers are allowed{ADVICE}"


def opcode(name, at):
    return f"has a pickle with the opcode {name} (byte {at}), which no file of weights needs{ADVICE}"


def call(module, name):
    return f"c{module}\n{name}\n".encode() + text("id") + b"\x85R"


P = b"\x80\x02"
ordered = b"ccollections\nOrderedDict\n"
rebuild = b"ctorch._utils\n_rebuild_tensor_v2\n"

BAD = [(name, P + call(module, attribute) + b".", forbidden(f"{module}.{attribute}")) for name, module, attribute in NAMES]
BAD += [
    # As a member of an otherwise sound state dict, and behind the value that counts.
    ("in-state", state(w=tensor(), x=call("posix", "system")), forbidden("posix.system", len(state(w=tensor())) - 2 + 6)),
    ("before-state", P + call("posix", "system") + b"0" + state(w=tensor())[2:], forbidden("posix.system")),
    ("stack-global", P + text("posix") + text("system") + b"\x93" + text("id") + b"\x85R.", forbidden("posix.system", 23)),
    ("stack-global-memo", P + text("posix") + b"q\x01" + text("system") + b"q\x020" + b"0h\x01h\x02\x93.", forbidden("posix.system", 33)),
    ("stack-global-pieces", P + text("torch") + text("hub.load") + b"\x93.", forbidden("torch.hub.load", 25)),
    ("stack-global-numbers", P + b"K\1K\2\x93.", f"has a pickle whose stackGlobal at byte 6 is given 1 and 2, needed a module's and a name's text{DAMAGED}"),
    ("inst", P + b"(" + text("id") + b"iposix\nsystem\n.", opcode("INST", 10)),
    ("obj", P + b"(" + ordered + b"o.", opcode("OBJ", 28)),
    ("newobj", P + ordered + b")\x81.", opcode("NEWOBJ", 28)),
    ("newobj-ex", P + ordered + b")}\x92.", opcode("NEWOBJ_EX", 29)),
    ("ext1", P + b"\x82\x01.", opcode("EXT1", 2)), ("ext2", P + b"\x83\x01\x00.", opcode("EXT2", 2)),
    ("ext4", P + b"\x84\x01\x00\x00\x00.", opcode("EXT4", 2)),
    ("persid", P + b"P0\n.", opcode("PERSID", 2)), ("set", P + b"\x8f.", opcode("EMPTY_SET", 2)),
    ("bytearray", P + b"\x96" + bytes(8) + b".", opcode("BYTEARRAY8", 2)), ("next-buffer", P + b"\x97.", opcode("NEXT_BUFFER", 2)),
    ("text-integer", P + b"I1\n.", opcode("INT", 2)), ("text-string", P + b"S'a'\n.", opcode("STRING", 2)), ("put", P + b"Np0\n.", opcode("PUT", 3)),
    ("unknown-opcode", P + b"\xff.", f"has a pickle with the unknown opcode 255 at byte 2{DAMAGED}"),
    ("protocol-1", b"\x80\x01}.", f"has a pickle of protocol 1, and 2 to 5 are read{ADVICE}"),
    ("protocol-0", b"(dp0\n.", opcode("DICT", 1)),
    # Calls of what is allowed with what is not meant.
    ("call-text", P + text("system") + b")R.", f"has a pickle whose reduce at byte 14 is given a text and a tuple, needed a function and a tuple{DAMAGED}"),
    ("call-dictionary", P + b"})R.", f"has a pickle whose reduce at byte 4 is given a dictionary and a tuple, needed a function and a tuple{DAMAGED}"),
    ("call-storage", P + b"ctorch\nFloatStorage\n)R.", f"has a pickle that calls 'torch.FloatStorage' wrongly at byte 23: it is no function{DAMAGED}"),
    ("call-type", P + b"ctorch\nfloat32\n)R.", f"has a pickle that calls 'torch.float32' wrongly at byte 18: it is no function{DAMAGED}"),
    ("call-list", P + ordered + b"]R.", f"has a pickle whose reduce at byte 28 is given 'collections.OrderedDict' and a list, needed a function and a tuple{DAMAGED}"),
    ("ordered-with-items", P + ordered + b"]\x85R.", f"has a pickle that calls 'collections.OrderedDict' wrongly at byte 29: it is given items{DAMAGED}"),
    ("rebuild-nothing", P + rebuild + b")R.", f"has a pickle that calls 'torch._utils._rebuild_tensor_v2' wrongly at byte @@: it is given 0 values, needed 6 or 7{DAMAGED}"),
    ("rebuild-no-storage", P + rebuild + items(b"N", b"K\0", b")", b")", b"\x89", b"}") + b"R.",
     f"has a pickle that calls 'torch._utils._rebuild_tensor_v2' wrongly at byte @@: the storage is None{DAMAGED}"),
    ("parameter-of-none", P + b"ctorch._utils\n_rebuild_parameter\n" + items(b"N", b"\x88", b"}") + b"R.",
     f"has a pickle that calls 'torch._utils._rebuild_parameter' wrongly at byte 40: it is not given a tensor and two settings{DAMAGED}"),
    ("negative-offset", P + rebuild + items(
        items(text("storage"), b"ctorch\nFloatStorage\n", text("0"), text("cpu"), b"K\2") + b"Q", b"J\xff\xff\xff\xff", b"K\2\x85", b"K\1\x85", b"\x89", b"}") + b"R.",
     f"has a pickle that calls 'torch._utils._rebuild_tensor_v2' wrongly at byte @@: the offset is -1, needed a whole number from 0{DAMAGED}"),
    ("negative-size", P + rebuild + items(
        items(text("storage"), b"ctorch\nFloatStorage\n", text("0"), text("cpu"), b"K\2") + b"Q", b"K\0", b"J\xff\xff\xff\xff\x85", b"K\1\x85", b"\x89", b"}") + b"R.",
     f"has a pickle that calls 'torch._utils._rebuild_tensor_v2' wrongly at byte @@: the size holds -1, needed whole numbers from 0{DAMAGED}"),
    # Persistent identifiers.
    ("persistent-text", P + text("0") + b"Q.", "has a pickle whose binPersistentID at byte 8 is given a text, needed a tuple that describes a storage: its type, key,"
     f" device and number of elements{DAMAGED}"),
    ("persistent-module", P + items(text("module"), b"ctorch\nFloatStorage\n", text("0"), text("cpu"), b"K\2") + b"Q.",
     "has a pickle whose binPersistentID at byte @@ is given a tuple that starts with a text, needed a tuple that describes a storage: its type, key, device and"
     f" number of elements{DAMAGED}"),
    ("persistent-no-type", P + items(text("storage"), ordered, text("0"), text("cpu"), b"K\2") + b"Q.",
     "has a pickle whose binPersistentID at byte @@ is given 'collections.OrderedDict' as the type, needed a tuple that describes a storage: its type, key, device and"
     f" number of elements{DAMAGED}"),
    # Attributes (__setstate__) of what has none.
    ("build-list", P + b"]}b.", f"has a pickle whose build at byte 4 is given a list, needed a dictionary{DAMAGED}"),
    ("build-function", P + ordered + b"}b.", f"has a pickle whose build at byte 28 is given 'collections.OrderedDict', needed a dictionary{DAMAGED}"),
    ("build-tensor", P + tensor() + b"}b.", f"has a pickle whose build at byte {len(P + tensor()) + 1} is given a tensor, needed a dictionary{DAMAGED}"),
    # The stack and the memo.
    ("pop-nothing", P + b"0.", f"has a pickle whose pop at byte 2 finds too little on the stack{DAMAGED}"),
    ("stop-nothing", P + b".", f"has a pickle whose stop at byte 2 finds too little on the stack{DAMAGED}"),
    ("no-mark", P + b"1.", f"has a pickle whose popMark at byte 2 finds too little on the stack{DAMAGED}"),
    ("through-mark", P + b"N(N\x87.", f"has a pickle whose tuple3 at byte 5 finds too little on the stack{DAMAGED}"),
    ("odd-items", P + b"}(Nu.", f"has a pickle whose setItems at byte 5 is given a dictionary, needed a dictionary and pairs{DAMAGED}"),
    ("append-to-dictionary", P + b"}Na.", f"has a pickle whose append at byte 4 is given a dictionary, needed a list{DAMAGED}"),
    ("memo-empty", P + b"h\x05.", f"has a pickle that asks at byte 2 for the stored value 5, and none was stored{DAMAGED}"),
    ("memo-2-32", P + b"Nr\xff\xff\xff\xff0j\xfe\xff\xff\xff.", f"has a pickle that asks at byte 9 for the stored value 4294967294, and none was stored{DAMAGED}"),
    ("put-nothing", P + b"q\x00.", f"has a pickle whose binPut at byte 2 finds too little on the stack{DAMAGED}"),
    # Structures without end.
    ("holds-itself", P + b"}q\x00" + text("state_dict") + b"h\x00s.", "holds no weights: found a dictionary of 'state_dict', and no tensors in it or in 'state_dict',"
     " 'model_state_dict', 'model', 'module', 'net', 'network', 'weights' or 'params'; save the weights alone with"
     ' `torch.save(model.state_dict(), "pytorch_model.bin")`'),
    ("list-in-itself", P + b"]q\x00h\x00a.", 'holds no weights: found a list; save the weights alone with `torch.save(model.state_dict(), "pytorch_model.bin")`'),
    ("tuples-in-tuples", P + b")" + b"\x85" * 20000 + b".", 'holds no weights: found a tuple; save the weights alone with `torch.save(model.state_dict(), "pytorch_model.bin")`'),
    # Lengths.
    ("text-2-63", P + b"\x8d" + struct.pack("<Q", 2**63) + b".", f"is cut off: its pickle ends at byte 12{DAMAGED}"),
    ("text-beyond-end", P + b"X\xff\xff\xff\x7fab.", f"is cut off: its pickle ends at byte 10{DAMAGED}"),
    ("integer-beyond-end", P + b"\x8b\xff\xff\xff\x7f.", f"is cut off: its pickle ends at byte 8{DAMAGED}"),
    ("text-not-utf8", P + b"X\x01\0\0\0\xff.", f"has a pickle with a text at byte 2 that is not UTF-8{DAMAGED}"),
    ("name-without-end", P + b"c" + b"a" * 300 + b".", f"has a pickle with a text at byte 2 that is not UTF-8{DAMAGED}"),
    ("no-stop", P + b"}", f"is cut off: its pickle ends at byte 3{DAMAGED}"),
]
# The opcode that is refused is the one before STOP where the text has @@.
BAD = [(name, content, message.replace("@@", str(len(content) - 2))) for name, content, message in BAD]
