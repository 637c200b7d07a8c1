import Foundation

/// The mean of −ln p(true label), probabilities kept within ε...1−ε with ε = 2⁻⁵² (scikit-learn's
/// `log_loss` on doubles).
public enum LogLoss: Metric {
  public static let name = "log-loss"
  public static let title = "log loss"
  public static let style = MetricStyle.loss

  public static func value(of predictions: Predictions) -> MetricValue {
    var sum = CompensatedSum()
    for row in predictions.truths.indices { sum.add(loss(predictions, row: row)) }
    return MetricValue(sum.value / Double(predictions.rowCount))
  }

  public static func value(ofResample sums: RowSums) -> Double? { sums.loss / Double(sums.rows) }

  /// Of one row, counted from 0.
  static func loss(_ predictions: Predictions, row: Int) -> Double {
    let epsilon = Double.ulpOfOne
    let probability = predictions.outputs.probability(of: Int(predictions.truths[row]), row: row)
    return -log(min(max(probability, epsilon), 1 - epsilon))
  }
}
