import MBQCore
public import MBQModel
import MBQRuntime

/// The value of a fitted decision on rows outside the fit (cross-validation).
///
/// The rows are dealt into folds, with the rows of each label spread evenly. The decision for a fold is fitted
/// to the other folds. So every row counts, and no decision has seen its row.
public struct CrossFit: Sendable {
  /// The parameters to fit.
  public struct Fit: Equatable, Sendable {
    public var fitsTemperature: Bool
    /// Nil: the threshold stays at 0.5.
    public var goal: ThresholdGoal?

    public init(fitsTemperature: Bool = true, goal: ThresholdGoal?) {
      self.fitsTemperature = fitsTemperature
      self.goal = goal
    }

    /// The same with the threshold left at 0.5.
    public var withoutThreshold: Fit { Fit(fitsTemperature: fitsTemperature, goal: nil) }

    /// The decision that fits `rows` (all if nil) best; the temperature stays 1 where none fits.
    public func decision(for outputs: Outputs, truths: [Int32], rows: [Int]? = nil) -> Decision {
      var decision = Decision()
      if fitsTemperature,
        let temperature = TemperatureScaling.fit(
          logits: outputs.logits, labelCount: outputs.labelCount, truths: truths, rows: rows)
      {
        decision.temperature = Float(temperature)
      }
      guard let goal, outputs.labelCount == 2 else { return decision }
      let rows = rows ?? Array(truths.indices)
      // The runtime's own probabilities, so that it decides as was counted here.
      decision.threshold =
        DecisionThreshold.best(
          probabilities: rows.map {
            Classification(outputs, row: $0, decision).probabilities[1]
          }, truths: rows.map { truths[$0] == 1 }, for: goal
        ).threshold
      return decision
    }
  }

  /// The answers of decisions fitted to other rows.
  public let predictions: Predictions
  /// The decision of each fold.
  public let decisions: [Decision]

  public static let foldCount = 5

  /// Refuses what `Predictions` refuses; `seed` deals the rows.
  public init(
    _ outputs: Outputs, truths: [Int32], fit: Fit, seed: UInt64 = 1
  ) throws(EvaluationError) {
    let folds = Self.folds(truths, seed: seed)
    var decisions: [Decision] = []
    for fold in 0..<Self.foldCount {
      decisions.append(
        fit.decision(
          for: outputs, truths: truths, rows: truths.indices.filter { folds[$0] != fold }))
    }
    self.decisions = decisions
    var predictions = try Predictions(labelCount: outputs.labelCount)
    for row in truths.indices {
      let decision = decisions[folds[row]]
      let said = Classification(outputs, row: row, decision)
      try predictions.append(
        truth: Int(truths[row]), logits: outputs.logits(row: row).map { $0 / decision.temperature },
        predicted: said.label)
    }
    self.predictions = predictions
  }

  /// The fold of each row: every label's rows in a drawn order, dealt one by one.
  static func folds(_ truths: [Int32], seed: UInt64) -> [Int] {
    var generator = SeededGenerator(seed: seed)
    var folds = [Int](repeating: 0, count: truths.count)
    var next = 0
    for label in Set(truths).sorted() {
      for row in truths.indices.filter({ truths[$0] == label }).shuffled(using: &generator) {
        folds[row] = next % foldCount
        next += 1
      }
    }
    return folds
  }
}

extension Classification {
  /// The result of a decision for the logits of a row.
  public init(_ outputs: Outputs, row: Int, _ decision: Decision) {
    self.init(Array(outputs.rawLogits(row: row)), decision)
  }

  /// The result of a decision for the logits of a text.
  init(_ logits: [Float], _ decision: Decision) {
    self.init(
      logits: logits, tokenCount: 0, isTruncated: false, isMultiLabel: false, decision: decision)
  }
}

/// Two sets of answers to the same rows of two labels, with intervals of their difference.
public struct PairedGain: Equatable, Sendable {
  public var before: Double
  public var after: Double
  /// 95 %, by resampling of the rows (Efron, "Bootstrap methods", 1979; percentiles).
  public var afterInterval: Interval
  public var difference: Double
  public var differenceInterval: Interval

  /// `truths`, `before` and `after` are labels 0 and 1, a row each; not empty.
  public init(
    truths: [Int32], before: [Int32], after: [Int32], goal: ThresholdGoal, resamples: Int = 2000,
    seed: UInt64 = 1
  ) {
    func value(_ cells: [Int], _ answer: (Int) -> Int) -> Double {
      var counts = TwoLabelCounts()
      for (cell, times) in cells.enumerated() {
        counts.add(truth: cell & 1 == 1, predicted: answer(cell) == 1, times: times)
      }
      return goal.value(of: counts)
    }
    func values(_ cells: [Int]) -> (before: Double, after: Double) {
      (value(cells) { $0 >> 1 & 1 }, value(cells) { $0 >> 2 })
    }
    // Rows differ in eight ways only: the truth and the two answers.
    let kinds = truths.indices.map { row in
      Int(truths[row]) | Int(before[row]) << 1 | Int(after[row]) << 2
    }
    var cells = [Int](repeating: 0, count: 8)
    for kind in kinds { cells[kind] += 1 }
    let whole = values(cells)
    (self.before, self.after) = (whole.before, whole.after)
    difference = whole.after - whole.before
    var generator = SeededGenerator(seed: seed)
    var afters: [Double] = []
    var differences: [Double] = []
    for _ in 0..<resamples {
      var drawn = [Int](repeating: 0, count: 8)
      for _ in kinds {
        let place = Int(generator.next().multipliedFullWidth(by: UInt64(kinds.count)).high)
        drawn[kinds[place]] += 1
      }
      let value = values(drawn)
      afters.append(value.after)
      differences.append(value.after - value.before)
    }
    func interval(_ values: [Double]) -> Interval {
      let sorted = values.sorted()
      return Interval(
        lower: percentile(0.025, of: sorted), upper: percentile(0.975, of: sorted))
    }
    afterInterval = interval(afters)
    differenceInterval = interval(differences)
  }
}
