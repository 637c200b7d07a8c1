import MBQCore
import MBQEvaluation
import MBQRuntime

/// What `Toolchain.check` judges a model by.
public struct CheckOptions: Sendable, Equatable {
  /// A packed model, or the answers kept of one.
  public var candidate: String
  /// A packed model, or the answers kept of one; not needed beside answers that hold a baseline's too.
  public var baseline: String?
  /// The dataset; not needed if nothing is run.
  public var data: String?
  public var dataset = DatasetOptions()
  /// How far the accuracy may fall.
  public var maximumDrop: Share?
  /// The share of answers that may change.
  public var maximumFlips: Share?
  /// How large the file may be, in bytes.
  public var maximumBytes: Int?
  /// The candidate's 95th percentile of latency by the baseline's.
  public var maximumP95Ratio: Double?
  /// Timed rounds for `maximumP95Ratio`, 20 or more.
  public var rounds = 60
  /// Of every bound: "not worse" and "worse" are each wrong with at most 1 less this.
  public var confidence = Share(0.95)
  /// Passes where the data cannot tell.
  public var allowsInconclusive = false
  public var isUnlabelled = false
  /// Texts are cut to this many tokens; `nil`: what the models read.
  public var maximumTokens: Int?
  /// Changed answers to list, the most harmful first.
  public var flips = 10

  public init(candidate: String, baseline: String? = nil, data: String? = nil) {
    self.candidate = candidate
    self.baseline = baseline
    self.data = data
  }

  /// A limit on accuracy or answers above this is told: it is hardly meant.
  static let looseLimit = Share(0.2)
}

extension Toolchain {
  /// Judges whether a model keeps its limits: not worse, worse, or cannot tell.
  ///
  /// A limit that does not hold is no error: `GateSummary.passes` says so. Refuses no limits at all, and
  /// a limit that what is given cannot answer.
  public func check(_ options: CheckOptions) throws -> GateSummary {
    guard
      options.maximumDrop != nil || options.maximumFlips != nil || options.maximumBytes != nil
        || options.maximumP95Ratio != nil
    else { throw ToolchainError.missing(.maximumDrop, reason: "there is nothing to check") }
    adviseOnLimits(drop: options.maximumDrop, flips: options.maximumFlips)
    let pair = try checkedPair(options)
    return GateSummary(
      limits: try limits(pair, options), comparison: pair.comparison,
      confidence: options.confidence.value, allowsInconclusive: options.allowsInconclusive)
  }

  /// Says so of limits that allow more than anybody means to.
  func adviseOnLimits(drop: Share? = nil, flips: Share? = nil) {
    for (setting, limit) in [(Setting.maximumDrop, drop), (.maximumFlips, flips)] {
      guard let limit, limit > CheckOptions.looseLimit else { continue }
      advise(.looseLimit(setting, limit))
    }
  }

  private func checkedPair(_ options: CheckOptions) throws -> CheckedPair {
    let candidate = options.candidate
    if AnswersFile.isOne(at: candidate) {
      for (setting, isGiven) in [
        (Setting.maximumTokens, options.maximumTokens != nil), (.unlabelled, options.isUnlabelled),
      ] where isGiven {
        throw ToolchainError.exclusive(
          .candidate, setting, reason: "'\(candidate)' holds answers, found earlier")
      }
      try refuseTiming(of: candidate, options)
      return try CheckedPair(kept: options, self)
    }
    guard let baseline = options.baseline else {
      throw ToolchainError.missing(
        .baseline, reason: "'\(candidate)' is a model and must be compared with something")
    }
    guard let data = options.data else {
      throw ToolchainError.missing(.data, reason: "'\(candidate)' is a model and needs texts to run on")
    }
    if AnswersFile.isOne(at: baseline) { try refuseTiming(of: baseline, options) }
    return try CheckedPair(running: options, baseline: baseline, data: data, self)
  }

  private func refuseTiming(of answers: String, _ options: CheckOptions) throws(ToolchainError) {
    guard options.maximumP95Ratio == nil else {
      throw .exclusive(
        .maximumP95Ratio, .candidate,
        reason: "it times both models, and '\(answers)' holds only answers; give the model, or leave "
          + "that limit out")
    }
  }

  private func limits(_ pair: CheckedPair, _ options: CheckOptions) throws -> [GateLimit] {
    let comparison = pair.comparison
    let confidence = options.confidence.value
    var limits: [GateLimit?] = []
    if let drop = options.maximumDrop {
      guard let accuracy = comparison.accuracy else { throw pair.noLabels }
      limits.append(.drop(accuracy.counts, limit: drop.value, confidence: confidence))
    }
    if let flips = options.maximumFlips {
      limits.append(
        .flips(
          comparison.flips.total, of: comparison.rows, limit: flips.value, confidence: confidence))
    }
    if let bytes = options.maximumBytes {
      limits.append(.size(comparison.candidate.fileBytes, limit: bytes))
    }
    if let ratio = options.maximumP95Ratio, let models = pair.models {
      let rounds = try pairedTimes(
        models.baseline, models.candidate, tokens: 128, rounds: options.rounds, warmUp: 3,
        name: "latency")
      limits.append(
        .latencyRatio(
          zip(rounds[0].nanoseconds, rounds[1].nanoseconds).map { ($0, $1) }, limit: ratio,
          confidence: confidence))
    }
    return limits.compactMap { $0 }
  }
}
