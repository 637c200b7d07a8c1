import ArgumentParser
import Foundation
import MBQCheckpoints
import MBQCore
import MBQEvaluation
import MBQQuantizer
import MBQReport
import MBQRuntime

struct Demo: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Quantizes a checkpoint to 32, 16 and 8 bits and shows size, latency and accuracy.",
    discussion: """
      Without arguments it uses the small model that mbq carries (Examples/tiny-news); needs no network.

      Examples:
        mbq demo
        mbq demo --checkpoint ./my-model --data test.csv
      """)

  @Option(help: ArgumentHelp("The checkpoint (default: the one mbq carries).", valueName: "folder"))
  var checkpoint: String?

  @Option(help: ArgumentHelp("Labelled texts (default: the ones mbq carries).", valueName: "file"))
  var data: String?

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp("Where to leave the packed models (default: nowhere).", valueName: "folder"))
  var output: String?

  @OptionGroup var columns: DataOptions
  @OptionGroup var runtime: RuntimeOptions

  @Flag(help: "Print the result as JSON.")
  var json = false

  func validate() throws {
    guard (checkpoint == nil) == (data == nil) else {
      throw ValidationError("Give both --checkpoint and --data, or neither.")
    }
  }

  func run() throws {
    let source = try checkpoint ?? Self.carried("model")
    let data = try data ?? Self.carried("test.csv")
    let folder = try output.map { URL(fileURLWithPath: $0) } ?? Self.temporaryFolder()
    if output != nil {
      do {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      } catch {
        throw CommandError.badInput(
          "cannot make the folder '\(folder.path)': \(error.localizedDescription)")
      }
    }
    // What is left behind in the system's temporary folder is the system's to clean; its removal
    // failing must not spoil the result.
    defer { if output == nil { try? FileManager.default.removeItem(at: folder) } }

    let opened: Checkpoint
    do throws(CheckpointError) {
      opened = try Checkpoint.open(path: source)
    } catch {
      throw QuantizerError.checkpoint(error)
    }
    var variants: [Variant] = []
    for precision in [Precision.float32, .float16, .int8] {
      variants.append(try variant(precision, opened, folder, data))
    }
    try show(variants, source: source, data: data)
  }

  private struct Variant {
    var precision: Precision
    var fileBytes: Int
    var quantizeNanoseconds: Double
    var model: Model
    var result: Evaluator.Result
  }

  private func variant(
    _ precision: Precision, _ checkpoint: Checkpoint, _ folder: URL, _ data: String
  ) throws -> Variant {
    let start = MonotonicClock.nanoseconds
    let packed = try Packer(checkpoint, precision: precision).pack()
    let name = precision == .int8 ? "int8" : "fp\(precision.bits)"
    let path = folder.appendingPathComponent("\(name).mbq").path
    try packed.bytes.withUnsafeBytes { try AtomicFile.write([$0], to: path) }
    let elapsed = MonotonicClock.nanoseconds - start
    let model = try runtime.model(path)
    let result = try Evaluator(options: columns, runtime: runtime, mistakeLimit: 0)
      .run(path, data: data, model: model, name: "evaluate \(name)")
    return Variant(
      precision: precision, fileBytes: packed.bytes.count, quantizeNanoseconds: Double(elapsed),
      model: model, result: result)
  }

  private func show(_ variants: [Variant], source: String, data: String) throws {
    let pool = runtime.pool()
    let length = min(128, variants[0].model.maximumTokens)
    let states = variants.map { RunState(model: $0.model, parallel: pool.parallel) }
    var generator = SeededGenerator(seed: 42)
    let text = (0..<length).map { _ in
      UInt32.random(in: 0..<UInt32(variants[0].model.vocabularyCount), using: &generator)
    }
    let timings = try InterleavedRounds(warmUpRounds: 3, rounds: 21).run(
      states.map { state in
        InterleavedRounds.Variant<ModelError>("") { () throws(ModelError) in
          _ = try state.logits([text])
        }
      })
    var table = ReportTable(columns: [
      .text("variant"), .number("bytes", "size"), .number("quantize_ns", "packed in ms"),
      .number("latency_ns", "1×\(length) ms"), .number("accuracy"),
      .number("agreement", "same as fp32"), .number("logits", "largest Δ logit"),
    ])
    for (variant, timing) in zip(variants, timings) {
      let agreement = try Agreement(
        baseline: variants[0].result.predictions.outputs,
        candidate: variant.result.predictions.outputs)
      table.rows.append([
        .text(variant.precision == .int8 ? "int8" : "fp\(variant.precision.bits)"),
        .bytes(variant.fileBytes), .milliseconds(nanoseconds: variant.quantizeNanoseconds),
        .milliseconds(nanoseconds: timing.sample.p50),
        .percent(variant.result.summary.accuracy, digits: 2), .percent(agreement.share, digits: 2),
        .number(agreement.largestLogitDifference, digits: 4),
      ])
    }
    var report = Report([
      .facts([
        .init("checkpoint", source),
        .init("texts", "\(data), \(variants[0].result.summary.dataset.rows) rows"),
        .init(
          "latency",
          "one text of \(length) tokens, \(runtime.threads) thread(s), median of 21 interleaved rounds"
        ),
      ]),
      .table(table),
    ])
    if let output { report.blocks.append(.note("the packed models are in \(output)")) }
    Output.show(report, json: json)
    _ = pool
  }

  /// A file of the example: in the current directory's checkout, or where `make install` put it.
  private static func carried(_ name: String) throws(CommandError) -> String {
    let program = URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath()
    let executable = Bundle.main.executableURL?.resolvingSymlinksInPath() ?? program
    let installed = executable.deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("share/mbq/tiny-news")
    for folder in ["Examples/tiny-news", installed.path] {
      let path = "\(folder)/\(name)"
      if FileManager.default.fileExists(atPath: path) { return path }
    }
    throw .badInput(
      "the model mbq carries is neither in ./Examples/tiny-news nor in \(installed.path); "
        + "run this in a checkout, or give --checkpoint and --data")
  }

  private static func temporaryFolder() throws(CommandError) -> URL {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("mbq-demo-\(UUID().uuidString)")
    do {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    } catch {
      throw .badInput("cannot make a temporary folder: \(error.localizedDescription)")
    }
    return folder
  }
}
