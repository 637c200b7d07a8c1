import MBQEvaluation

/// A variant's answers beside the baseline's.
///
/// The one place where a report compares answers: whoever has more to say of two models says it here.
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
  /// Flips by what they do.
  public var lost: Int
  public var gained: Int
  /// The variant's accuracy less the baseline's.
  public var accuracyChange: Double
  /// How far rows like these leave it open: 95 %, Tango's score interval for paired answers.
  public var accuracyChangeInterval: Interval
  /// Exact and two-sided: how likely so uneven a split of the flips is if neither is better.
  public var mcNemar: Double
  /// The smallest drop that a test on so many rows finds in 80 of 100 cases (Connor 1987).
  public var detectableDrop: Double
  /// The largest absolute difference of two logits, and the row (from 1) it is in.
  public var largestLogitChange: Double
  public var largestLogitChangeRow: Int
  /// The mean of KL(baseline ‖ variant), in nats.
  public var meanKLDivergence: Double
  /// The most harmful flips, those that lost something first; at most `shownLimit` of them.
  public var shownFlips: [Flip]

  public static var shownLimit: Int { 50 }

  /// `nil` if the rows have no labels.
  public init?(_ summary: ComparisonSummary) {
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
        excerpt: flip.excerpt)
    }
  }

  /// What became of the answers that changed.
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
