/// A confidence interval.
public struct Interval: Sendable, Equatable, Codable {
  public var lower: Double
  public var upper: Double

  public init(lower: Double, upper: Double) {
    self.lower = lower
    self.upper = upper
  }

  /// The interval of a share; `nil` when `total` is 0.
  ///
  /// Wilson, "Probable inference, the law of succession, and statistical inference", 1927. Unlike
  /// p ± 1.96·√(p(1−p)/n) it stays within 0...1 and is right near both ends.
  public static func wilson(
    successes: Int, total: Int, confidence: Double = 0.95
  ) -> Interval? {
    guard total > 0 else { return nil }
    let z = Normal.twoSided(confidence: confidence)
    let n = Double(total)
    let share = Double(successes) / n
    let scale = 1 / (1 + z * z / n)
    let center = scale * (share + z * z / (2 * n))
    let reach = scale * z * (share * (1 - share) / n + z * z / (4 * n * n)).squareRoot()
    return Interval(
      lower: successes == 0 ? 0 : max(0, center - reach),
      upper: successes == total ? 1 : min(1, center + reach))
  }
}
