import MBQEvaluation

/// A variant's answers beside the baseline's.
///
/// The one place where a report compares answers: whoever has more to say of two models says it here.
public struct ComparisonFigures: Sendable, Equatable, Codable {
  /// What a changed answer does to the accuracy.
  public enum Effect: String, Sendable, Codable {
    /// The baseline was right.
    case lost
    /// The baseline was wrong, and the variant is right.
    case gained
    /// Both are wrong.
    case neither
  }

  /// A row that the two answer differently.
  public struct Flip: Sendable, Equatable, Codable {
    /// From 1, as in the dataset.
    public var row: Int
    public var effect: Effect
    public var truth: String
    public var baseline: String
    public var variant: String
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
  /// The largest absolute difference of two logits, and the row (from 1) it is in.
  public var largestLogitChange: Double
  public var largestLogitChangeRow: Int
  /// The mean of KL(baseline ‖ variant), in nats.
  public var meanKLDivergence: Double
  /// The flips, those that lost something first; at most `shownLimit` of them.
  public var shownFlips: [Flip]

  public static var shownLimit: Int { 50 }

  /// `excerpts` gives the starts of texts by row; rows it has not are shown without.
  ///
  /// Refuses answers to other rows or with other labels.
  public init(
    baseline: Predictions, variant: Predictions, labels: [String], excerpts: [Int: String]
  ) throws(EvaluationError) {
    let found = try Agreement(baseline: baseline.outputs, candidate: variant.outputs)
    agreement = found.share
    flips = found.flips.count
    largestLogitChange = found.largestLogitDifference
    largestLogitChangeRow = found.largestLogitDifferenceRow
    meanKLDivergence = found.meanKLDivergence
    let listed = Self.effects(found, truths: baseline.truths)
    lost = listed.count { $0.effect == .lost }
    gained = listed.count { $0.effect == .gained }
    accuracyChange = Double(gained - lost) / Double(found.rows)
    shownFlips = Self.shown(listed).map { flip, effect in
      Flip(
        row: flip.row, effect: effect, truth: labels[Int(baseline.truths[flip.row - 1])],
        baseline: labels[flip.baseline], variant: labels[flip.candidate],
        excerpt: excerpts[flip.row] ?? "")
    }
  }

  /// The rows whose texts `init` would show.
  public static func shownRows(
    baseline: Predictions, variant: Predictions
  ) throws(EvaluationError) -> [Int] {
    let found = try Agreement(baseline: baseline.outputs, candidate: variant.outputs)
    return shown(effects(found, truths: baseline.truths)).map { $0.flip.row }
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

  private static func effects(
    _ agreement: Agreement, truths: [Int32]
  ) -> [(flip: Agreement.Flip, effect: Effect)] {
    agreement.flips.map { flip in
      let truth = Int(truths[flip.row - 1])
      return (
        flip, flip.baseline == truth ? .lost : flip.candidate == truth ? .gained : .neither
      )
    }
  }

  private static func shown(
    _ flips: [(flip: Agreement.Flip, effect: Effect)]
  ) -> [(flip: Agreement.Flip, effect: Effect)] {
    let ordered = [Effect.lost, .neither, .gained].flatMap { effect in
      flips.filter { $0.effect == effect }
    }
    return Array(ordered.prefix(shownLimit))
  }
}
