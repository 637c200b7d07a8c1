/// The share of right answers by stated probability: `CalibrationError` sums the gaps of these bins.
public enum ReliabilityBins {
  /// The answers whose stated probability is in (lower, upper].
  public struct Bin: Sendable, Equatable, Codable {
    public var lower: Double
    public var upper: Double
    public var rows: Int
    /// The mean of the probabilities stated; 0 in an empty bin.
    public var confidence: Double
    /// The share of right answers; 0 in an empty bin.
    public var accuracy: Double

    public init(lower: Double, upper: Double, rows: Int, confidence: Double, accuracy: Double) {
      self.lower = lower
      self.upper = upper
      self.rows = rows
      self.confidence = confidence
      self.accuracy = accuracy
    }
  }

  /// The bins in order, the empty ones too.
  public static func bins(of predictions: Predictions) -> [Bin] {
    let count = CalibrationError.binCount
    var sums = Array(repeating: (correct: 0, confidence: CompensatedSum(), rows: 0), count: count)
    for (row, predicted) in predictions.outputs.predicted.enumerated() {
      let probability = predictions.outputs.probability(of: Int(predicted), row: row)
      let bin = CalibrationError.bin(of: probability)
      sums[bin].rows += 1
      sums[bin].confidence.add(probability)
      if predicted == predictions.truths[row] { sums[bin].correct += 1 }
    }
    return sums.enumerated().map { index, sum in
      let rows = Double(max(sum.rows, 1))
      return Bin(
        lower: Double(index) / Double(count), upper: Double(index + 1) / Double(count),
        rows: sum.rows, confidence: sum.confidence.value / rows,
        accuracy: Double(sum.correct) / rows)
    }
  }
}
