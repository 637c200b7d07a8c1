"""One peer as a worker: loads a model of the reference folder and answers the lines of the worker protocol
(README.md, "The worker protocol") on standard input with one line of JSON each.

    python peer_worker.py ort-int8-dynamic REFERENCE --threads 1

A process a peer, so that one library's thread pool, allocator or spinning cannot slow the next one down, and so that peak
memory is the peer's own. peers.py starts these; they also work by hand."""
import argparse
import json
import os
import pathlib
import resource
import sys
import time


class OnnxRuntime:
    """A model file run by ONNX Runtime's CPU provider."""

    def __init__(self, path, threads):
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        self.version = "onnxruntime " + onnxruntime.__version__

    def __call__(self, ids, mask):
        return self.session.run(None, {"input_ids": ids, "attention_mask": mask})[0]


class OpenVINO:
    """A model file run by OpenVINO's CPU plugin; `precision` None leaves the choice to the plugin."""

    def __init__(self, path, threads, precision=None):
        import openvino

        core = openvino.Core()
        options = {"INFERENCE_NUM_THREADS": threads, "PERFORMANCE_HINT": "LATENCY"}
        if precision:
            options["INFERENCE_PRECISION_HINT"] = precision
        self.request = core.compile_model(core.read_model(path), "CPU", options).create_infer_request()
        self.version = "openvino " + openvino.__version__.split("-")[0]

    def __call__(self, ids, mask):
        return self.request.infer([ids, mask])[0]


# Every peer: the file of the reference folder it needs, the module it needs, and how it is opened.
PEERS = {
    "ort-fp32": ("model.onnx", "onnxruntime", OnnxRuntime),
    "ort-int8-dynamic": ("model.dynamic.onnx", "onnxruntime", OnnxRuntime),
    "ort-int8-static": ("model.static.onnx", "onnxruntime", OnnxRuntime),
    "openvino-fp32": ("model.onnx", "openvino", lambda path, threads: OpenVINO(path, threads, "f32")),
    "openvino-bf16": ("model.onnx", "openvino", lambda path, threads: OpenVINO(path, threads, "bf16")),
    "openvino-int8": ("model.nncf.xml", "openvino", OpenVINO),
}


def answer(model, line, vocabulary, numpy):
    """The reply to one line of the protocol."""
    command, *words = line.split()
    if command == "run":
        batch, tokens, minimum = int(words[0]), int(words[1]), float(words[2])
        # Any ids will do: no operator here is faster for some of them. The lowest are special or unused.
        ids = numpy.random.default_rng(batch * 1000 + tokens).integers(vocabulary // 25 + 1, vocabulary, (batch, tokens)).astype(numpy.int64)
        mask = numpy.ones_like(ids)
        runs, started = 0, time.perf_counter()
        while True:
            model(ids, mask)
            runs += 1
            elapsed = (time.perf_counter() - started) * 1e3
            if elapsed >= minimum:
                return {"runs": runs, "milliseconds": elapsed / runs}
    if command == "ids":
        ids = numpy.array([[int(word) for word in words]], dtype=numpy.int64)
        started = time.perf_counter()
        logits = model(ids, numpy.ones_like(ids))[0]
        return {"logits": [float(x) for x in logits], "milliseconds": (time.perf_counter() - started) * 1e3}
    if command == "about":
        return {"version": model.version, "peak_megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}
    return {"error": f"unknown command {command!r}"}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("peer", choices=PEERS)
    parser.add_argument("reference", type=pathlib.Path, help="folder written by make_reference.py")
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = str(arguments.threads)
    import numpy

    file, _, build = PEERS[arguments.peer]
    vocabulary = json.loads((arguments.reference / "reference.json").read_text())["vocabulary"]
    model = build(arguments.reference / file, arguments.threads)
    for line in sys.stdin:
        if line.strip():
            print(json.dumps(answer(model, line, vocabulary, numpy)), flush=True)


if __name__ == "__main__":
    main()
