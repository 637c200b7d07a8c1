import ArgumentParser
import MBQReport
import MBQToolchain

struct Convert: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Writes any checkpoint as a Hugging Face folder.",
    discussion: """
      Reads what quantize reads and writes model.safetensors, config.json and the tokenizer's files. \
      The same model gives the same model.safetensors from every format. Nothing in the input is \
      executed, so this also turns a stranger's pickle into a file that is safe to open.

      Examples:
        mbq convert ./my-model                     # writes ./my-model-hf
        mbq convert pytorch_model.bin -o safe --dtype f16
        mbq convert weights.pt --config ./base -o out
      """)

  @OptionGroup var source: CheckpointOptions

  @Option(
    name: .shortAndLong, help: "The folder to write (default: the checkpoint's name and -hf).")
  var output: String?

  @Option(help: "The type of the weights (default: as they are, F64 as f32).")
  var dtype: Toolchain.WeightType?

  @Flag(help: "Replace the files of a folder that is there.")
  var force = false

  @Flag(help: "Print the result as JSON.")
  var json = false

  func run() throws {
    let start = ContinuousClock.now
    let written = try Toolchain(onEvent: Events.handler()).convert(
      source.source, to: output, type: dtype, replaces: force)
    let elapsed = ContinuousClock.now - start
    Output.show(
      Report([
        .facts([
          .init("checkpoint", source.checkpoint),
          .init("format", written.format),
          .init("written", written.folder),
          .init("files", written.files.joined(separator: ", ")),
          .init("parameters", .count(written.parameters)),
          .init("tensors", .count(written.tensors)),
          .init("left out, not used by the model", .count(written.leftOut.count)),
          .init("weights as", dtype?.rawValue ?? "they were"),
          .init("model.safetensors", .bytes(written.byteCount)),
          .init("took", .milliseconds(nanoseconds: elapsed / .seconds(1) * 1e9)),
        ])
      ]), json: json)
    if !json { Output.show("\nNext: mbq quantize \(written.folder)") }
  }
}

extension Toolchain.WeightType: ExpressibleByArgument {}
