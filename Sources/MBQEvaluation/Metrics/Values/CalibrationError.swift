/// The expected calibration error: the gap between the stated probability and the share of right answers,
/// averaged over 15 bins of equal width.
///
/// Guo, Pleiss, Sun and Weinberger, "On calibration of modern neural networks", 2017. A bin holds the
/// probabilities in (i/15, (i+1)/15].
public enum CalibrationError: Metric {
  public static let name = "calibration-error"
  public static let title = "calibration error"
  public static let style = MetricStyle.shareOfError

  static let binCount = 15

  public static func value(of predictions: Predictions) -> MetricValue {
    var bins = Array(
      repeating: (correct: 0, confidence: CompensatedSum(), rows: 0), count: binCount)
    for (row, predicted) in predictions.outputs.predicted.enumerated() {
      let probability = predictions.outputs.probability(of: Int(predicted), row: row)
      let bin = bin(of: probability)
      bins[bin].rows += 1
      bins[bin].confidence.add(probability)
      if predicted == predictions.truths[row] { bins[bin].correct += 1 }
    }
    var sum = 0.0
    for bin in bins { sum += abs(Double(bin.correct) - bin.confidence.value) }
    return MetricValue(sum / Double(predictions.rowCount))
  }

  static func bin(of probability: Double) -> Int {
    let place = (probability * Double(binCount)).rounded(.up)
    return min(max(Int(place) - 1, 0), binCount - 1)
  }

  public static func value(ofResample sums: RowSums) -> Double? {
    sums.calibrationGaps.reduce(0) { $0 + abs($1) } / Double(sums.rows)
  }

  /// The wider of the percentile interval and its mirror image.
  ///
  /// Chance makes a gap in every bin, and resampling makes it larger. So the plain percentiles are too high
  /// and may exclude the value itself.
  public static func resampledInterval(
    _ values: [Double], around value: Double, confidence: Double
  ) -> Interval? {
    Bootstrap.interval(values, confidence: confidence).map {
      Interval(
        lower: max(0, min($0.lower, 2 * value - $0.upper)),
        upper: max($0.upper, 2 * value - $0.lower))
    }
  }
}
