import Foundation
public import MBQModel
import MBQRuntime

/// The answers of a model, row after row: logits and the chosen label.
///
/// Texts are not kept.
public struct Outputs: Sendable, Equatable {
  /// The most labels of a model; the size of the confusion matrix is its square.
  public static var labelLimit: Int { 2048 }

  public let labelCount: Int
  /// The model's rule for labels and probabilities from logits.
  public let decision: Decision
  /// (rows, labels), row after row; divided by the model's temperature.
  public private(set) var logits: [Float] = []
  /// `logits` before the division; empty if the temperature is 1.
  private var undivided: [Float] = []
  /// (rows) The label with the largest logit, the first of equals, or the label by the threshold.
  public private(set) var predicted: [Int32] = []

  /// `labelCount` is at least 1; more than `labelLimit` is refused.
  public init(labelCount: Int, decision: Decision = Decision()) throws(EvaluationError) {
    guard labelCount <= Self.labelLimit else {
      throw .tooManyLabels(found: labelCount, limit: Self.labelLimit)
    }
    precondition(labelCount >= 1, "a classifier has labels")
    self.labelCount = labelCount
    self.decision = decision
  }

  /// From existing logits (rows, labels), as the model gave them.
  ///
  /// Refuses a NaN or an infinity.
  init(labelCount: Int, decision: Decision, logits: [Float]) throws(EvaluationError) {
    try self.init(labelCount: labelCount, decision: decision)
    self.logits.reserveCapacity(logits.count)
    for start in stride(from: 0, to: logits.count, by: labelCount) {
      try append(logits: logits[start..<start + labelCount])
    }
  }

  /// Rows of `parts` in turn: the first of each, then the second of each.
  ///
  /// The parts have the same labels, and as many rows as each other or one fewer towards the end.
  init(interleaving parts: [Outputs]) {
    labelCount = parts[0].labelCount
    decision = parts[0].decision
    for row in 0..<parts[0].rowCount {
      for part in parts where row < part.rowCount {
        logits.append(contentsOf: part.logits(row: row))
        if !part.undivided.isEmpty { undivided.append(contentsOf: part.rawLogits(row: row)) }
        predicted.append(part.predicted[row])
      }
    }
  }

  public var rowCount: Int { predicted.count }

  /// (labels) The logits of a row, counted from 0.
  public func logits(row: Int) -> ArraySlice<Float> {
    logits[row * labelCount..<(row + 1) * labelCount]
  }

  /// (rows, labels) As the model gave them.
  public var rawLogits: [Float] { decision.temperature == 1 ? logits : undivided }

  /// (labels) The logits of a row as the model gave them.
  public func rawLogits(row: Int) -> ArraySlice<Float> {
    let range = row * labelCount..<(row + 1) * labelCount
    return decision.temperature == 1 ? logits[range] : undivided[range]
  }

  /// (labels) Adds a row, as the model gave it, and returns the chosen label: `predicted`, or the label by
  /// `decision` in the arithmetic of the runtime.
  ///
  /// Refuses a NaN or an infinity.
  @discardableResult
  public mutating func append(
    logits row: some Collection<Float>, predicted: Int? = nil
  ) throws(EvaluationError) -> Int {
    precondition(row.count == labelCount, "\(row.count) logits for \(labelCount) labels")
    var best = (label: 0, logit: -Float.infinity)
    for (label, logit) in row.enumerated() {
      guard (logit / decision.temperature).isFinite else {
        throw .nonFiniteLogit(row: rowCount + 1, label: label)
      }
      if logit > best.logit { best = (label, logit) }
    }
    if decision.temperature == 1 {
      logits.append(contentsOf: row)
    } else {
      undivided.append(contentsOf: row)
      logits.append(contentsOf: row.map { $0 / decision.temperature })
    }
    var label = predicted ?? best.label
    if predicted == nil, labelCount == 2, decision.threshold != 0.5 {
      // A probability in double, or of divided logits, may fall on the other side of the threshold.
      label = Classification(Array(row), decision).label
    }
    self.predicted.append(Int32(label))
    return label
  }

  /// The probability of `label` in a row counted from 0: the softmax of its logits, in double.
  public func probability(of label: Int, row: Int) -> Double {
    exp(logProbability(of: label, row: row))
  }

  /// The logarithm of `probability(of:row:)`, exact where the probability itself is 0 or 1.
  public func logProbability(of label: Int, row: Int) -> Double {
    let row = logits(row: row)
    let (largest, sum) = exponentials(row)
    return (Double(row[row.startIndex + label]) - largest) - log(sum)
  }
}

/// The largest logit, and the sum of the exponentials relative to it.
///
/// The logarithm of a probability is then (x − largest) − log(sum): nothing overflows, and however
/// large the logits are their difference is not rounded away.
func exponentials(_ logits: some Collection<Float>) -> (largest: Double, sum: Double) {
  var largest = -Float.infinity
  for logit in logits { largest = max(largest, logit) }
  var sum = 0.0
  for logit in logits { sum += exp(Double(logit) - Double(largest)) }
  return (Double(largest), sum)
}

/// A compensated sum: its error does not grow with its length (Neumaier 1974).
struct CompensatedSum {
  private var sum = 0.0
  private var lost = 0.0

  var value: Double { sum + lost }

  mutating func add(_ value: Double) {
    let next = sum + value
    lost += abs(sum) >= abs(value) ? (sum - next) + value : (value - next) + sum
    sum = next
  }
}
