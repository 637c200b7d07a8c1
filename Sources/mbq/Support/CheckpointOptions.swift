import ArgumentParser
import MBQToolchain

/// Where a checkpoint is, for every command that reads one.
struct CheckpointOptions: ParsableArguments {
  @Argument(
    help: "The checkpoint: a folder, or its weights (safetensors, torch, TensorFlow, ONNX, npz).")
  var checkpoint: String

  @OptionGroup var configuration: ConfigurationOption

  var source: CheckpointSource {
    CheckpointSource(checkpoint, configuration: configuration.config)
  }
}

struct ConfigurationOption: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The folder with config.json and the tokenizer, if they are not beside the weights.",
      valueName: "folder"))
  var config: String?
}
