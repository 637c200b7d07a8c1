import ArgumentParser
import Foundation
import MBQCheckpoints
import MBQCore
import MBQEvaluation
import MBQFormat
import MBQModel
import MBQQuantizer
import MBQReport
import MBQRuntime

struct Diff: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Shows what two models do not have in common, and what it does to answers and time.",
    discussion: """
      Packed models, or checkpoints, which are packed in fp32 for it. Operations and tensors are \
      matched by name. Weights that differ by powers of two a channel, as equalization leaves them, are \
      compared with those undone. Exits with 0, whatever it finds, unless --exit-code is given.

      Examples:
        mbq diff model-fp32.mbq model-int8.mbq
        mbq diff ./my-model model-int4.mbq --text news.csv
        mbq diff yesterday.mbq today.mbq --exit-code --json
      """)

  @Argument(help: "The first model.")
  var a: String

  @Argument(help: "The second model.")
  var b: String

  @Option(
    help: ArgumentHelp(
      "Texts to compare the answers on; needs no labels.", valueName: "file"))
  var text: String?

  @Option(help: ArgumentHelp("Tokens of the text that is timed.", valueName: "n"))
  var tokens = 128

  @Option(help: ArgumentHelp("Rounds that are timed; 0: none.", valueName: "n"))
  var rounds = 11

  @Flag(help: "Show every operation and tensor that differs.")
  var all = false

  @Flag(help: "Exit with 1 if they differ.")
  var exitCode = false

  @Flag(help: "Print the result as JSON.")
  var json = false

  @OptionGroup var columns: DataOptions
  @OptionGroup var runtime: RuntimeOptions

  func validate() throws {
    guard (0...10_000).contains(rounds) else {
      throw ValidationError("--rounds is \(rounds); allowed: 0 to 10000.")
    }
    guard text != "-" else {
      throw ValidationError("--text is read twice: give a file, not standard input.")
    }
    guard tokens >= 2 else { throw ValidationError("--tokens is \(tokens); allowed: 2 or more.") }
  }

  func run() throws {
    let models = (try open(a), try open(b))
    let progress = StagedProgress()
    defer { progress.finish() }
    let difference = ModelDifference(models.0.packed, models.1.packed) {
      progress.show("compare", $0)
    }
    progress.finish()
    var report = DiffReport(
      names: (a, b), models: models, difference: difference, all: all || json)
    if let text { report.agreement = try agreement(models.0, models.1, text) }
    if rounds > 0 { report.times = try times(models.0, models.1) }
    Output.show(Report(report.blocks), json: json)
    if exitCode, !difference.isEmpty { throw ExitCode(FailureKind.checkFailed.rawValue) }
  }

  /// A packed model, or a checkpoint packed in fp32.
  private func open(_ path: String) throws -> Model {
    var isFolder: ObjCBool = false
    let exists = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
    if exists, isFolder.boolValue || !path.hasSuffix(".mbq") {
      let checkpoint: Checkpoint
      do throws(CheckpointError) { checkpoint = try Checkpoint.open(path: path) } catch {
        throw QuantizerError.checkpoint(error)
      }
      let packed = try Packer(checkpoint, precision: .float32).pack(goldens: [])
      return try Model(bytes: packed.bytes, name: path, kernels: try runtime.kernelSet())
    }
    return try runtime.model(path)
  }

  private func agreement(_ a: Model, _ b: Model, _ path: String) throws -> Agreement {
    for (model, path) in [(a, self.a), (b, self.b)] {
      try EvaluationRun.refuseMultiLabel(model, path)
    }
    guard a.labels == b.labels else {
      // Only --text needs the same labels; a model of another task differs in all its answers.
      throw AnswersPairError.labels(
        candidate: self.b, b.labels, baseline: self.a, a.labels)
    }
    func outputs(_ model: Model, _ name: String) throws -> Outputs {
      let pool = runtime.pool()
      defer { withExtendedLifetime(pool) {} }
      let state = RunState(model: model, parallel: pool.parallel)
      var stream = try TextStream<Int>(model, state)
      var rows = try columns.texts(path, labels: [], withLabels: false)
      var outputs = try Outputs(labelCount: model.labels.count)
      let progress = ProgressBar(name, total: try columns.rowCount(path))
      defer { progress.finish() }
      func add(_ answers: [TextStream<Int>.Answer]) throws {
        for answer in answers {
          let said = answer.classification
          // As the model's own temperature has it.
          try outputs.append(
            logits: said.logits.map { $0 / model.packed.header.decision.temperature },
            predicted: said.label)
        }
        progress.advance(by: answers.count)
      }
      while let row = try rows.next() { try add(try stream.add(row.text, row.row)) }
      try add(try stream.finish())
      return outputs
    }
    return try Agreement(baseline: outputs(a, "first"), candidate: outputs(b, "second"))
  }

  private func times(_ a: Model, _ b: Model) throws -> DiffReport.Times {
    let length = min(tokens, a.maximumTokens, b.maximumTokens)
    let most = UInt32(min(a.vocabularyCount, b.vocabularyCount))
    var generator = SeededGenerator(seed: 42)
    let text = (0..<length).map { _ in UInt32.random(in: 0..<most, using: &generator) }
    let pool = runtime.pool()
    defer { withExtendedLifetime(pool) {} }
    let variants = [a, b].enumerated().map { index, model in
      let state = RunState(model: model, parallel: pool.parallel, tokens: length)
      return InterleavedRounds.Variant<ModelError>("\(index)") { () throws(ModelError) in
        _ = try state.logits([text])
      }
    }
    let progress = ProgressBar("time", total: rounds + 2, unit: "rounds")
    defer { progress.finish() }
    let results = try InterleavedRounds(rounds: rounds).run(variants) { _ in progress.advance() }
    return DiffReport.Times(
      tokens: length, threads: runtime.threads, a: results[0], b: results[1])
  }
}
