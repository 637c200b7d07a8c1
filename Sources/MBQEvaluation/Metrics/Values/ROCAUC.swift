import Foundation

/// The probability that a row of label 1 scores higher than a row of label 0, with ties as one half: the
/// area under the ROC curve of a model with two labels (scikit-learn's `roc_auc_score`).
///
/// With more labels the mean over them of each against all others (scikit-learn's
/// `multi_class="ovr", average="macro"`).
///
/// The score is the logarithm of the label's odds, not its probability. Both give the same order, but
/// probabilities near 1 would become equal by rounding. O(labels · rows · log rows).
public enum ROCAUC: Metric {
  public static let name = "roc-auc"
  public static let title = "ROC AUC"
  public static let style = MetricStyle.score

  public static func value(of predictions: Predictions) -> MetricValue {
    guard let curves = curves(of: predictions) else {
      return MetricValue(
        nil,
        note: predictions.labelCount == 2
          ? "needs rows of both labels"
          : predictions.labelCount < 2 ? "needs two labels" : "needs rows of every label")
    }
    return MetricValue(curves.reduce(0) { $0 + $1.area } / Double(curves.count))
  }

  /// DeLong, DeLong and Clarke-Pearson, "Comparing the areas under two or more correlated receiver
  /// operating characteristic curves: a nonparametric approach", 1988, on the scale of the logit (Pepe,
  /// "The statistical evaluation of medical tests for classification and prediction", 2003), where the
  /// interval cannot leave 0...1.
  ///
  /// With more labels, a row is in several curves; its parts are summed before the variance over the rows
  /// of each label. `nil` if a label has one row, or if every pair is in order: then there is no variance.
  public static func closedInterval(
    of predictions: Predictions, confidence: Double
  ) -> ClosedInterval? {
    guard let curves = curves(of: predictions) else { return nil }
    let area = curves.reduce(0) { $0 + $1.area } / Double(curves.count)
    var parts = Array(repeating: 0.0, count: predictions.rowCount)
    for curve in curves {
      let positives = Double(predictions.confusion.support(curve.label))
      let negatives = Double(predictions.rowCount) - positives
      for (row, truth) in predictions.truths.enumerated() {
        parts[row] += curve.placements[row] / (Int(truth) == curve.label ? positives : negatives)
      }
    }
    var variance = 0.0
    for label in 0..<predictions.labelCount {
      let rows = zip(predictions.truths, parts).filter { Int($0.0) == label }.map { $0.1 }
      guard rows.count > 1 else { return nil }
      let mean = rows.reduce(0, +) / Double(rows.count)
      let squares = rows.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
      variance += squares * Double(rows.count) / Double(rows.count - 1)
    }
    variance /= Double(curves.count * curves.count)
    guard area > 0, area < 1, variance > 0 else { return nil }
    let center = log(area / (1 - area))
    let reach =
      Normal.twoSided(confidence: confidence) * variance.squareRoot() / (area * (1 - area))
    func share(_ logit: Double) -> Double { 1 / (1 + exp(-logit)) }
    return ClosedInterval(
      Interval(lower: share(center - reach), upper: share(center + reach)), .deLong)
  }

  private struct Curve {
    var label: Int
    var area: Double
    /// (rows) The share of rows of the other kind that a row is ordered rightly with, ties half.
    var placements: [Double]
  }

  /// `nil` if a label has no row, or all rows.
  private static func curves(of predictions: Predictions) -> [Curve]? {
    let labels = predictions.labelCount
    guard labels >= 2 else { return nil }
    let counts = predictions.confusion.labelCounts
    guard counts.support.allSatisfy({ $0 > 0 }) else { return nil }
    // Of two labels the one curve is the other's mirror image.
    return (labels == 2 ? 1..<2 : 0..<labels).map { curve(of: $0, predictions) }
  }

  private static func curve(of label: Int, _ predictions: Predictions) -> Curve {
    let outputs = predictions.outputs
    var rows = predictions.truths.enumerated().map { row, truth in
      (
        score: logOdds(of: label, outputs.logits(row: row)), isPositive: Int(truth) == label,
        row: row
      )
    }
    rows.sort { ($0.score, $0.row) < ($1.score, $1.row) }
    let positives = rows.count { $0.isPositive }
    let negatives = rows.count - positives
    var placements = Array(repeating: 0.0, count: rows.count)
    // Twice the number of ordered pairs, so that ties stay whole numbers.
    var (doubled, positivesBelow, negativesBelow, start) = (0, 0, 0, 0)
    while start < rows.count {
      var (tiedPositives, tiedNegatives, stop) = (0, 0, start)
      while stop < rows.count, rows[stop].score == rows[start].score {
        if rows[stop].isPositive { tiedPositives += 1 } else { tiedNegatives += 1 }
        stop += 1
      }
      let forPositive = 2 * negativesBelow + tiedNegatives
      let forNegative = 2 * (positives - positivesBelow - tiedPositives) + tiedPositives
      for place in start..<stop {
        placements[rows[place].row] =
          rows[place].isPositive
          ? Double(forPositive) / Double(2 * negatives)
          : Double(forNegative) / Double(2 * positives)
      }
      doubled += tiedPositives * forPositive
      positivesBelow += tiedPositives
      negativesBelow += tiedNegatives
      start = stop
    }
    return Curve(
      label: label, area: Double(doubled) / (2 * Double(positives) * Double(negatives)),
      placements: placements)
  }

  /// ln(p / (1 − p)).
  private static func logOdds(of label: Int, _ logits: ArraySlice<Float>) -> Double {
    let own = Double(logits[logits.startIndex + label])
    if logits.count == 2 { return own - Double(logits[logits.startIndex + 1 - label]) }
    var others = Array(logits)
    others.remove(at: label)
    let (largest, sum) = exponentials(others)
    return (own - largest) - log(sum)
  }
}
