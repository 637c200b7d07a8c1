/// The comparison of a candidate with a baseline on the same rows, as plain values: the source of its text,
/// its Markdown and its JSON.
///
/// The property names are the keys of the JSON form and do not change within a `schema`. Without true
/// labels, the figures that need them are left out.
public struct ComparisonSummary: Sendable, Equatable, Codable {
  /// A figure and its interval.
  public struct Estimate: Sendable, Equatable, Codable {
    public var value: Double
    /// Left out if the rows show no variation.
    public var interval: Interval?

    public init(value: Double, interval: Interval?) {
      self.value = value
      self.interval = interval
    }
  }

  /// Rows with different answers of the two.
  public struct Flips: Sendable, Equatable, Codable {
    public var total: Int
    /// Right before, wrong now; wrong before, right now; wrong before and now, differently.
    public var lost: Int?
    public var gained: Int?
    public var other: Int?
  }

  public struct AccuracyChange: Sendable, Equatable, Codable {
    public var counts: PairedCounts
    public var baseline: Double
    public var candidate: Double
    /// Baseline minus candidate: above 0 if the candidate is worse.
    public var drop: Double
    /// Tango's score interval: the one to quote.
    public var interval: Interval
    /// Newcombe's interval, by another construction, and the percentiles of 2,000 paired resamples
    /// (left out if no row separates the two).
    ///
    /// If the three agree, the choice of the method does not matter.
    public var newcombe: Interval
    public var bootstrap: Interval?
    /// Exact and two-sided: the probability of a split at least this uneven if neither model is better.
    public var mcNemar: Double
    /// The smallest drop that a test of this number of rows detects with the probability
    /// `detectionPower` (Connor 1987).
    public var detectableDrop: Double
    public var detectionPower: Double
  }

  public struct LogitChange: Sendable, Equatable, Codable {
    public var mean: Double
    public var largest: Double
    /// The row of the largest, from 1.
    public var largestRow: Int
  }

  /// The rows of one label.
  public struct LabelChange: Sendable, Equatable, Codable {
    public var name: String
    public var support: Int
    public var recallBefore: Double
    public var recallAfter: Double
    public var lost: Int
    public var gained: Int
    /// Of the recall, with Tango's interval; left out without rows.
    public var drop: Estimate?
  }

  /// The rows of some length.
  public struct LengthChange: Sendable, Equatable, Codable {
    /// In tokens as the candidate read them, special ones included; both ends belong to it.
    public var from: Int
    public var to: Int
    public var rows: Int
    public var flips: Int
    public var accuracyBefore: Double?
    public var accuracyAfter: Double?
    public var lost: Int?
    public var gained: Int?
  }

  public struct Flip: Sendable, Equatable, Codable {
    /// From 1, as in the dataset.
    public var row: Int
    public var truth: String?
    public var baseline: String
    public var candidate: String
    public var kind: FlipKind?
    /// Of the true label; without labels, of the label the baseline chose.
    public var probabilityBefore: Double
    public var probabilityAfter: Double
    public var divergence: Double
    public var excerpt: String
  }

  public var schema = "mbq-comparison/1"
  public var baseline: EvaluationSummary.Model
  public var candidate: EvaluationSummary.Model
  public var dataset: EvaluationSummary.Dataset
  public var rows: Int
  /// Of every interval here, such as 0.95.
  public var confidence: Double
  /// The share of rows with the same answer, with Wilson's interval.
  public var agreement: Estimate
  public var flips: Flips
  public var accuracy: AccuracyChange?
  /// The mean over rows of KL(baseline ‖ candidate), in nats, with percentiles of 2,000 resamples.
  public var divergence: Estimate
  public var logits: LogitChange
  public var labels: [LabelChange]
  public var lengths: [LengthChange]
  /// The most harmful flips; more exist if `flips.total` is larger.
  public var listedFlips: [Flip]
}

/// The answers of two models to the same rows: the input of a comparison.
public struct PairedAnswers: Sendable {
  public var baseline: Outputs
  public var candidate: Outputs
  /// (rows) `nil` without labels.
  public var truths: [Int32]?
  /// (rows) Tokens, as the candidate read them.
  public var lengths: [Int]

  /// Refuses outputs of different rows or labels, and no rows at all.
  public init(
    baseline: Outputs, candidate: Outputs, truths: [Int32]?, lengths: [Int]
  ) throws(EvaluationError) {
    guard baseline.labelCount == candidate.labelCount else {
      throw .differentLabels(baseline: baseline.labelCount, candidate: candidate.labelCount)
    }
    guard baseline.rowCount == candidate.rowCount else {
      throw .differentRows(baseline: baseline.rowCount, candidate: candidate.rowCount)
    }
    guard candidate.rowCount > 0 else { throw .nothingToScore }
    precondition(truths.map { $0.count == candidate.rowCount } ?? true, "a truth for every row")
    precondition(lengths.count == candidate.rowCount, "a length for every row")
    self.baseline = baseline
    self.candidate = candidate
    self.truths = truths
    self.lengths = lengths
  }

  public var rowCount: Int { candidate.rowCount }

  /// The flips without their texts, for a comparison without the dataset.
  public func flips(limit: Int) -> FlipList {
    FlipList(limit: limit, baseline: baseline, candidate: candidate, truths: truths)
  }

  /// Right and wrong answers of the rows that `isCounted` says; `nil` without labels.
  func counts(where isCounted: (Int) -> Bool = { _ in true }) -> PairedCounts? {
    guard let truths else { return nil }
    var counts = PairedCounts()
    for row in 0..<rowCount where isCounted(row) {
      counts.count(
        baselineIsRight: baseline.predicted[row] == truths[row],
        candidateIsRight: candidate.predicted[row] == truths[row])
    }
    return counts
  }
}
