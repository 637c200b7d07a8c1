/// The expected calibration error: how far the model's stated probability is from the share of right
/// answers, over 15 bins of equal width.
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
      let place = (probability * Double(binCount)).rounded(.up)
      let bin = min(max(Int(place) - 1, 0), binCount - 1)
      bins[bin].rows += 1
      bins[bin].confidence.add(probability)
      if predicted == predictions.truths[row] { bins[bin].correct += 1 }
    }
    var sum = 0.0
    for bin in bins { sum += abs(Double(bin.correct) - bin.confidence.value) }
    return MetricValue(sum / Double(predictions.rowCount))
  }
}
