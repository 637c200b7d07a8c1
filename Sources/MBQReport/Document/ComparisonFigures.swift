import MBQEvaluation

/// The answers of a variant compared with those of the baseline.
///
/// All comparisons of answers in a report are here.
public struct ComparisonFigures: Sendable, Equatable, Codable {
  /// A row that the two answer differently.
  public struct Flip: Sendable, Equatable, Codable {
    /// From 1, as in the dataset.
    public var row: Int
    public var effect: FlipKind
    public var truth: String
    public var baseline: String
    public var variant: String
    /// Of the true label, by the baseline and by the variant.
    public var probabilityBefore: Double
    public var probabilityAfter: Double
    /// The start of the text.
    public var excerpt: String
  }

  /// The share of rows answered alike.
  public var agreement: Double
  public var flips: Int
  /// Flips by their effect.
  public var lost: Int
  public var gained: Int
  /// The variant's accuracy less the baseline's.
  public var accuracyChange: Double
  /// Its 95 % interval: Tango's score interval for paired answers.
  public var accuracyChangeInterval: Interval
  /// McNemar's p, exact and two-sided: the probability of a split of the flips at least this uneven if
  /// both are equally good.
  public var mcNemar: Double
  /// The smallest drop that a test with this number of rows detects in 80 of 100 cases (Connor 1987).
  public var detectableDrop: Double
  /// The largest absolute difference of two logits, and the row (from 1) it is in.
  public var largestLogitChange: Double
  public var largestLogitChangeRow: Int
  /// The mean of KL(baseline ‖ variant), in nats.
  public var meanKLDivergence: Double
  /// The most harmful flips, lost answers first; at most `shownLimit` of them.
  public var shownFlips: [Flip]

  public static var shownLimit: Int { 50 }

  /// `excerpts` has the starts of texts by row; other rows have no excerpt.
  ///
  /// `nil` if the rows have no labels.
  public init?(_ summary: ComparisonSummary, excerpts: [Int: String]) {
    guard let accuracy = summary.accuracy, let lost = summary.flips.lost,
      let gained = summary.flips.gained
    else { return nil }
    agreement = summary.agreement.value
    flips = summary.flips.total
    self.lost = lost
    self.gained = gained
    accuracyChange = -accuracy.drop
    accuracyChangeInterval = Interval(
      lower: -accuracy.interval.upper, upper: -accuracy.interval.lower)
    mcNemar = accuracy.mcNemar
    detectableDrop = accuracy.detectableDrop
    largestLogitChange = summary.logits.largest
    largestLogitChangeRow = summary.logits.largestRow
    meanKLDivergence = summary.divergence.value
    shownFlips = summary.listedFlips.map { flip in
      Flip(
        row: flip.row, effect: flip.kind ?? .other, truth: flip.truth ?? "",
        baseline: flip.baseline, variant: flip.candidate,
        probabilityBefore: flip.probabilityBefore, probabilityAfter: flip.probabilityAfter,
        excerpt: excerpts[flip.row] ?? flip.excerpt)
    }
  }

  /// The changed answers by their effect, in words.
  var balance: String {
    let parts =
      [(lost, "from right to wrong"), (gained, "from wrong to right")].map { count, what in
        "\(count == 0 ? "none" : Human.count(count)) \(what)"
      }
    let others = flips - lost - gained
    return parts.joined(separator: ", ")
      + (others > 0 ? ", \(Human.count(others)) wrong before and after" : "")
  }
}
