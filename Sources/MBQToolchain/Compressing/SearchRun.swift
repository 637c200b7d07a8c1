import MBQCheckpoints
import MBQCore
import MBQEvaluation
import MBQKernels
import MBQModel
import MBQQuantizer
import MBQRuntime

/// Compresses a checkpoint at the points a planner names, and measures each on held-back texts.
final class SearchRun {
  private let checkpoint: Checkpoint
  private let base: Recipe
  private let drawn: CalibrationTexts
  private let pieceCounts: [Int]?
  private let pool: ThreadPool
  private let kernels: KernelSet
  private let layerCount: Int
  private let baseline: Outputs
  /// Points that differ in bits and zeros share one structure.
  private let preparations = Preparations(limit: 4)
  /// Timed rounds of one text.
  private static let rounds = 21

  init(
    _ checkpoint: Checkpoint, base: Recipe, drawn: CalibrationTexts, pieceCounts: [Int]?,
    _ toolchain: Toolchain
  ) throws {
    self.checkpoint = checkpoint
    self.base = base
    self.drawn = drawn
    self.pieceCounts = pieceCounts
    pool = try toolchain.pool()
    kernels = try toolchain.kernelSet()
    layerCount = checkpoint.configuration.layerCount
    let packed = try Packer(checkpoint, precision: .float32).pack(goldens: [])
    baseline = try Self.outputs(
      Model(bytes: packed.bytes, kernels: kernels), drawn.heldBack, pool.parallel)
  }

  /// What a point gives, and the packed model.
  func measure(_ point: SearchPoint) throws -> (result: SearchResult, bytes: [UInt8]) {
    let plan = try Plan(point.recipe(base, of: layerCount), hasText: true)
    var compressor = Compressor(plan, parallel: pool.parallel)
    compressor.texts = drawn.texts
    compressor.pieceCounts = point.dropsUnusedPieces ? pieceCounts : nil
    let ready = try preparations.prepared(by: compressor, checkpoint)
    let result = try compressor.pack(ready, of: checkpoint)
    let (packed, report) = (result.file, result.report)
    let model = try Model(bytes: packed.bytes, kernels: kernels)
    let texts =
      report.vocabulary?.retokenized(drawn.heldBack, limit: model.maximumTokens) ?? drawn.heldBack
    let agreement = try Agreement(
      baseline: baseline, candidate: Self.outputs(model, texts, pool.parallel))
    let latency = try Self.latency(model)
    return (
      SearchResult(
        point: point, byteCount: packed.bytes.count, agreement: agreement.share,
        divergence: agreement.meanKLDivergence, medianMilliseconds: latency.p50 / 1e6,
        p95Milliseconds: latency.p95 / 1e6), packed.bytes
    )
  }

  private static func outputs(
    _ model: Model, _ texts: [[UInt32]], _ parallel: Parallel
  ) throws -> Outputs {
    let state = RunState(model: model, parallel: parallel)
    var outputs = try Outputs(labelCount: model.labels.count)
    for start in stride(from: 0, to: texts.count, by: 16) {
      let part = Array(texts[start..<min(start + 16, texts.count)])
      let logits = try state.logits(part)
      let labels = model.labels.count
      for row in part.indices {
        try outputs.append(logits: logits[(row * labels)..<((row + 1) * labels)])
      }
    }
    return outputs
  }

  /// One thread, one text of 128 tokens.
  private static func latency(_ model: Model) throws -> (p50: Double, p95: Double) {
    let state = RunState(model: model)
    let text = (0..<min(128, model.maximumTokens)).map {
      UInt32($0 % max(model.vocabularyCount, 1))
    }
    var times: [Double] = []
    for round in 0..<(rounds + 3) {
      let start = MonotonicClock.nanoseconds
      _ = try state.logits([text])
      if round >= 3 { times.append(Double(MonotonicClock.nanoseconds - start)) }
    }
    times.sort()
    return (times[times.count / 2], times[min(times.count - 1, times.count * 95 / 100)])
  }
}
