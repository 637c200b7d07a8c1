/// The verdict of the data about a limit.
public enum Verdict: String, Sendable, Codable {
  /// The limit is kept for rows of this kind, with the requested confidence.
  case notWorse = "not worse"
  /// The limit is exceeded, with the requested confidence.
  case worse
  /// The rows are too few for either verdict.
  case cannotTell = "cannot tell"

  /// For a figure whose bounds are each right with the confidence asked for.
  init(bounds: Interval, limit: Double) {
    self = bounds.upper <= limit ? .notWorse : bounds.lower > limit ? .worse : .cannotTell
  }
}

/// A limit for a candidate, and the measured figure.
public struct GateLimit: Sendable, Equatable, Codable {
  public enum Kind: String, Sendable, Codable {
    /// Of the accuracy, as a share.
    case drop
    /// The share of rows with a changed answer.
    case flips
    /// Of the candidate's file, in bytes.
    case size
    /// The candidate's 95th percentile of latency divided by the baseline's.
    case latencyRatio = "p95-ratio"
  }

  public var kind: Kind
  /// The largest allowed value.
  public var limit: Double
  /// The measured value.
  public var value: Double
  /// With the gate's confidence the figure is at least `lower`, and with the same confidence at most
  /// `upper`; `nil` for a figure without sampling error.
  public var bounds: Interval?
  public var verdict: Verdict
  /// The approximate number of rows for a verdict if the shares stay the same; `nil` if there is a verdict,
  /// or if no number is enough.
  public var rowsNeeded: Int?
}

extension GateLimit {
  /// The accuracy falls by at most `limit`, a share.
  ///
  /// Two one-sided tests by Tango's score with a correction for continuity
  /// (`PairedCounts.oneSidedBounds`): a candidate whose accuracy falls further is called not worse, and
  /// one that keeps the limit is called worse, each with a probability of at most 1 − `confidence`.
  /// `nil` without rows.
  public static func drop(_ counts: PairedCounts, limit: Double, confidence: Double) -> GateLimit? {
    guard let bounds = counts.oneSidedBounds(confidence: confidence) else { return nil }
    let verdict = Verdict(bounds: bounds, limit: limit)
    let shares = (Double(counts.lost), Double(counts.gained), Double(counts.rows))
    let needed = rowsNeeded(verdict, from: counts.rows, value: counts.drop, limit: limit) { rows in
      let scale = Double(rows) / shares.2
      return PairedCounts.bounds(
        lost: shares.0 * scale, gained: shares.1 * scale, rows: Double(rows),
        confidence: confidence)
    }
    return GateLimit(
      kind: .drop, limit: limit, value: counts.drop, bounds: bounds, verdict: verdict,
      rowsNeeded: needed)
  }

  /// At most the share `limit` of the answers changes: two exact one-sided tests
  /// (Clopper and Pearson 1934).
  ///
  /// `nil` without rows.
  public static func flips(
    _ flips: Int, of rows: Int, limit: Double, confidence: Double
  ) -> GateLimit? {
    guard rows > 0 else { return nil }
    let bounds = Binomial.oneSidedBounds(successes: flips, total: rows, confidence: confidence)
    let verdict = Verdict(bounds: bounds, limit: limit)
    let share = Double(flips) / Double(rows)
    let needed = rowsNeeded(verdict, from: rows, value: share, limit: limit) { rows in
      // Wilson's bounds are near enough for "about", and do not grow slow with the rows.
      Interval.wilson(
        successes: Int((share * Double(rows)).rounded()), total: rows,
        confidence: 2 * confidence - 1) ?? bounds
    }
    return GateLimit(
      kind: .flips, limit: limit, value: share, bounds: bounds, verdict: verdict,
      rowsNeeded: needed)
  }

  /// The file has at most `limit` bytes.
  public static func size(_ bytes: Int, limit: Int) -> GateLimit {
    GateLimit(
      kind: .size, limit: Double(limit), value: Double(bytes), bounds: nil,
      verdict: bytes <= limit ? .notWorse : .worse, rowsNeeded: nil)
  }

  /// The candidate's 95th percentile of time is at most `limit` times the baseline's.
  ///
  /// `rounds` are times in nanoseconds of both in the same round; the bounds are percentiles over
  /// 2,000 resamples of rounds, in which what disturbs a whole round disturbs both. `nil` without
  /// rounds.
  public static func latencyRatio(
    _ rounds: [(baseline: UInt64, candidate: UInt64)], limit: Double, confidence: Double
  ) -> GateLimit? {
    guard !rounds.isEmpty else { return nil }
    func ratio(_ rounds: [(baseline: UInt64, candidate: UInt64)]) -> Double {
      let baseline = percentile(0.95, of: rounds.map { Double($0.baseline) }.sorted())
      let candidate = percentile(0.95, of: rounds.map { Double($0.candidate) }.sorted())
      return candidate / max(baseline, 1)
    }
    var ratios: [Double] = []
    Bootstrap.run(rows: rounds.count) { draw in
      ratios.append(ratio((0..<rounds.count).map { _ in rounds[draw.next()] }))
    }
    ratios.sort()
    let bounds = Interval(
      lower: percentile(1 - confidence, of: ratios), upper: percentile(confidence, of: ratios))
    return GateLimit(
      kind: .latencyRatio, limit: limit, value: ratio(rounds), bounds: bounds,
      verdict: Verdict(bounds: bounds, limit: limit), rowsNeeded: nil)
  }

  /// The fewest rows, to about 1 in 100, with which `bounds` decide; `nil` beyond 100 million.
  private static func rowsNeeded(
    _ verdict: Verdict, from rows: Int, value: Double, limit: Double,
    bounds: (Int) -> Interval
  ) -> Int? {
    guard verdict == .cannotTell, value != limit else { return nil }
    func decides(_ rows: Int) -> Bool {
      Verdict(bounds: bounds(rows), limit: limit) == (value < limit ? .notWorse : .worse)
    }
    var (low, high) = (rows, rows)
    while !decides(high) {
      guard high < 100_000_000 else { return nil }
      low = high
      high *= 2
    }
    while high - low > max(1, high / 100) {
      let middle = (low + high) / 2
      if decides(middle) { high = middle } else { low = middle }
    }
    return high
  }
}
