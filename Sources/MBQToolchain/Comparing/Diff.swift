import MBQCheckpoints
import MBQCore
import MBQEvaluation
import MBQFormat
import MBQModel
import MBQQuantizer
import MBQReport
import MBQRuntime

/// What `Toolchain.diff` sets side by side.
public struct DiffOptions: Sendable, Equatable {
  /// Packed models, or checkpoints, which are packed in fp32 for it.
  public var first: String
  public var second: String
  /// Texts to compare the answers on: a dataset that needs no labels.
  public var data: String?
  public var dataset = DatasetOptions()
  /// Tokens of the text that is timed.
  public var tokens = 128
  /// Timed rounds; 0: none.
  public var rounds = 11
  /// Lists every operation and tensor that differs, not only the first and the worst.
  public var listsAll = false

  public init(_ first: String, _ second: String) {
    self.first = first
    self.second = second
  }
}

/// What two models do not have in common.
public struct DiffResult: Sendable {
  /// Whether nothing differs.
  public var isSame: Bool
  /// Of the texts, those that get the same label; `nil` without texts.
  public var agreement: Double?
  package var report: Report
}

extension Toolchain {
  /// Compares two models: settings, operations, tensors, sections, and if asked for answers and times.
  public func diff(_ options: DiffOptions) throws -> DiffResult {
    let models = (try opened(options.first), try opened(options.second))
    let progress = StagedProgress(self)
    defer { progress.finish() }
    let difference = ModelDifference(models.0.packed, models.1.packed) {
      progress.show("compare", $0)
    }
    progress.finish()
    var report = DiffReport(
      names: (options.first, options.second), models: models, difference: difference,
      all: options.listsAll)
    if let data = options.data { report.agreement = try agreement(models, options, data) }
    if options.rounds > 0 {
      let times = try pairedTimes(
        models.0, models.1, tokens: options.tokens, rounds: options.rounds, warmUp: 2, name: "time")
      report.times = DiffReport.Times(
        tokens: min(options.tokens, models.0.maximumTokens, models.1.maximumTokens),
        threads: threads, a: times[0], b: times[1])
    }
    return DiffResult(
      isSame: difference.isEmpty, agreement: report.agreement?.share,
      report: Report(report.blocks))
  }

  /// A packed model, or a checkpoint packed in fp32.
  private func opened(_ path: String) throws -> Model {
    guard Paths.isFolder(path) || !Paths.isPacked(path) else { return try model(path) }
    // What is not there is not there as a model.
    guard Paths.exists(path) else { return try model(path) }
    let checkpoint = try CheckpointSource(path).open()
    let packed = try Packer(checkpoint, precision: .float32).pack(goldens: [])
    return try Model(bytes: packed.bytes, name: path, kernels: try kernelSet())
  }

  private func agreement(
    _ models: (Model, Model), _ options: DiffOptions, _ data: String
  ) throws -> Agreement {
    try OutputPlace.refusePipe(data)
    for (model, path) in [(models.0, options.first), (models.1, options.second)] {
      try EvaluationRunError.refuseMultiLabel(model, path)
    }
    guard models.0.labels == models.1.labels else {
      // Only texts need the same labels; a model of another task differs in all its answers.
      throw AnswersPairError.labels(
        candidate: options.second, models.1.labels, baseline: options.first, models.0.labels)
    }
    let pool = try pool()
    defer { withExtendedLifetime(pool) {} }
    let stage = stage("answers", total: nil)
    defer { stage.finish() }
    var outputs: [Outputs] = []
    for model in [models.0, models.1] {
      var found = try Outputs(labelCount: model.labels.count)
      var stream = try TextStream<Int>(model, RunState(model: model, parallel: pool.parallel))
      var rows = try options.dataset.unlabelledTexts(data)
      func add(_ answers: [TextStream<Int>.Answer]) throws {
        for answer in answers {
          let said = answer.classification
          // As the model's own temperature has it.
          try found.append(
            logits: said.logits.map { $0 / model.packed.header.decision.temperature },
            predicted: said.label)
        }
        stage.advance(by: answers.count)
      }
      while let row = try rows.next() { try add(try stream.add(row.text, row.row)) }
      try add(try stream.finish())
      outputs.append(found)
    }
    return try Agreement(baseline: outputs[0], candidate: outputs[1])
  }
}
