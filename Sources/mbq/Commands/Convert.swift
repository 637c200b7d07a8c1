import ArgumentParser
import Foundation
import MBQCheckpoints
import MBQCore
import MBQModel
import MBQReport

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

  /// What `--dtype` may be.
  enum Kind: String, CaseIterable, ExpressibleByArgument {
    case f32
    case f16
    case bf16

    var elementType: ElementType {
      switch self {
      case .f32: .float32
      case .f16: .float16
      case .bf16: .bfloat16
      }
    }
  }

  @OptionGroup var source: CheckpointOptions

  @Option(
    name: .shortAndLong, help: "The folder to write (default: the checkpoint's name and -hf).")
  var output: String?

  @Option(help: "The type of the weights (default: as they are, F64 as f32).")
  var dtype: Kind?

  @Flag(help: "Replace the files of a folder that is there.")
  var force = false

  @Flag(help: "Print the result as JSON.")
  var json = false

  func run() throws {
    let start = ContinuousClock.now
    let checkpoint = try source.open()
    let requirements = ModelFamilies.lower(checkpoint.configuration).requirements
    let path = output ?? "\(source.name)-hf"
    let progress = ProgressBar("convert", total: 100, unit: "%")
    defer { progress.finish() }
    var shown = 0
    let written = try FolderWriter(checkpoint, requirements, elementType: dtype?.elementType)
      .write(to: path, replaces: force) { share in
        let percent = Int(share * 100)
        progress.advance(by: percent - shown)
        shown = percent
      }
    progress.finish()
    for warning in checkpoint.warnings { Output.remark("warning: \(warning)") }
    let elapsed = ContinuousClock.now - start
    Output.show(
      Report([
        .facts([
          .init("checkpoint", source.checkpoint),
          .init("format", checkpoint.format),
          .init("written", path),
          .init("files", written.files.joined(separator: ", ")),
          .init("parameters", .count(written.parameterCount)),
          .init("tensors", .count(written.tensorCount)),
          .init("left out, not used by the model", .count(written.leftOut.count)),
          .init("weights as", dtype?.rawValue ?? "they were"),
          .init("model.safetensors", .bytes(written.byteCount)),
          .init("took", .milliseconds(nanoseconds: elapsed / .seconds(1) * 1e9)),
        ])
      ]), json: json)
    if !json { Output.show("\nNext: mbq quantize \(path)") }
  }
}
