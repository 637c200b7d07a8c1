/// The goal of a threshold between two labels.
public enum ThresholdGoal: String, Sendable, CaseIterable {
  case accuracy
  /// Of the second label.
  case f1
  case balancedAccuracy = "balanced-accuracy"

  /// 0 to 1.
  public func value(of counts: TwoLabelCounts) -> Double {
    func share(_ part: Int, _ whole: Int) -> Double {
      whole == 0 ? 0 : Double(part) / Double(whole)
    }
    switch self {
    case .accuracy: return share(counts.truePositives + counts.trueNegatives, counts.total)
    case .f1:
      return share(
        2 * counts.truePositives,
        2 * counts.truePositives + counts.falsePositives + counts.falseNegatives)
    case .balancedAccuracy:
      return
        (share(counts.truePositives, counts.truePositives + counts.falseNegatives)
        + share(counts.trueNegatives, counts.trueNegatives + counts.falsePositives)) / 2
    }
  }
}

/// Counts of rows by answer and truth, for the second of two labels.
public struct TwoLabelCounts: Equatable, Sendable {
  public var truePositives = 0
  public var falsePositives = 0
  public var falseNegatives = 0
  public var trueNegatives = 0

  public init() {}

  public var total: Int { truePositives + falsePositives + falseNegatives + trueNegatives }

  public mutating func add(truth: Bool, predicted: Bool, times: Int = 1) {
    switch (truth, predicted) {
    case (true, true): truePositives += times
    case (false, true): falsePositives += times
    case (true, false): falseNegatives += times
    case (false, false): trueNegatives += times
    }
  }
}

/// The best threshold for a goal on some rows.
public enum DecisionThreshold {
  /// `probabilities` are those of the second label, `truths` whether it is true; at least one row.
  ///
  /// Of the thresholds that tell the rows apart alike, the middle between two rows' probabilities (0.5 where
  /// that is among them); of equally good ones the nearest to 0.5, the lower of two that are as near. A row
  /// gets the second label if its probability is at least the threshold.
  public static func best(
    probabilities: [Float], truths: [Bool], for goal: ThresholdGoal
  ) -> (threshold: Float, value: Double) {
    precondition(!probabilities.isEmpty && probabilities.count == truths.count)
    let order = probabilities.indices.sorted { probabilities[$0] < probabilities[$1] }
    // All rows get the second label; then, from the least probable on, the first.
    var counts = TwoLabelCounts()
    for truth in truths { counts.add(truth: truth, predicted: true) }
    var best: (threshold: Float, value: Double)?
    func offer(above low: Float?, to high: Float) {
      let value = goal.value(of: counts)
      let threshold = Self.threshold(above: low, to: high)
      if let known = best {
        guard
          value > known.value
            || value == known.value && abs(threshold - 0.5) < abs(known.threshold - 0.5)
        else { return }
      }
      best = (threshold, value)
    }
    offer(above: nil, to: probabilities[order[0]])
    var place = 0
    while place < order.count {
      let probability = probabilities[order[place]]
      while place < order.count, probabilities[order[place]] == probability {
        let truth = truths[order[place]]
        counts.add(truth: truth, predicted: true, times: -1)
        counts.add(truth: truth, predicted: false)
        place += 1
      }
      let next = place < order.count ? probabilities[order[place]] : 1
      // No threshold up to 1 is above a probability of 1.
      if next > probability { offer(above: probability, to: next) }
    }
    return best ?? (0.5, 0)
  }

  /// A number above `low` and at most `high`.
  private static func threshold(above low: Float?, to high: Float) -> Float {
    if low ?? -1 < 0.5, high >= 0.5 { return 0.5 }
    guard let low else { return high / 2 }
    let middle = (low + high) / 2
    // Neighbouring floats have none between them.
    return middle > low ? middle : high
  }
}
