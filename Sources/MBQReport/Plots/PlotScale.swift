import Foundation

/// Maps values of a quantity to places on an axis.
struct PlotScale {
  let lower: Double
  let upper: Double
  /// Where the two ends are on the canvas.
  let from: Double
  let to: Double
  let isLogarithmic: Bool

  /// `lower` is below `upper`, and above 0 on a logarithmic axis.
  init(_ lower: Double, _ upper: Double, from: Double, to: Double, isLogarithmic: Bool = false) {
    self.lower = lower
    // An axis with a single value still needs a length.
    self.upper = upper > lower ? upper : lower + max(abs(lower), 1) * 0.01
    self.from = from
    self.to = to
    self.isLogarithmic = isLogarithmic
  }

  /// The place of a value; values outside the axis get the place of the nearer end.
  func callAsFunction(_ value: Double) -> Double {
    let bounded = min(max(value, lower), upper)
    let share =
      isLogarithmic
      ? log(bounded / lower) / log(upper / lower) : (bounded - lower) / (upper - lower)
    return from + share * (to - from)
  }

  /// At most about `count` round values within the axis.
  func ticks(_ count: Int) -> [Double] {
    isLogarithmic
      ? Self.decades(lower, upper, count) : Self.ticks(from: lower, to: upper, count: count)
  }

  /// Multiples of a step of 1, 2, 2.5 or 5 times a power of ten: the smallest step that gives at most
  /// `count` of them.
  static func ticks(from lower: Double, to upper: Double, count: Int) -> [Double] {
    guard upper > lower, lower.isFinite, upper.isFinite, count > 0 else { return [lower] }
    let rough = (upper - lower) / Double(count)
    let power = pow(10, floor(log10(rough)))
    let step = [1, 2, 2.5, 5, 10].map { $0 * power }.first { $0 >= rough * 0.999 } ?? 10 * power
    let first = Int((lower / step - 1e-9).rounded(.up))
    let last = Int((upper / step + 1e-9).rounded(.down))
    guard first <= last else { return [lower] }
    return (first...last).map { Double($0) * step }
  }

  /// Powers of ten; if there are fewer than three, also their doubles and fivefolds.
  private static func decades(_ lower: Double, _ upper: Double, _ count: Int) -> [Double] {
    let exponents = Int(floor(log10(lower)))...Int(ceil(log10(upper)))
    func within(_ factors: [Double]) -> [Double] {
      exponents.flatMap { exponent in factors.map { $0 * pow(10, Double(exponent)) } }
        .filter { $0 >= lower * 0.999 && $0 <= upper * 1.001 }
    }
    let tens = within([1])
    if tens.count < 3 { return within([1, 2, 5]) }
    let stride = (tens.count + count - 1) / max(count, 1)
    return tens.enumerated().filter { $0.offset % max(stride, 1) == 0 }.map(\.element)
  }
}
