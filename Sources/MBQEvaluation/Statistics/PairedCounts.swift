import Foundation

/// Right and wrong answers of two models to the same rows.
public struct PairedCounts: Sendable, Equatable, Codable {
  public var bothRight: Int
  /// The baseline was right and the candidate is wrong: harm.
  public var lost: Int
  /// The baseline was wrong and the candidate is right.
  public var gained: Int
  public var bothWrong: Int

  public init(bothRight: Int = 0, lost: Int = 0, gained: Int = 0, bothWrong: Int = 0) {
    self.bothRight = bothRight
    self.lost = lost
    self.gained = gained
    self.bothWrong = bothWrong
  }

  public mutating func count(baselineIsRight: Bool, candidateIsRight: Bool) {
    switch (baselineIsRight, candidateIsRight) {
    case (true, true): bothRight += 1
    case (true, false): lost += 1
    case (false, true): gained += 1
    case (false, false): bothWrong += 1
    }
  }

  public var rows: Int { bothRight + lost + gained + bothWrong }
  public var baselineAccuracy: Double { Double(bothRight + lost) / Double(rows) }
  public var candidateAccuracy: Double { Double(bothRight + gained) / Double(rows) }
  /// Of the accuracy, from the baseline to the candidate; negative when it rose.
  public var drop: Double { Double(lost - gained) / Double(rows) }
  /// The share of rows with exactly one right answer of the two.
  public var discordance: Double { Double(lost + gained) / Double(rows) }

  /// The probability of a split at least this uneven between `lost` and `gained` if neither model were
  /// better: McNemar's test in its exact form, two-sided (scipy's `binomtest(lost, lost + gained)`).
  ///
  /// McNemar, "Note on the sampling error of the difference between correlated proportions or
  /// percentages", 1947. It is 1 if no row separates the two.
  public var mcNemar: Double {
    let fewer = min(lost, gained)
    return min(1, 2 * Binomial.atMost(fewer, of: lost + gained, probability: 0.5))
  }

  /// Newcombe's interval of the drop.
  ///
  /// Newcombe, "Improved confidence intervals for the difference between binomial proportions based
  /// on paired data", 1998, method 10: Wilson's intervals of the two accuracies, put together with
  /// their correlation, which is corrected for continuity.
  public func newcombe(confidence: Double) -> Interval? {
    let total = rows
    guard
      let first = Interval.wilson(
        successes: bothRight + lost, total: total, confidence: confidence),
      let second = Interval.wilson(
        successes: bothRight + gained, total: total, confidence: confidence)
    else { return nil }
    let (p1, p2) = (baselineAccuracy, candidateAccuracy)
    let sums = [bothRight + lost, gained + bothWrong, bothRight + gained, lost + bothWrong]
    var correlation = 0.0
    if sums.allSatisfy({ $0 > 0 }) {
      let product = Double(bothRight) * Double(bothWrong) - Double(lost) * Double(gained)
      let half = Double(total) / 2
      let corrected = product > half ? product - half : min(product, 0)
      correlation = corrected / sums.reduce(1.0) { $0 * Double($1).squareRoot() }
    }
    func reach(_ a: Double, _ b: Double) -> Double {
      max(0, a * a - 2 * correlation * a * b + b * b).squareRoot()
    }
    return Interval(
      lower: p1 - p2 - reach(p1 - first.lower, second.upper - p2),
      upper: p1 - p2 + reach(first.upper - p1, p2 - second.lower))
  }

  /// The smallest drop that a test of `rows` rows at this two-sided confidence detects with the given power,
  /// for the same share of different rows.
  ///
  /// Connor, "Sample size for testing differences in proportions for the paired-sample design", 1987:
  /// n·d² = (z₁√ψ + z₂√(ψ − d²))², solved for d, with ψ the share of rows that only one model answers
  /// rightly. A drop cannot be larger than that share: where the solution is, ψ is taken to be the
  /// drop itself.
  public func detectableDrop(confidence: Double, power: Double = 0.8) -> Double? {
    guard rows > 0 else { return nil }
    let (first, second) = (
      Normal.twoSided(confidence: confidence), Normal.oneSided(confidence: power)
    )
    let n = Double(rows)
    var (low, high) = (0.0, 1.0)
    for _ in 0..<80 {
      let drop = (low + high) / 2
      let share = max(discordance, drop)
      let needed = first * share.squareRoot() + second * (share - drop * drop).squareRoot()
      if n.squareRoot() * drop < needed { low = drop } else { high = drop }
    }
    return high
  }
}
