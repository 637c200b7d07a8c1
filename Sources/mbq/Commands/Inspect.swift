import ArgumentParser
import MBQToolchain

struct Inspect: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Shows what a checkpoint or a packed model holds.",
    discussion: """
      Examples:
        mbq inspect ./my-model               # the architecture, as a tree
        mbq inspect ./my-model --tensors     # every tensor with its range
        mbq inspect weights.pt --config ./base   # what is missing, extra or mis-shaped
        mbq inspect model.mbq                # operations, schemes, provenance
      """)

  @Argument(
    help:
      "An .mbq file, or a checkpoint: a folder, or its weights (safetensors, torch, TensorFlow, ONNX, npz)."
  )
  var path: String

  @OptionGroup var configuration: ConfigurationOption

  @Flag(help: "List every tensor.")
  var tensors = false

  @Flag(help: "Print the result as JSON.")
  var json = false

  func run() throws {
    let result = try Toolchain(onEvent: Events.handler()).inspect(
      CheckpointSource(path, configuration: configuration.config), withRanges: tensors || json)
    Output.show(result.report(tensors: tensors || json, all: tensors || json), json: json)
  }
}
