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

      Examples:
        mbq quantize ./my-model                    # int8, writes my-model-int8.mbq
        mbq quantize ./my-model --bits 32 -o baseline.mbq
      """)

  @OptionGroup var source: CheckpointOptions

  @Option(help: "Bits a weight: 8, 16 or 32.")
  var bits = 8

  @Option(
    name: .shortAndLong,
    help: "The file to write (default: the checkpoint's name, the type and .mbq).")
  var output: String?

  @Flag(help: "Do everything but write the file.")
  var dryRun = false

  @Flag(help: "Print the result as JSON.")
  var json = false

  func run() throws {
    let start = ContinuousClock.now
    guard let precision = Precision(rawValue: bits) else {
      let allowed = Precision.allCases.map(\.bits).sorted().map { "\($0)" }.joined(separator: ", ")
      throw CommandError.usage("--bits is \(bits); allowed: \(allowed)")
    }
    let checkpoint = try source.open()
    let progress = ProgressBar("quantize", total: 100, unit: "%")
    defer { progress.finish() }
    var shown = 0
    let packed = try Packer(checkpoint, precision: precision).pack { share in
      let percent = Int(share * 100)
      progress.advance(by: percent - shown)
      shown = percent
    }
    let path = output ?? defaultOutput(precision)
    if !dryRun {
      try packed.bytes.withUnsafeBytes { try AtomicFile.write([$0], to: path) }
    }
    progress.finish()
    for warning in packed.report.warnings { Output.remark("warning: \(warning)") }
    let elapsed = ContinuousClock.now - start
    Output.show(
      report(packed.report, path: path, seconds: elapsed / .seconds(1)), json: json)
    if !json, !dryRun {
      Output.show("\nNext: mbq evaluate \(path) --data test.csv")
    }
  }

  private func report(_ packed: PackingReport, path: String, seconds: Double) -> Report {
    var table = ReportTable(
      title: "stored as",
      columns: [.text("scheme"), .number("tensors"), .number("bytes", "size")])
    for scheme in packed.schemes {
      table.rows.append([.text(scheme.name), .count(scheme.tensors), .bytes(scheme.byteCount)])
    }
    let share = Double(packed.byteCount) / Double(max(packed.sourceByteCount, 1))
    return Report([
      .facts([
        .init("checkpoint", source.checkpoint),
        .init("parameters", .count(packed.parameterCount)),
        .init("bits", .integer(packed.precision.bits)),
        .init("recipe", packed.precision.summary),
        .init(dryRun ? "would write" : "written", path),
        .init("size", .bytes(packed.byteCount)),
        .init("of the weights' \(Human.bytes(packed.sourceByteCount))", .percent(share, digits: 1)),
        .init("golden vectors", .integer(packed.goldenCount)),
        .init("took", .milliseconds(nanoseconds: seconds * 1e9)),
      ]),
      .table(table),
    ])
  }

  /// The folder's name in the current directory, such as `my-model-int8.mbq`.
  private func defaultOutput(_ precision: Precision) -> String {
    let suffix = precision == .int8 ? "int8" : "fp\(precision.bits)"
    return "\(source.name)-\(suffix).mbq"
  }
}
