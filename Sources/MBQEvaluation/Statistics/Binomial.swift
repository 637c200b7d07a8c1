import Foundation

/// The binomial distribution, far into its tails.
enum Binomial {
  /// The probability of at most `successes` of `total` when each happens with `probability`, which
  /// is above 0 and below 1.
  ///
  /// The largest term is a product kept as a mantissa and an exponent, so that nothing is lost to the
  /// cancellation of large logarithms; the others follow from it by ratios. O(`successes`).
  static func atMost(_ successes: Int, of total: Int, probability p: Double) -> Double {
    precondition(p > 0 && p < 1, "a probability strictly between 0 and 1")
    if successes < 0 { return 0 }
    if successes >= total { return 1 }
    var term = Scaled(1 - p).power(total - successes)
    for index in stride(from: 1, through: successes, by: 1) {
      term.multiply(by: Double(total - successes + index) / Double(index) * p)
    }
    let odds = (1 - p) / p
    var (sum, ratio) = (1.0, 1.0)
    for index in stride(from: successes, to: 0, by: -1) {
      ratio *= Double(index) / Double(total - index + 1) * odds
      sum += ratio
      // A term this small does not change the sum, and the next terms are smaller.
      if ratio < sum * 1e-19 && Double(index) * odds < Double(total - index + 1) { break }
      if !sum.isFinite { break }
    }
    guard sum.isFinite else { return atMostByTheOtherTail(successes, of: total, probability: p) }
    term.multiply(by: sum)
    return min(1, term.value)
  }

  /// Where the terms grow without bound downwards the sum is nearly 1, and the other tail is small.
  private static func atMostByTheOtherTail(
    _ successes: Int, of total: Int, probability p: Double
  ) -> Double {
    1 - atMost(total - successes - 1, of: total, probability: 1 - p)
  }

  /// The exact interval of a share at `confidence` on each side alone: with that confidence the share
  /// is at least `lower`, and with that confidence at most `upper`.
  ///
  /// Clopper and Pearson, "The use of confidence or fiducial limits illustrated in the case of the
  /// binomial", 1934; found by bisection.
  static func oneSidedBounds(successes: Int, total: Int, confidence: Double) -> Interval {
    let level = 1 - confidence
    func solve(_ isBelow: (Double) -> Bool) -> Double {
      var (low, high) = (0.0, 1.0)
      for _ in 0..<60 {
        let middle = (low + high) / 2
        if isBelow(middle) { low = middle } else { high = middle }
      }
      return (low + high) / 2
    }
    let lower =
      successes == 0
      ? 0
      : solve { atMost(total - successes, of: total, probability: 1 - $0) < level }
    let upper =
      successes == total ? 1 : solve { atMost(successes, of: total, probability: $0) > level }
    return Interval(lower: lower, upper: upper)
  }
}

/// A positive number as mantissa · 2^exponent: products of many factors neither overflow nor vanish.
private struct Scaled {
  private var mantissa: Double
  private var exponent: Int

  init(_ value: Double) {
    mantissa = value.significand
    exponent = Int(value.exponent)
  }

  var value: Double {
    if exponent < -2000 { return 0 }
    if exponent > 2000 { return .infinity }
    // In two steps: the power alone may be out of range where the product is not.
    let half = exponent / 2
    return scalbn(scalbn(mantissa, half), exponent - half)
  }

  mutating func multiply(by factor: Double) {
    mantissa *= factor
    exponent += Int(mantissa.exponent)
    mantissa = mantissa.significand
  }

  /// By squaring: exact for powers of two.
  func power(_ count: Int) -> Scaled {
    var (result, square, rest) = (Scaled(1), self, count)
    while rest > 0 {
      if rest & 1 == 1 {
        result.exponent += square.exponent
        result.multiply(by: square.mantissa)
      }
      square.exponent *= 2
      square.multiply(by: square.mantissa)
      rest >>= 1
    }
    return result
  }
}
