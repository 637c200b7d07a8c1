/// The correlation of truth and answer, from −1 to 1: 0 for guessing, whatever the labels' shares.
///
/// Gorodkin, "Comparing two K-category assignments by a K-category correlation coefficient", 2004;
/// scikit-learn's `matthews_corrcoef`.
public enum MatthewsCorrelation: Metric {
  public static let name = "matthews"
  public static let title = "Matthews correlation"
  public static let style = MetricStyle.score

  public static func value(of predictions: Predictions) -> MetricValue {
    let confusion = predictions.confusion
    let total = Double(confusion.total)
    var (both, truths, answers) = (0.0, 0.0, 0.0)
    for label in 0..<confusion.labelCount {
      let (support, answered) = (Double(confusion.support(label)), Double(confusion.answers(label)))
      both += support * answered
      truths += support * support
      answers += answered * answered
    }
    let spread = (total * total - answers) * (total * total - truths)
    guard spread > 0 else {
      return MetricValue(0, note: "all rows have one label or one answer; set to 0")
    }
    return MetricValue((Double(confusion.correct) * total - both) / spread.squareRoot())
  }
}
