import Foundation

/// One temperature for all logits, which calibrates the probabilities: Guo, Pleiss, Sun and Weinberger, "On calibration of modern neural networks", 2017.
public enum TemperatureScaling {
  /// The search range: the temperatures that a packed model may have.
  public static let range = 0x1p-10...0x1p10

  /// The temperature with the least mean −ln p(true label) over `rows` (all of them if nil).
  ///
  /// `logits` is (rows, labels). Nil if there is no minimum within `range`: if every answer is right, a
  /// temperature of 0 would be best; if the logits are uninformative or wrong, an infinite one.
  ///
  /// In β = 1/T the loss is convex, and its derivative, the mean of E_p[z] − z_true, grows: its root is
  /// found by Newton steps in ln β, which halve the bracket instead where they would leave it.
  public static func fit(
    logits: [Float], labelCount: Int, truths: [Int32], rows: [Int]? = nil
  ) -> Double? {
    let rows = rows ?? Array(truths.indices)
    guard labelCount > 1, !rows.isEmpty else { return nil }
    func slope(_ u: Double) -> (value: Double, derivative: Double) {
      derivatives(logits, labelCount, truths, rows, beta: exp(u))
    }
    var low = -log(range.upperBound)
    var high = -log(range.lowerBound)
    guard slope(low).value < 0, slope(high).value > 0 else { return nil }
    var u = 0.0
    for _ in 0..<200 {
      let (value, derivative) = slope(u)
      if value == 0 { break }
      if value < 0 { low = u } else { high = u }
      // The derivative by u is that by β times β.
      let newton = u - value / (derivative * exp(u))
      let next = newton > low && newton < high ? newton : (low + high) / 2
      let step = abs(next - u)
      u = next
      if step < 1e-14 || high - low < 1e-14 { break }
    }
    return exp(-u)
  }

  /// The loss's first and second derivatives by β.
  private static func derivatives(
    _ logits: [Float], _ labelCount: Int, _ truths: [Int32], _ rows: [Int], beta: Double
  ) -> (value: Double, derivative: Double) {
    var first = CompensatedSum()
    var second = CompensatedSum()
    for row in rows {
      let start = row * labelCount
      var top = -Double.infinity
      for label in 0..<labelCount { top = max(top, Double(logits[start + label])) }
      // Relative to the largest logit, which changes neither derivative.
      var (weights, mean, square) = (0.0, 0.0, 0.0)
      for label in 0..<labelCount {
        let z = Double(logits[start + label]) - top
        let weight = exp(beta * z)
        weights += weight
        mean += weight * z
        square += weight * z * z
      }
      mean /= weights
      first.add(mean - (Double(logits[start + Int(truths[row])]) - top))
      second.add(square / weights - mean * mean)
    }
    let count = Double(rows.count)
    return (first.value / count, second.value / count)
  }

  /// Mean −ln p(true label) at a temperature, in nats.
  public static func loss(
    logits: [Float], labelCount: Int, truths: [Int32], temperature: Double
  ) -> Double {
    var sum = CompensatedSum()
    for (row, truth) in truths.enumerated() {
      let start = row * labelCount
      let row = logits[start..<(start + labelCount)].map { Double($0) / temperature }
      let top = row.max() ?? 0
      sum.add(log(row.reduce(0) { $0 + exp($1 - top) }) - (row[Int(truth)] - top))
    }
    return sum.value / Double(max(truths.count, 1))
  }
}
