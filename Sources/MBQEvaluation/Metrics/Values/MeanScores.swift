// Precision, recall and F1 over all labels, weighted by support or every label alike.

public enum WeightedPrecision: CountedMetric {
  public static let name = "weighted-precision"
  public static let title = "weighted precision"
  public static let style = MetricStyle.share

  public static func value(of counts: LabelCounts) -> MetricValue {
    let mean = ClassScores.weightedMean(counts.classScores)
    return MetricValue(mean.precision, note: note(mean, .precision))
  }
}

/// The same number as the accuracy, and so with its interval.
public enum WeightedRecall: CountedMetric {
  public static let name = "weighted-recall"
  public static let title = "weighted recall"
  public static let style = MetricStyle.share

  public static func value(of counts: LabelCounts) -> MetricValue {
    let mean = ClassScores.weightedMean(counts.classScores)
    return MetricValue(mean.recall, note: note(mean, .recall))
  }

  public static func closedInterval(
    of predictions: Predictions, confidence: Double
  ) -> ClosedInterval? {
    Accuracy.closedInterval(of: predictions, confidence: confidence)
  }
}

public enum WeightedF1: CountedMetric {
  public static let name = "weighted-f1"
  public static let title = "weighted F1"
  public static let style = MetricStyle.share

  public static func value(of counts: LabelCounts) -> MetricValue {
    let mean = ClassScores.weightedMean(counts.classScores)
    return MetricValue(mean.f1, note: note(mean, .f1))
  }
}

public enum MacroPrecision: CountedMetric {
  public static let name = "macro-precision"
  public static let title = "macro precision"
  public static let style = MetricStyle.share

  public static func value(of counts: LabelCounts) -> MetricValue {
    let mean = ClassScores.macroMean(counts.classScores)
    return MetricValue(mean.precision, note: note(mean, .precision))
  }
}

public enum MacroRecall: CountedMetric {
  public static let name = "macro-recall"
  public static let title = "macro recall"
  public static let style = MetricStyle.share

  public static func value(of counts: LabelCounts) -> MetricValue {
    let mean = ClassScores.macroMean(counts.classScores)
    return MetricValue(mean.recall, note: note(mean, .recall))
  }
}

public enum MacroF1: CountedMetric {
  public static let name = "macro-f1"
  public static let title = "macro F1"
  public static let style = MetricStyle.share

  public static func value(of counts: LabelCounts) -> MetricValue {
    let mean = ClassScores.macroMean(counts.classScores)
    return MetricValue(mean.f1, note: note(mean, .f1))
  }
}

private func note(_ mean: ClassScores, _ part: ClassScores.Undefined) -> String? {
  guard mean.undefined.contains(part) else { return nil }
  return switch part {
  case .precision: "a label that is never predicted counts as 0"
  case .recall: "a label without rows counts as 0"
  default: "a label without rows that is never predicted counts as 0"
  }
}
