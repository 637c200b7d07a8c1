/// The result of `mbq check` as plain values: the source of its text, JSON, JUnit file and annotations.
///
/// The property names are the keys of the JSON form and do not change within a `schema`.
public struct GateSummary: Sendable, Equatable, Codable {
  public var schema = "mbq-check/1"
  /// Whether the command ends with exit code 0.
  public var passes: Bool
  /// Each verdict but "cannot tell" is wrong with at most 1 less this ("worse" a little more often above
  /// 0.95: `PairedCounts.oneSidedBounds`).
  public var confidence: Double
  /// Whether "cannot tell" passes, with a warning.
  public var allowsInconclusive: Bool
  public var limits: [GateLimit]
  public var comparison: ComparisonSummary

  public init(
    limits: [GateLimit], comparison: ComparisonSummary, confidence: Double,
    allowsInconclusive: Bool
  ) {
    self.limits = limits
    self.comparison = comparison
    self.confidence = confidence
    self.allowsInconclusive = allowsInconclusive
    passes = limits.allSatisfy {
      $0.verdict == .notWorse || ($0.verdict == .cannotTell && allowsInconclusive)
    }
  }

  /// The effect of a limit on the command.
  public enum Outcome: Sendable, Equatable {
    case passed
    /// The verdict is "cannot tell", and that is allowed.
    case warned
    case failed
  }

  public func outcome(of limit: GateLimit) -> Outcome {
    switch limit.verdict {
    case .notWorse: .passed
    case .worse: .failed
    case .cannotTell: allowsInconclusive ? .warned : .failed
    }
  }
}
