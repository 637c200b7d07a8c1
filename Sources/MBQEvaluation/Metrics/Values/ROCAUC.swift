/// How often a row of label 1 scores higher than a row of label 0, ties counting half: the area under
/// the ROC curve of a model with two labels (scikit-learn's `roc_auc_score`).
///
/// The score is the difference of the logits, not the probability: they order rows alike, but
/// probabilities near 1 would become equal by rounding. O(n log n).
public enum ROCAUC: Metric {
  public static let name = "roc-auc"
  public static let title = "ROC AUC"
  public static let style = MetricStyle.score

  public static func value(of predictions: Predictions) -> MetricValue {
    guard predictions.labelCount == 2 else {
      return MetricValue(nil, note: "defined for two labels")
    }
    let positives = predictions.confusion.support(1)
    let negatives = predictions.rowCount - positives
    guard positives > 0, negatives > 0 else {
      return MetricValue(nil, note: "needs rows of both labels")
    }
    let logits = predictions.outputs.logits
    var rows = predictions.truths.enumerated().map { row, truth in
      (score: Double(logits[2 * row + 1]) - Double(logits[2 * row]), isPositive: truth == 1)
    }
    rows.sort { $0.score < $1.score }
    // Twice the number of ordered pairs, so that ties stay whole numbers.
    var (doubled, below, start) = (0, 0, 0)
    while start < rows.count {
      var (tiedPositives, tiedNegatives, stop) = (0, 0, start)
      while stop < rows.count, rows[stop].score == rows[start].score {
        if rows[stop].isPositive { tiedPositives += 1 } else { tiedNegatives += 1 }
        stop += 1
      }
      doubled += tiedPositives * (2 * below + tiedNegatives)
      below += tiedNegatives
      start = stop
    }
    return MetricValue(Double(doubled) / (2 * Double(positives) * Double(negatives)))
  }
}
