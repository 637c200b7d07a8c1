/// The share of rows answered rightly, with Wilson's interval.
public enum Accuracy: Metric {
  public static let name = "accuracy"
  public static let title = "accuracy"
  public static let style = MetricStyle.share

  public static func value(of predictions: Predictions) -> MetricValue {
    let (correct, total) = (predictions.confusion.correct, predictions.confusion.total)
    return MetricValue(
      Double(correct) / Double(total), interval: .wilson(successes: correct, total: total))
  }
}

/// The mean recall of the labels that occur (scikit-learn's `balanced_accuracy_score`): accuracy as
/// if every label had as many rows.
public enum BalancedAccuracy: Metric {
  public static let name = "balanced-accuracy"
  public static let title = "balanced accuracy"
  public static let style = MetricStyle.share

  public static func value(of predictions: Predictions) -> MetricValue {
    let occurring = predictions.confusion.classScores.filter { $0.support > 0 }
    return MetricValue(ClassScores.macroMean(occurring).recall)
  }
}
