import MBQCheckpoints
import MBQCore
import MBQEvaluation
import MBQQuantizer
import MBQReport
import MBQRuntime

/// A checkpoint at 32, 16 and 8 bits, measured.
public struct Demonstration: Sendable {
  public struct Variant: Sendable {
    /// Such as `int8`.
    public var name: String
    public var fileBytes: Int
    public var packNanoseconds: Double
    /// The median of 21 interleaved rounds of one text of `tokens` tokens.
    public var latencyNanoseconds: Double
    public var accuracy: Double
    /// Of the rows, those with the label of fp32.
    public var agreement: Double
    public var largestLogitChange: Double
  }

  public var variants: [Variant]
  public var tokens: Int
  public var rows: Int
}

extension Toolchain {
  /// Packs a checkpoint at 32, 16 and 8 bits into `folder`, and measures size, latency and accuracy.
  public func demonstrate(
    _ source: CheckpointSource, data: String, dataset: DatasetOptions = DatasetOptions(),
    folder: String
  ) throws -> Demonstration {
    let rounds = (warmUp: 3, counted: 21)
    let checkpoint = try source.open()
    var models: [Model] = []
    var answers: [Answers] = []
    var result = Demonstration(variants: [], tokens: 0, rows: 0)
    for precision in [Precision.float32, .float16, .int8] {
      let start = MonotonicClock.nanoseconds
      let packed = try Packer(checkpoint, precision: precision).pack()
      let name = precision == .int8 ? "int8" : "fp\(precision.bits)"
      let path = "\(folder)/\(name).mbq"
      try packed.bytes.withUnsafeBytes { try AtomicFile.write([$0], to: path) }
      let elapsed = MonotonicClock.nanoseconds - start
      let model = try model(path)
      let run = EvaluationRun(toolchain: self, options: dataset, mistakeLimit: 0)
      let found = try run.run(path, model: model, data: data, name: "evaluate \(name)").answers
      models.append(model)
      answers.append(found)
      let agreement = try Agreement(baseline: answers[0].outputs, candidate: found.outputs)
      result.rows = found.rowCount
      result.variants.append(
        .init(
          name: name, fileBytes: packed.bytes.count, packNanoseconds: Double(elapsed),
          latencyNanoseconds: 0, accuracy: try found.evaluation()?.accuracy ?? 0,
          agreement: agreement.share, largestLogitChange: agreement.largestLogitDifference))
    }
    let pool = try pool()
    defer { withExtendedLifetime(pool) {} }
    result.tokens = min(128, models[0].maximumTokens)
    let text = Self.randomTexts(
      1, of: result.tokens, vocabulary: models[0].vocabularyCount)
    let times = try InterleavedRounds(warmUpRounds: rounds.warmUp, rounds: rounds.counted).run(
      models.map { model in
        let state = RunState(model: model, parallel: pool.parallel)
        return InterleavedRounds.Variant<ModelError>("") { () throws(ModelError) in
          _ = try state.logits(text)
        }
      })
    for (index, time) in times.enumerated() {
      result.variants[index].latencyNanoseconds = time.sample.p50
    }
    return result
  }
}

extension Demonstration {
  package var table: ReportTable {
    var table = ReportTable(columns: [
      .text("variant"), .number("bytes", "size"), .number("quantize_ns", "packed in ms"),
      .number("latency_ns", "1×\(tokens) ms"), .number("accuracy"),
      .number("agreement", "same as fp32"), .number("logits", "largest Δ logit"),
    ])
    for variant in variants {
      table.rows.append([
        .text(variant.name), .bytes(variant.fileBytes),
        .milliseconds(nanoseconds: variant.packNanoseconds),
        .milliseconds(nanoseconds: variant.latencyNanoseconds),
        .percent(variant.accuracy, digits: 2), .percent(variant.agreement, digits: 2),
        .number(variant.largestLogitChange, digits: 4),
      ])
    }
    return table
  }
}
