/// The correlation of truth and answer, from −1 to 1: 0 for guessing, whatever the labels' shares.
///
/// Gorodkin, "Comparing two K-category assignments by a K-category correlation coefficient", 2004;
/// scikit-learn's `matthews_corrcoef`.
public enum MatthewsCorrelation: CountedMetric {
  public static let name = "matthews"
  public static let title = "Matthews correlation"
  public static let style = MetricStyle.score

  public static func value(of counts: LabelCounts) -> MetricValue {
    let total = Double(counts.total)
    var (both, truths, answers) = (0.0, 0.0, 0.0)
    for label in counts.correct.indices {
      let (support, answered) = (Double(counts.support[label]), Double(counts.answers[label]))
      both += support * answered
      truths += support * support
      answers += answered * answered
    }
    let spread = (total * total - answers) * (total * total - truths)
    guard spread > 0 else {
      return MetricValue(0, note: "all rows have one label or one answer; set to 0")
    }
    return MetricValue((Double(counts.totalCorrect) * total - both) / spread.squareRoot())
  }
}
