import MBQCore
import MBQEvaluation
import MBQFormat
import MBQKernels
import MBQModel
import MBQReport
import MBQRuntime

/// What `Toolchain.benchmark` times.
public struct BenchmarkOptions: Sendable, Equatable {
  /// Packed models, which take turns in every round.
  public var models: [String]
  /// Texts a batch; `nil`: 1, 8 and 32, or 1 with a profile.
  public var batches: [Int]?
  /// Tokens a text; `nil`: 128, or what the models take.
  public var tokens: [Int]?
  /// Counted rounds.
  public var rounds = 11
  /// Measures by operation and layer in place of whole runs.
  public var profiles = false

  public init(models: [String]) { self.models = models }
}

/// What `Toolchain.benchmark` found.
public struct BenchmarkResult: Sendable {
  public struct LoadedModel: Sendable {
    public var path: String
    public var fileBytes: Int
    /// From the call to a model that is ready, its file in the system's cache; the median.
    public var loadNanoseconds: Double
    /// Memory that running it takes beside the mapped file.
    public var runBytes: Int
  }

  /// Full batches of one shape by one model.
  public struct Latency: Sendable {
    public var path: String
    /// Texts a batch, and tokens a text.
    public var batch: Int
    public var tokens: Int
    /// Of a batch, in nanoseconds.
    public var p50: Double
    public var p90: Double
    public var p99: Double
    /// The median over rounds of this model's time by the first one's in the same round.
    public var ratioToFirst: Double
  }

  public var models: [LoadedModel]
  /// Empty with profiles.
  public var latencies: [Latency]
  /// Of this process; `nil` where the system does not say.
  public var peakMemoryBytes: Int?
  public var threads: Int
  public var kernels: String
  package var profiles: [Profile]

  package struct Profile: Sendable {
    package var path: String
    package var batch: Int
    package var tokens: Int
    package var tables: ProfileTables
  }
}

extension Toolchain {
  /// Times models on full rows of seeded random tokens, in turns (A B A B).
  public func benchmark(_ options: BenchmarkOptions) throws -> BenchmarkResult {
    guard !options.models.isEmpty else {
      throw ToolchainError.missing(.model, reason: "there is nothing to time")
    }
    let pool = try pool()
    defer { withExtendedLifetime(pool) {} }
    var models: [(path: String, model: Model)] = []
    var states: [RunState] = []
    var loaded: [BenchmarkResult.LoadedModel] = []
    for path in options.models {
      // The first opening may read from disk; the median is that of a cached file.
      var times: [UInt64] = []
      var model = try model(path)
      for _ in 0..<5 {
        let start = MonotonicClock.nanoseconds
        model = try self.model(path)
        times.append(MonotonicClock.nanoseconds - start)
      }
      let state = RunState(model: model, parallel: pool.parallel, tokens: model.maximumTokens)
      models.append((path, model))
      states.append(state)
      loaded.append(
        .init(
          path: path, fileBytes: ModelDescription(model, path: path).fileBytes,
          loadNanoseconds: LatencySample(nanoseconds: times)?.p50 ?? 0,
          runBytes: state.byteCount + model.extraByteCount))
    }
    let most = models.map(\.model.maximumTokens).min() ?? 2
    let lengths = options.tokens ?? [min(128, most)]
    let batches = options.batches ?? (options.profiles ? [1] : [1, 8, 32])
    try Self.check(lengths, .tokens, 1...most)
    try Self.check(batches, .batch, 1...4096)
    var result = BenchmarkResult(
      models: loaded, latencies: [], threads: threads, kernels: try kernelSet().name, profiles: [])
    let shapes = lengths.flatMap { length in batches.map { (batch: $0, length: length) } }
    if options.profiles {
      result.profiles = try profiles(models, shapes, pool.parallel, rounds: options.rounds)
    } else {
      result.latencies = try latencies(models, states, shapes, rounds: options.rounds)
    }
    result.peakMemoryBytes = PeakMemory.bytes
    return result
  }

  private static func check(
    _ values: [Int], _ setting: Setting, _ allowed: ClosedRange<Int>
  ) throws(ToolchainError) {
    guard let wrong = values.isEmpty ? 0 : values.first(where: { !allowed.contains($0) }) else {
      return
    }
    throw .outOfRange(
      setting, found: values.isEmpty ? "empty" : "\(wrong)",
      allowed: "whole numbers from \(allowed.lowerBound) to \(allowed.upperBound)")
  }

  private func latencies(
    _ models: [(path: String, model: Model)], _ states: [RunState],
    _ shapes: [(batch: Int, length: Int)], rounds: Int
  ) throws -> [BenchmarkResult.Latency] {
    let stage = stage("benchmark", total: shapes.count * (rounds + 2), unit: "rounds")
    defer { stage.finish() }
    return try shapes.flatMap { batch, length in
      let variants = zip(models, states).map { model, state in
        let texts = Self.randomTexts(batch, of: length, vocabulary: model.model.vocabularyCount)
        return InterleavedRounds.Variant<ModelError>(model.path) { () throws(ModelError) in
          _ = try state.logits(texts)
        }
      }
      return try InterleavedRounds(warmUpRounds: 2, rounds: rounds).run(variants) { _ in
        stage.advance()
      }.map {
        BenchmarkResult.Latency(
          path: $0.name, batch: batch, tokens: length, p50: $0.sample.p50, p90: $0.sample.p90,
          p99: $0.sample.p99, ratioToFirst: $0.ratioToFirst)
      }
    }
  }

  private func profiles(
    _ models: [(path: String, model: Model)], _ shapes: [(batch: Int, length: Int)],
    _ parallel: Parallel, rounds: Int
  ) throws -> [BenchmarkResult.Profile] {
    let stage = stage(
      "profile", total: models.count * shapes.count * (rounds + 2), unit: "rounds")
    defer { stage.finish() }
    return try models.flatMap { path, model in
      try shapes.map { batch, length in
        let texts = Self.randomTexts(batch, of: length, vocabulary: model.vocabularyCount)
        let profile = try StepProfile(model, parallel, texts, rounds: rounds) { stage.advance() }
        return BenchmarkResult.Profile(
          path: path, batch: batch, tokens: length,
          tables: ProfileTables(profile, model.packed.header))
      }
    }
  }
}
