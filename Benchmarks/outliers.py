"""Writes a MobileBERT checkpoint whose residual streams have outliers like those of published ones.

    python outliers.py CHECKPOINT OUT scaled   # channels scaled by 2^10 to 2^17, the function unchanged
    python outliers.py CHECKPOINT OUT first    # one channel, cut off from its consumers, at -2.4e7 at the first token
    python outliers.py CHECKPOINT OUT cut      # the same channel cut off and 0: what "first" should answer

"scaled" uses that nothing re-centres the streams: NoNorm is x·γ + β, element by element. A channel of a stream times d is
its producers' rows and biases times d, the norms' β times d (the first norm's γ too), and its consumers' columns through d;
with powers of two every product is exact. Both kinds of stream are scaled: the one between layers (8 channels) and the one
inside each layer's bottleneck (4 channels each). Needs numpy and safetensors."""
import argparse
import pathlib
import shutil

import numpy
from safetensors.numpy import load_file, save_file


def parse():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0], formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("checkpoint", type=pathlib.Path, help="Hugging Face folder with model.safetensors")
    parser.add_argument("out", type=pathlib.Path, help="folder to write to; made if missing")
    parser.add_argument("variant", choices=["scaled", "first", "cut"])
    parser.add_argument("--value", type=float, default=-2.4e7, help="what the cut-off channel holds at the first token")
    parser.add_argument("--any", action="store_true", help="factors that are no powers of two")
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


class Streams:
    """A checkpoint's tensors, by what writes a stream and what reads it."""

    def __init__(self, tensors):
        self.tensors = tensors
        self.prefix = next(name[:-len("embeddings.LayerNorm.weight")] for name in tensors if name.endswith("embeddings.LayerNorm.weight"))
        self.layers = 1 + max(int(name.split("encoder.layer.")[1].split(".")[0]) for name in tensors if "encoder.layer." in name)
        self.inner = sum(f"{self.prefix}encoder.layer.0.ffn." in name and name.endswith("output.dense.weight") for name in tensors)

    def __getitem__(self, name):
        return self.tensors[self.prefix + name]

    def layer(self, number):
        return f"encoder.layer.{number}."

    def between(self):
        """(first norm, [producers' linear and norm], [consumers]) of the stream between layers."""
        producers, consumers = [], []
        for number in range(self.layers):
            layer = self.layer(number)
            producers.append((layer + "output.bottleneck.dense", layer + "output.bottleneck.LayerNorm"))
            consumers += [layer + part for part in ("bottleneck.input.dense", "bottleneck.attention.dense", "attention.self.value")]
        return "embeddings.LayerNorm", producers, consumers

    def inside(self, number):
        """The same of the stream inside a layer's bottleneck."""
        layer = self.layer(number)
        stacks = [f"{layer}ffn.{index}." for index in range(self.inner)] + [layer]
        producers = [(layer + "attention.output.dense", layer + "attention.output.LayerNorm")]
        producers += [(stack + "output.dense", stack + "output.LayerNorm") for stack in stacks]
        consumers = [stack + "intermediate.dense" for stack in stacks] + [layer + "output.bottleneck.dense"]
        return layer + "bottleneck.input.LayerNorm", producers, consumers

    def head(self):
        return self.tensors["classifier.weight"] if self.prefix + "pooler.dense.weight" not in self.tensors else self["pooler.dense.weight"]


def scale(streams, stream, factors, head=None):
    """Multiplies a stream by `factors`, channel by channel."""
    first, producers, consumers = stream
    streams[first + ".weight"][:] *= factors
    streams[first + ".bias"][:] *= factors
    for linear, norm in producers:
        streams[linear + ".weight"][:] *= factors[:, None]
        streams[linear + ".bias"][:] *= factors
        streams[norm + ".bias"][:] *= factors
    for linear in consumers:
        streams[linear + ".weight"][:] /= factors
    if head is not None:
        head[:] /= factors


def factors(generator, width, count, powers):
    result = numpy.ones(width, numpy.float32)
    exponents = numpy.linspace(10, 17, count)
    result[generator.choice(width, count, replace=False)] = 2 ** (exponents.round() if powers else exponents)
    return result


def cut(streams, value):
    """Cuts the channel that consumers use least off, and puts `value` there at the first token."""
    first, producers, consumers = streams.between()
    head = streams.head()
    use = sum((streams[linear + ".weight"].astype(numpy.float64) ** 2).sum(0) for linear in consumers) + (head.astype(numpy.float64) ** 2).sum(0)
    channel = int(use.argmin())
    for linear in consumers:
        streams[linear + ".weight"][:, channel] = 0
    head[:, channel] = 0
    for linear, norm in producers:
        streams[linear + ".weight"][channel] = 0
        streams[linear + ".bias"][channel] = 0
        streams[norm + ".weight"][channel] = 1
        streams[norm + ".bias"][channel] = 0
    streams["embeddings.embedding_transformation.weight"][channel] = 0
    streams["embeddings.embedding_transformation.bias"][channel] = 0
    streams["embeddings.token_type_embeddings.weight"][:, channel] = 0
    streams["embeddings.position_embeddings.weight"][:, channel] = 0
    streams["embeddings.position_embeddings.weight"][0, channel] = value
    streams[first + ".weight"][channel] = 1
    streams[first + ".bias"][channel] = 0


def main():
    arguments = parse()
    tensors = {name: numpy.array(tensor) for name, tensor in load_file(arguments.checkpoint / "model.safetensors").items()}
    streams = Streams(tensors)
    generator = numpy.random.default_rng(arguments.seed)
    if arguments.variant == "scaled":
        width = len(streams["embeddings.LayerNorm.weight"])
        scale(streams, streams.between(), factors(generator, width, 8, not arguments.any), streams.head())
        for number in range(streams.layers):
            stream = streams.inside(number)
            scale(streams, stream, factors(generator, len(streams[stream[0] + ".weight"]), 4, not arguments.any))
    else:
        cut(streams, arguments.value if arguments.variant == "first" else 0)
    arguments.out.mkdir(parents=True, exist_ok=True)
    for path in arguments.checkpoint.iterdir():
        if path.is_file() and path.suffix in (".json", ".txt", ".model"):
            shutil.copyfile(path, arguments.out / path.name)
    save_file(tensors, arguments.out / "model.safetensors", metadata={"format": "pt"})


if __name__ == "__main__":
    main()
