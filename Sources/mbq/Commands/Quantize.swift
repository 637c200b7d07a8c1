import ArgumentParser
import Foundation
import MBQCheckpoints
import MBQCore
import MBQModel
import MBQQuantizer
import MBQReport

struct Quantize: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Packs a fine-tuned checkpoint into one .mbq file.",
    discussion: """
      Reads a Hugging Face folder, or weights of PyTorch, TensorFlow, ONNX or NumPy beside a \
      config.json and a vocabulary, and writes a file that holds everything inference needs.

      Texts of the kind the model will see (--text; labels are not needed) make 4 bits and less, \
      pruning and fewer layers accurate: weights are rounded, and what is left is fitted, by what \
      those texts show of the hidden states.

      Examples:
        mbq quantize ./my-model                    # int8, writes my-model-int8.mbq
        mbq quantize ./my-model --bits 32 -o baseline.mbq
        mbq quantize ./my-model --bits 4 --text news.csv
        mbq quantize ./my-model --recipe small --text news.csv --evaluation test.csv
      """)

  @OptionGroup var source: CheckpointOptions

  @OptionGroup var compression: CompressionOptions

  @Option(
    name: .shortAndLong,
    help: "The file to write (default: the checkpoint's name, the type and .mbq).")
  var output: String?

  @Flag(help: "Do everything but write the file.")
  var dryRun = false

  @Flag(help: "Print the result as JSON.")
  var json = false

  @OptionGroup var columns: DataOptions
  @OptionGroup var runtime: RuntimeOptions

  func run() throws {
    let start = ContinuousClock.now
    let checkpoint = try source.open()
    let result = try CompressionRun(
      source: source, options: compression, columns: columns, runtime: runtime
    ).run(checkpoint)
    let packed = result.packed
    let path = output ?? defaultOutput(result.plan)
    if !dryRun {
      try packed.bytes.withUnsafeBytes { try AtomicFile.write([$0], to: path) }
    }
    if let texts = result.texts, texts.audit.calibratingTokens < 2048,
      result.plan.weights.rounding == .gptq || result.plan.pruning.method == .sparseGPT
    {
      Output.remark(
        "warning: \(texts.audit.calibratingTokens) tokens of calibration text are few for gptq and"
          + " sparsegpt, which may then do worse than rounding to the nearest; give 2048 or more")
    }
    if result.compression.layers != nil, result.texts == nil {
      Output.remark(
        "warning: layers are left out and nothing makes up for them; with calibration text (--text) what is"
          + " left is fitted to the whole")
    }
    for warning in packed.report.warnings { Output.remark("warning: \(warning)") }
    let elapsed = ContinuousClock.now - start
    Output.show(
      report(result, path: path, seconds: elapsed / .seconds(1)), json: json)
    if !json, !dryRun {
      Output.show("\nNext: mbq evaluate \(path) --data test.csv")
    }
  }

  private func report(
    _ result: CompressionRun.Result, path: String, seconds: Double
  ) -> Report {
    let packed = result.packed.report
    var table = ReportTable(
      title: "stored as",
      columns: [.text("scheme"), .number("tensors"), .number("bytes", "size")])
    for scheme in packed.schemes {
      table.rows.append([.text(scheme.name), .count(scheme.tensors), .bytes(scheme.byteCount)])
    }
    let share = Double(packed.byteCount) / Double(max(packed.sourceByteCount, 1))
    return Report(
      [
        .facts([
          .init("checkpoint", source.checkpoint),
          .init("parameters", .count(packed.parameterCount)),
          .init("bits", bits(result)),
          .init("recipe", result.plan.summary),
          .init(dryRun ? "would write" : "written", path),
          .init("size", .bytes(packed.byteCount)),
          .init(
            "of the weights' \(Human.bytes(packed.sourceByteCount))", .percent(share, digits: 1)),
          .init("golden vectors", .integer(packed.goldenCount)),
          .init("took", .milliseconds(nanoseconds: seconds * 1e9)),
        ])
      ] + CompressionTables.blocks(result) + [.table(table)])
  }

  /// Of the linears' weights.
  private func bits(_ result: CompressionRun.Result) -> ReportCell {
    let found = result.compression.rounded.filter { !$0.isTable }.map(\.bits)
    guard let least = found.min(), let most = found.max() else {
      return .integer(result.packed.report.precision.bits)
    }
    return least == most ? .integer(least) : .text("\(least) to \(most)")
  }

  /// The folder's name in the current directory, such as `my-model-int8.mbq`.
  private func defaultOutput(_ plan: Plan) -> String {
    let bits = plan.weights.bits
    if compression.targetSize != nil { return "\(source.name)-mixed.mbq" }
    return "\(source.name)-\(bits > 8 ? "fp" : "int")\(bits).mbq"
  }
}
