import Foundation

/// The agreement of two models on the same rows.
///
/// Needs no labels.
public struct Agreement: Sendable, Equatable, Codable {
  /// A row with different answers of the two models.
  public struct Flip: Sendable, Equatable, Codable {
    /// From 1, as in the dataset.
    public var row: Int
    public var baseline: Int
    public var candidate: Int
  }

  public var rows: Int
  public var flips: [Flip]
  /// The largest absolute difference of two logits, and the row (from 1) it is in.
  public var largestLogitDifference: Double
  public var largestLogitDifferenceRow: Int
  public var meanLogitDifference: Double
  /// The mean over rows of KL(baseline ‖ candidate), in nats: the loss from the candidate's probabilities in
  /// place of the baseline's.
  public var meanKLDivergence: Double

  /// The share of rows with the same answer.
  public var share: Double { Double(rows - flips.count) / Double(rows) }

  /// Refuses outputs of different rows or labels, and no rows at all.
  public init(baseline: Outputs, candidate: Outputs) throws(EvaluationError) {
    guard baseline.labelCount == candidate.labelCount else {
      throw .differentLabels(baseline: baseline.labelCount, candidate: candidate.labelCount)
    }
    guard baseline.rowCount == candidate.rowCount else {
      throw .differentRows(baseline: baseline.rowCount, candidate: candidate.rowCount)
    }
    rows = baseline.rowCount
    guard rows > 0 else { throw .nothingToScore }
    flips = []
    for (row, (first, second)) in zip(baseline.predicted, candidate.predicted).enumerated()
    where first != second {
      flips.append(Flip(row: row + 1, baseline: Int(first), candidate: Int(second)))
    }
    var differences = CompensatedSum()
    var largest = (difference: 0.0, index: 0)
    for index in baseline.logits.indices {
      let difference = abs(Double(baseline.logits[index]) - Double(candidate.logits[index]))
      differences.add(difference)
      if difference > largest.difference { largest = (difference, index) }
    }
    largestLogitDifference = largest.difference
    largestLogitDifferenceRow = largest.index / baseline.labelCount + 1
    meanLogitDifference = differences.value / Double(baseline.logits.count)
    var divergences = CompensatedSum()
    for row in 0..<rows {
      divergences.add(divergence(baseline.logits(row: row), candidate.logits(row: row)))
    }
    meanKLDivergence = divergences.value / Double(rows)
  }
}

/// KL(p ‖ q) of the softmaxes of two rows of logits, in nats.
func divergence(_ p: ArraySlice<Float>, _ q: ArraySlice<Float>) -> Double {
  let (pExponentials, qExponentials) = (exponentials(p), exponentials(q))
  let (pLogSum, qLogSum) = (log(pExponentials.sum), log(qExponentials.sum))
  var sum = 0.0
  for (a, b) in zip(p, q) {
    let logP = (Double(a) - pExponentials.largest) - pLogSum
    let logQ = (Double(b) - qExponentials.largest) - qLogSum
    sum += exp(logP) * (logP - logQ)
  }
  // Never negative but for rounding (Gibbs).
  return max(sum, 0)
}
