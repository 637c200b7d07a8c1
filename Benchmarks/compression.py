"""Compresses a checkpoint in many ways and writes what each one cost: the tables of results/compression-*.md.

    python compression.py CHECKPOINT --text train.csv --data news.csv --data tweets.csv -o OUT

A variant is a recipe (Calibration/recipes/README.md) and options of `mbq quantize`; all are in variants(), by group.
Calibration text is --text alone; --data are test sets that nothing is chosen by. Each variant is packed, evaluated beside
float32 with `mbq evaluate --baseline`, and those of a group are timed in turn with `mbq benchmark`. A variant that is in
OUT already is not made again. Needs nothing but mbq and Python."""
import argparse
import json
import os
import pathlib
import resource
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent.parent


def parse():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0], formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("checkpoint", type=pathlib.Path)
    parser.add_argument("--text", required=True, help="calibration text")
    parser.add_argument("--data", action="append", required=True, help="labelled test set; may be given more than once")
    parser.add_argument("-o", "--out", type=pathlib.Path, required=True)
    parser.add_argument("--mbq", default=str(HERE / ".build/release/mbq"))
    parser.add_argument("--threads", type=int, default=2, help="for packing and evaluating; latency is of one")
    parser.add_argument("--only", help="groups, separated by commas")
    parser.add_argument("--rounds", type=int, default=11)
    return parser.parse_args()


def recipe(bits=8, **parts):
    """A recipe as JSON, which is YAML."""
    result = {"weights": {"bits": bits, **parts.pop("weights", {})}, "calibration": {"texts": 128, "max-tokens": 128, "seed": 1}}
    if bits <= 4:
        result["weights"].setdefault("rounding", "gptq")
        result["embeddings"] = {"bits": max(bits, 4)}
    result.update({name.replace("_", "-"): part for name, part in parts.items()})
    return result


def variants(layers, heads):
    """{group: [(name, recipe, options)]}; `layers` and `heads` of the checkpoint."""
    static = lambda observer, **more: recipe(activations={"scheme": "static", "observer": observer}, **more)
    recover = {"affine": True}
    fit = {"affine": True, "linears": True}

    def pruned(method, sparsity, pattern="unstructured", **more):
        share = {} if pattern == "2:4" else {"sparsity": sparsity}
        return recipe(prune={"method": method, "pattern": pattern, **share}, compress=True, **more)

    groups = {
        "8 bits": [
            ("fp16", recipe(16), []),
            ("int8", recipe(), None),
            ("int8, with text", recipe(), []),
            ("int8, not equalized", recipe(equalize=False), None)],
        "static 8-bit activations": [
            (f"static, {observer}{'' if equal else ', not equalized'}", static(observer, equalize=equal), [])
            for equal in (True, False) for observer in ("min-max", "percentile", "mse", "entropy")],
        "4 bits and fewer": [
            ("int4, GPTQ, groups of 32", recipe(4, weights={"group": 32}), []),
            ("int4, GPTQ, groups of 64", recipe(4), []),
            ("int4, GPTQ, groups of 128", recipe(4, weights={"group": 128}), []),
            ("int4, GPTQ, zero point", recipe(4, weights={"zero-point": True}), []),
            ("int4, MSE, groups of 64", recipe(4, weights={"rounding": "mse"}), []),
            ("int4, nearest, groups of 64", recipe(4, weights={"rounding": "nearest"}, embeddings={"bits": 4, "rounding": "nearest"}, bias_correction=False), []),
            ("int4, nearest, groups of 32", recipe(4, weights={"rounding": "nearest", "group": 32}, embeddings={"bits": 4, "group": 32, "rounding": "nearest"}, bias_correction=False), []),
            ("int4, embeddings int8", recipe(4, embeddings={"bits": 8}), []),
            ("int4 and recovery", recipe(4, recover=recover), []),
            ("int3, embeddings int4", recipe(3, compress=True), []),
            ("int3 and recovery", recipe(3, compress=True, recover=recover), []),
            ("int2, embeddings int4", recipe(2, compress=True), []),
            ("int2 and recovery", recipe(2, compress=True, recover=recover), [])],
        "zeros, int8": [
            (f"{int(share * 100)} % {method}, {pattern}{', recovery' if more else ''}", pruned(method, share, pattern, **more), [])
            for method, share, pattern in (
                ("magnitude", 0.5, "unstructured"), ("wanda", 0.5, "unstructured"), ("sparsegpt", 0.5, "unstructured"), ("sparsegpt", 0.7, "unstructured"),
                ("sparsegpt", 0.5, "4-block"), ("magnitude", 0.5, "2:4"), ("wanda", 0.5, "2:4"), ("sparsegpt", 0.5, "2:4"))
            for more in ({}, {"recover": recover})],
        "layers, int8": [
            (f"first {count} layers{', recovery' if more else ''}", recipe(keep_layers=count, **more), [])
            for count in sorted({max(1, round(layers * share / 24)) for share in (20, 16, 12, 8, 6, 4)}, reverse=True)
            for more in ({}, {"recover": fit})],
        "heads and stacks, int8": [
            (f"{count} of {whole} {what} a layer dropped{', recovery' if more else ''}", recipe(prune={f"drop-{what}": count}, **more), [])
            for what, whole, counts in (("heads", heads, (heads // 4, heads // 2)), ("stacks", 4, (1, 2))) for count in counts
            for more in ({}, {"recover": fit})],
        "vocabulary, int8": [("used word pieces", recipe(), ["--keep-vocabulary-of", "TEXT"])],
        "sizes": [
            (f"--target-size {size}MB", recipe(4), ["--target-size", f"{size}MB"]) for size in (16, 12, 10)],
    }
    return groups


class Runner:
    def __init__(self, arguments):
        self.arguments = arguments
        self.out = arguments.out
        self.out.mkdir(parents=True, exist_ok=True)
        self.baseline = self.out / "fp32.mbq"
        if not self.baseline.exists():
            self.mbq("quantize", arguments.checkpoint, "--bits", "32", "-o", self.baseline)

    def mbq(self, *words):
        """(what it printed as JSON, None), or (None, the message) if it refused."""
        command = [self.arguments.mbq, *map(str, words), "--json"]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        output, errors = process.communicate()
        if process.returncode not in (0, 1):
            return None, errors.strip().splitlines()[-1] if errors.strip() else f"exit {process.returncode}"
        return json.loads(output), None

    def make(self, group, name, content, options):
        slug = "".join(c if c.isalnum() or c in "-.%" else "_" for c in f"{group} {name}")
        model, kept = self.out / f"{slug}.mbq", self.out / f"{slug}.json"
        if kept.exists():
            return json.loads(kept.read_text())
        path = self.out / f"{slug}.yaml"
        path.write_text(json.dumps(content) + "\n")
        words = ["quantize", self.arguments.checkpoint, "--recipe", path, "-o", model, "--threads", self.arguments.threads]
        if options is not None:
            words += ["--text", self.arguments.text] + [self.arguments.text if o == "TEXT" else o for o in options]
        before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.time()
        _, problem = self.mbq(*words)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        result = {"group": group, "name": name, "seconds": time.time() - started,
                  "processor": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime}
        if problem:
            print(f"{group}: {name}: {problem}", file=sys.stderr)
            return {**result, "problem": problem}
        result.update(bytes=model.stat().st_size, model=str(model), sets=[self.evaluate(model, data) for data in self.arguments.data])
        kept.write_text(json.dumps(result))
        return result

    def evaluate(self, model, data):
        report, problem = self.mbq("evaluate", model, "--data", data, "--baseline", self.baseline, "--mistakes", 0, "--threads", self.arguments.threads)
        if problem:
            sys.exit(problem)
        comparison = report["comparison"]
        return {"accuracy": report["evaluation"]["accuracy"], "baseline": comparison["accuracy"]["baseline"],
                "same": comparison["agreement"]["value"], "change": comparison["logits"]["largest"]}

    def latencies(self, results):
        """Median milliseconds of 1×128 on one thread, all in turn, int8 first."""
        models = [result["model"] for result in results if "model" in result]
        report, problem = self.mbq("benchmark", *models, "--batch", 1, "--tokens", 128, "--rounds", self.arguments.rounds, "--threads", 1)
        if problem:
            sys.exit(problem)
        rows = report["tables"][1]["rows"]
        return {row["model"]: row["p50_ns"] / 1e6 for row in rows}


def main():
    arguments = parse()
    for path in [arguments.text, *arguments.data, arguments.mbq]:
        if not pathlib.Path(path).is_file():
            sys.exit(f"{path}: no such file")
    runner = Runner(arguments)
    config = json.loads((arguments.checkpoint / "config.json").read_text())
    groups = variants(config.get("num_hidden_layers", 6), config.get("num_attention_heads", 12))
    only = arguments.only.split(",") if arguments.only else groups
    reference = runner.make("8 bits", "int8", recipe(), None)
    titles = [pathlib.Path(data).stem for data in arguments.data]
    print(f"| | MB | s | ms | {' | '.join(f'{title} | same | Δ' for title in titles)} |")
    print("| --- | ---: | ---: | ---: |" + " ---: | ---: | ---: |" * len(titles))
    for group in only:
        results = [runner.make(group, *variant) for variant in groups[group]]
        times = runner.latencies([reference] + [result for result in results if result.get("model") != reference["model"]])
        base = times[reference["model"]]
        print(f"| **{group}** | | | |" + " | | |" * len(titles))
        for result in results:
            if "problem" in result:
                print(f"| {result['name']} | refused: {result['problem']} |")
                continue
            cells = [result["name"], f"{result['bytes'] / 1e6:.2f}", f"{result['seconds']:.0f}", f"{times[result['model']]:.1f} ({times[result['model']] / base:.2f})"]
            for one in result["sets"]:
                cells += [f"{one['accuracy']:.2%} ({100 * (one['accuracy'] - one['baseline']):+.2f})", f"{one['same']:.2%}", f"{one['change']:.3f}"]
            print("| " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
