"""Measures mbq and its peers on the same model, machine and shapes, in one interleaved run.

    python peers.py --reference REF --model int8=model.mbq --model fp32=model32.mbq --shapes 1x128,8x128

Every candidate is a process of its own that has loaded its model once. In each round each candidate is timed once, for
at least --minimum-ms, and the next round starts with the next candidate: what the machine does meanwhile (another
load, a lower clock) falls on all of them alike. A ratio is the median of the rounds' own ratios, not a ratio of medians.

Before anything is timed, all candidates answer the same token ids, and their logits are compared with the first fp32
peer's: a fast answer to another question would be no news."""
import argparse
import datetime
import importlib.util
import json
import os
import pathlib
import platform
import random
import select
import shlex
import shutil
import statistics
import subprocess
import sys
import time

import peer_worker

HERE = pathlib.Path(__file__).resolve().parent
REPLY_SECONDS = 300  # no reply for so long is a hang; loading and the first compilation of the slowest peer take seconds


class WorkerError(Exception):
    """A candidate that cannot be measured: it ended, hung, or answered with an error."""


class Worker:
    """A candidate's process. `kind` is "mbq" or "peer"."""

    def __init__(self, name, kind, command, cpus):
        self.name, self.kind = name, kind
        pin = (lambda: os.sched_setaffinity(0, cpus)) if cpus else None
        self.buffer = b""
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=pin)
        # Read in passing, so that a chatty library cannot fill the pipe and stop.
        os.set_blocking(self.process.stderr.fileno(), False)
        self.complaints = b""

    def ask(self, line):
        """The reply to one line, as a dictionary."""
        try:
            self.process.stdin.write((line + "\n").encode())
            self.process.stdin.flush()
        except BrokenPipeError:
            pass  # it has ended: the read below finds that out and says why
        deadline = time.monotonic() + REPLY_SECONDS
        while b"\n" not in self.buffer:
            ready, _, _ = select.select([self.process.stdout], [], [], min(1, max(0, deadline - time.monotonic())))
            self.complaints = (self.complaints + (self.process.stderr.read() or b""))[-2000:]
            if ready:
                chunk = os.read(self.process.stdout.fileno(), 1 << 16)
                if not chunk:
                    said = self.complaints.decode(errors="replace").strip().splitlines()
                    raise WorkerError(f"ended with code {self.process.wait()} after {line[:40]!r}: {said[-1] if said else 'no message'}")
                self.buffer += chunk
            elif time.monotonic() > deadline:
                raise WorkerError(f"no reply to {line[:40]!r} in {REPLY_SECONDS} s")
        reply, self.buffer = self.buffer.split(b"\n", 1)
        reply = json.loads(reply)
        if "error" in reply:
            raise WorkerError(f"{line[:40]!r}: {reply['error']}")
        return reply

    def peak_megabytes(self):
        """The most memory the process has had, mapped files counted; None where the system does not say."""
        try:
            status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        except OSError:
            return None
        return next((int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmHWM")), None)

    def close(self):
        self.process.stdin.close()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def add_candidates(parser):
    """The options that say who is measured and how."""
    parser.add_argument("--reference", type=pathlib.Path, required=True, help="folder written by make_reference.py")
    parser.add_argument("--model", action="append", default=[], metavar="NAME=FILE", help="an .mbq file to measure as mbq-NAME; may be repeated")
    parser.add_argument("--bench", default=str(HERE.parent / ".build/release/mbq-bench"), help="the mbq-bench executable")
    parser.add_argument("--kernels", default="", help="the kernel set mbq is to use (default: the best one)")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--only", default="", help="comma-separated peers to run (default: all whose files and library are there)")
    parser.add_argument("--cpus", default="", help="pin every candidate to these CPUs, such as 0 or 0,1")
    parser.add_argument("--json", type=pathlib.Path, help="write everything measured here")


def check_candidates(parser, arguments):
    unknown = [name for name in arguments.only.split(",") if name and name not in peer_worker.PEERS]
    if unknown:
        parser.error(f"--only: no peer called {', '.join(unknown)}; there are {', '.join(peer_worker.PEERS)}")
    if not (arguments.reference / "reference.json").exists():
        parser.error(f"{arguments.reference} has no reference.json: write the folder with make_reference.py")
    if arguments.model and shutil.which(shlex.split(arguments.bench)[0]) is None:
        parser.error(f"--bench {arguments.bench}: not an executable; build it with `swift build -c release --product mbq-bench`")
    for model in arguments.model:
        if "=" not in model or not pathlib.Path(model.split("=", 1)[1]).exists():
            parser.error(f"--model {model}: give NAME=FILE with a file that exists")


def parse():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0], formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    add_candidates(parser)
    parser.add_argument("--shapes", default="1x32,1x128,1x512,8x128", help="batch x tokens, separated by commas")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--minimum-ms", type=float, default=250, help="how long each candidate is timed in a round, at least")
    parser.add_argument("--pause-ms", type=float, default=20, help="between candidates, for thread pools to go to sleep")
    parser.add_argument("--check", type=pathlib.Path, help="JSON Lines with input_ids to compare logits on (default: random ids)")
    arguments = parser.parse_args()
    check_candidates(parser, arguments)
    return arguments


def start(arguments):
    """(workers, {name: why it was left out}), the mbq ones first."""
    cpus = {int(cpu) for cpu in arguments.cpus.split(",") if cpu}
    workers, left_out = [], {}
    for model in arguments.model:
        name, path = model.split("=", 1)
        workers.append(Worker(f"mbq-{name}", "mbq", shlex.split(arguments.bench) + ["worker", path, "--threads", str(arguments.threads)]
                              + (["--kernels", arguments.kernels] if arguments.kernels else []), cpus))
    wanted = [name for name in arguments.only.split(",") if name]
    for name, (file, module, _) in peer_worker.PEERS.items():
        if wanted and name not in wanted:
            continue
        if importlib.util.find_spec(module) is None:
            left_out[name] = f"{module} is not installed"
        elif not (arguments.reference / file).exists():
            left_out[name] = f"{file} is not in the reference folder"
        else:
            command = [sys.executable, str(HERE / "peer_worker.py"), name, str(arguments.reference), "--threads", str(arguments.threads)]
            workers.append(Worker(name, "peer", command, cpus))
    return workers, left_out


def checked(workers, arguments, left_out):
    """The workers that answer, and how far each one's logits are from the yardstick's: (workers, {name: distance})."""
    if arguments.check:
        lines = [json.loads(line)["input_ids"] for line in arguments.check.read_text().splitlines()[:20]]
    else:
        vocabulary = json.loads((arguments.reference / "reference.json").read_text())["vocabulary"]
        generator = random.Random(1)
        lines = [[generator.randrange(vocabulary // 25 + 1, vocabulary) for _ in range(n)] for n in (5, 32, 128)]
    logits, alive = {}, []
    for worker in workers:
        try:
            logits[worker.name] = [worker.ask("ids " + " ".join(map(str, ids)))["logits"] for ids in lines]
            alive.append(worker)
        except WorkerError as error:
            left_out[worker.name] = str(error)
            worker.close()
    yardstick = next((name for name in ("ort-fp32", "openvino-fp32") if name in logits), None)
    distance = {}
    if yardstick:
        for name, answers in logits.items():
            distance[name] = max(abs(a - b) for x, y in zip(answers, logits[yardstick]) for a, b in zip(x, y))
    return alive, distance, yardstick


def measure(workers, arguments):
    """{shape: {name: [milliseconds a batch, one a round]}}"""
    samples = {}
    for shape in arguments.shapes.split(","):
        batch, tokens = shape.split("x")
        for worker in workers:
            worker.ask(f"run {batch} {tokens} {arguments.minimum_ms / 5}")  # warm-up: buffers, compilation for the shape, caches
        times = {worker.name: [] for worker in workers}
        for round in range(arguments.rounds):
            first = round % len(workers)
            for worker in workers[first:] + workers[:first]:
                time.sleep(arguments.pause_ms / 1e3)
                times[worker.name].append(worker.ask(f"run {batch} {tokens} {arguments.minimum_ms}")["milliseconds"])
            print(f"\r{shape}: round {round + 1}/{arguments.rounds} ", end="", file=sys.stderr, flush=True)
        print("\r" + " " * 40 + "\r", end="", file=sys.stderr)
        samples[shape] = times
    return samples


def ratio(times, name, other):
    """How many times `other`'s time `name` needs: the median over rounds."""
    return statistics.median(a / b for a, b in zip(times[name], times[other]))


def summarize(samples, kinds):
    """[{shape, name, median, low, high, best_peer, to_best_peer, to_ort_dynamic}]; low and high are the quartiles."""
    rows = []
    for shape, times in samples.items():
        peers = [name for name in times if kinds[name] == "peer"]
        best = min(peers, key=lambda name: statistics.median(times[name])) if peers else None
        for name, values in times.items():
            low, _, high = statistics.quantiles(values, n=4, method="inclusive") if len(values) > 1 else values * 3
            rows.append({
                "shape": shape, "name": name, "median": statistics.median(values), "low": low, "high": high, "best_peer": best,
                "to_best_peer": ratio(times, name, best) if best else None,
                "to_ort_dynamic": ratio(times, name, "ort-int8-dynamic") if "ort-int8-dynamic" in times else None,
                "samples": values,
            })
    return rows


def machine():
    """What the figures depend on besides the programs."""
    model = platform.processor()
    cpuinfo = pathlib.Path("/proc/cpuinfo")
    flags = ""
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
            if line.startswith("flags"):
                flags = line
    features = [f for f in ("avx2", "avx_vnni", "avx512f", "avx512_vnni", "avx512_bf16", "amx_int8") if f" {f}" in flags]
    return {"cpu": model, "features": features, "cores": os.cpu_count(), "system": f"{platform.system()} {platform.machine()}",
            "load_before": os.getloadavg()[0]}


def commit():
    found = subprocess.run(["git", "-C", str(HERE), "describe", "--always", "--dirty"], capture_output=True, text=True)
    return found.stdout.strip() or "unknown"


def show(rows, distance, yardstick, left_out, memory):
    number = lambda value, form: "-" if value is None else format(value, form)
    for shape in dict.fromkeys(row["shape"] for row in rows):
        part = [row for row in rows if row["shape"] == shape]
        print(f"\n{shape}, milliseconds a batch (best peer: {part[0]['best_peer'] or 'none'})")
        print(f"{'':18}{'median':>9}{'quartiles':>19}{'/ best peer':>13}{'/ ORT dynamic':>15}")
        for row in sorted(part, key=lambda row: row["median"]):
            quartiles = f"{row['low']:.2f} - {row['high']:.2f}"
            print(f"{row['name']:18}{row['median']:9.2f}{quartiles:>19}{number(row['to_best_peer'], '.2f'):>13}{number(row['to_ort_dynamic'], '.2f'):>15}")
    if yardstick:
        print(f"\nlargest distance of a logit from {yardstick}: " + ", ".join(f"{n} {d:.2g}" for n, d in distance.items() if n != yardstick))
    known = {name: peak for name, peak in memory.items() if None not in peak.values()}
    if known:
        print("\npeak memory of the process in MB, mapped files and (peers) the Python interpreter counted: after the check, at the end")
        for name, peak in known.items():
            print(f"{name:18}{peak['after_check']:9.0f}{peak['at_end']:9.0f}")
    for name, why in left_out.items():
        print(f"left out: {name}: {why}")


def main():
    arguments = parse()
    about = machine()
    workers, left_out = start(arguments)
    try:
        workers, distance, yardstick = checked(workers, arguments, left_out)
        if not workers:
            sys.exit("nothing to measure:\n" + "\n".join(f"  {name}: {why}" for name, why in left_out.items()))
        versions = {"mbq": commit(), "python": platform.python_version()}
        # The check's longest text has 128 tokens unless --check gave others.
        memory = {worker.name: {"after_check": worker.peak_megabytes()} for worker in workers}
        samples = measure(workers, arguments)
        for worker in workers:
            memory[worker.name]["at_end"] = worker.peak_megabytes()
            if worker.kind == "peer":
                library, version = worker.ask("about")["version"].split()
                versions[library] = version
    except WorkerError as error:
        sys.exit(f"a candidate stopped during the measurement: {error}")
    finally:
        for worker in workers:
            worker.close()
    rows = summarize(samples, {worker.name: worker.kind for worker in workers})
    about["load_after"] = os.getloadavg()[0]
    print(f"{about['cpu']} ({', '.join(about['features'])}), {about['cores']} cores, load {about['load_before']:.1f} before and "
          f"{about['load_after']:.1f} after; {arguments.threads} thread(s), {arguments.rounds} rounds")
    print(", ".join(f"{name} {version}" for name, version in versions.items()))
    show(rows, distance, yardstick, left_out, memory)
    if arguments.json:
        report = {"date": datetime.date.today().isoformat(), "machine": about, "versions": versions, "threads": arguments.threads,
                  "reference": json.loads((arguments.reference / "reference.json").read_text()), "logit_distance": distance,
                  "peak_megabytes": memory, "left_out": left_out, "results": rows}
        arguments.json.write_text(json.dumps(report, indent=2) + "\n")


if __name__ == "__main__":
    main()
