/// The share of rows answered rightly, with Wilson's interval.
public enum Accuracy: CountedMetric {
  public static let name = "accuracy"
  public static let title = "accuracy"
  public static let style = MetricStyle.share

  public static func value(of counts: LabelCounts) -> MetricValue {
    MetricValue(Double(counts.totalCorrect) / Double(counts.total))
  }

  public static func closedInterval(
    of predictions: Predictions, confidence: Double
  ) -> ClosedInterval? {
    let confusion = predictions.confusion
    return Interval.wilson(
      successes: confusion.correct, total: confusion.total, confidence: confidence
    ).map { ClosedInterval($0, .wilson) }
  }
}

/// The mean recall of the labels that occur (scikit-learn's `balanced_accuracy_score`): the accuracy for
/// equal numbers of rows per label.
public enum BalancedAccuracy: CountedMetric {
  public static let name = "balanced-accuracy"
  public static let title = "balanced accuracy"
  public static let style = MetricStyle.share

  public static func value(of counts: LabelCounts) -> MetricValue {
    let occurring = counts.classScores.filter { $0.support > 0 }
    return MetricValue(ClassScores.macroMean(occurring).recall)
  }
}
