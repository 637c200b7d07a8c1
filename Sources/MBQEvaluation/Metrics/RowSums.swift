/// The sums over the rows of a resample, for metrics.
public struct RowSums: Sendable {
  public internal(set) var rows = 0
  public internal(set) var counts: LabelCounts
  /// The sum of −ln p(true label).
  public internal(set) var loss = 0.0
  /// (bins) Right answers minus stated probabilities, summed over the rows of each bin of the calibration
  /// error.
  public internal(set) var calibrationGaps: [Double]

  init(labelCount: Int) {
    counts = LabelCounts(labelCount: labelCount)
    calibrationGaps = Array(repeating: 0, count: CalibrationError.binCount)
  }

  mutating func clear() {
    rows = 0
    counts.clear()
    loss = 0
    for bin in calibrationGaps.indices { calibrationGaps[bin] = 0 }
  }

  @inline(__always)
  mutating func add(_ row: Row) {
    rows += 1
    counts.count(truth: Int(row.truth), predicted: Int(row.predicted))
    loss += row.loss
    calibrationGaps[Int(row.bin)] += row.gap
  }

  /// The summands of one row.
  struct Row {
    var loss: Double
    var gap: Double
    var truth: Int32
    var predicted: Int32
    var bin: Int32
  }

  static func rows(of predictions: Predictions) -> [Row] {
    predictions.truths.indices.map { row in
      let (truth, predicted) = (predictions.truths[row], predictions.outputs.predicted[row])
      let probability = predictions.outputs.probability(of: Int(predicted), row: row)
      return Row(
        loss: LogLoss.loss(predictions, row: row),
        gap: (truth == predicted ? 1 : 0) - probability, truth: truth, predicted: predicted,
        bin: Int32(CalibrationError.bin(of: probability)))
    }
  }
}

extension Metrics {
  /// A metric's value with its interval.
  public struct Score {
    public var metric: any Metric.Type
    public var value: MetricValue
    public var interval: ClosedInterval?
  }

  /// Every metric of `predictions`, which has at least one row, with its interval if it has one; all
  /// resampled intervals come from the same resamples.
  public static func scores(of predictions: Predictions, confidence: Double) -> [Score] {
    var scores = all.map { metric in
      Score(
        metric: metric, value: metric.value(of: predictions),
        interval: metric.closedInterval(of: predictions, confidence: confidence))
    }
    let open = scores.indices.filter { scores[$0].interval == nil && scores[$0].value.value != nil }
    let rows = RowSums.rows(of: predictions)
    // Resamples of a single row have no variation.
    guard rows.count > 1, !open.isEmpty else { return scores }
    var values = Array(repeating: [Double](), count: open.count)
    var sums = RowSums(labelCount: predictions.labelCount)
    Bootstrap.run(rows: rows.count) { draw in
      sums.clear()
      for _ in 0..<rows.count { sums.add(rows[draw.next()]) }
      for (place, index) in open.enumerated() {
        if let value = scores[index].metric.value(ofResample: sums) { values[place].append(value) }
      }
    }
    for (place, index) in open.enumerated() {
      guard let value = scores[index].value.value,
        let interval = scores[index].metric.resampledInterval(
          values[place], around: value, confidence: confidence)
      else { continue }
      scores[index].interval = ClosedInterval(interval, .bootstrap)
    }
    return scores
  }
}
