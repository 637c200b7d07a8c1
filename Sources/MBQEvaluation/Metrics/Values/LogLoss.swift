import Foundation

/// The mean of −ln p(true label), probabilities kept within ε...1−ε with ε = 2⁻⁵² (scikit-learn's
/// `log_loss` on doubles).
public enum LogLoss: Metric {
  public static let name = "log-loss"
  public static let title = "log loss"
  public static let style = MetricStyle.loss

  public static func value(of predictions: Predictions) -> MetricValue {
    let epsilon = Double.ulpOfOne
    var sum = CompensatedSum()
    for (row, truth) in predictions.truths.enumerated() {
      let probability = predictions.outputs.probability(of: Int(truth), row: row)
      sum.add(-log(min(max(probability, epsilon), 1 - epsilon)))
    }
    return MetricValue(sum.value / Double(predictions.rowCount))
  }
}
