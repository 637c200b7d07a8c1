extension ComparisonSummary {
  /// Compares `answers`; `labelNames` are the models', by index, `flips` those to list.
  public init(
    baseline: EvaluationSummary.Model, candidate: EvaluationSummary.Model,
    dataset: EvaluationSummary.Dataset, answers: PairedAnswers, labelNames: [String],
    flips: FlipList, confidence: Double = 0.95
  ) {
    precondition(labelNames.count == answers.candidate.labelCount, "a name for every label")
    self.baseline = baseline
    self.candidate = candidate
    self.dataset = dataset
    self.confidence = confidence
    rows = answers.rowCount
    let isFlip = zip(answers.baseline.predicted, answers.candidate.predicted).map { $0 != $1 }
    let total = isFlip.count { $0 }
    agreement = Estimate(
      value: Double(rows - total) / Double(rows),
      interval: .wilson(successes: rows - total, total: rows, confidence: confidence))
    let counts = answers.counts()
    self.flips = Flips(
      total: total, lost: counts?.lost, gained: counts?.gained,
      other: counts.map { total - $0.lost - $0.gained })
    let resampled = Resampled(answers, confidence: confidence)
    divergence = Estimate(value: resampled.meanDivergence, interval: resampled.divergence)
    accuracy = counts.flatMap {
      AccuracyChange($0, bootstrap: resampled.drop, confidence: confidence)
    }
    logits = LogitChange(answers)
    labels = Self.labels(answers, labelNames, confidence: confidence)
    lengths = Self.lengths(answers, isFlip)
    listedFlips = flips.shown.map {
      Flip(
        row: $0.row, truth: $0.truth.map { labelNames[$0] }, baseline: labelNames[$0.baseline],
        candidate: labelNames[$0.candidate], kind: $0.kind,
        probabilityBefore: $0.probabilityBefore, probabilityAfter: $0.probabilityAfter,
        divergence: $0.divergence, excerpt: $0.excerpt)
    }
  }

  private static func labels(
    _ answers: PairedAnswers, _ names: [String], confidence: Double
  ) -> [LabelChange] {
    guard let truths = answers.truths else { return [] }
    var counts = Array(repeating: PairedCounts(), count: names.count)
    for (row, truth) in truths.enumerated() {
      counts[Int(truth)].count(
        baselineIsRight: answers.baseline.predicted[row] == truth,
        candidateIsRight: answers.candidate.predicted[row] == truth)
    }
    return zip(names, counts).map { name, counts in
      let hasRows = counts.rows > 0
      return LabelChange(
        name: name, support: counts.rows,
        recallBefore: hasRows ? counts.baselineAccuracy : 0,
        recallAfter: hasRows ? counts.candidateAccuracy : 0, lost: counts.lost,
        gained: counts.gained,
        drop: hasRows
          ? Estimate(value: counts.drop, interval: counts.tango(confidence: confidence)) : nil)
    }
  }

  /// Up to 16 tokens, then twice as many in each step.
  private static func lengths(_ answers: PairedAnswers, _ isFlip: [Bool]) -> [LengthChange] {
    var bins: [Int: (rows: Int, flips: Int, counts: PairedCounts)] = [:]
    for (row, length) in answers.lengths.enumerated() {
      let bin = max(Int.bitWidth - max(length - 1, 0).leadingZeroBitCount, 4)
      var sums = bins[bin] ?? (0, 0, PairedCounts())
      sums.rows += 1
      if isFlip[row] { sums.flips += 1 }
      if let truth = answers.truths?[row] {
        sums.counts.count(
          baselineIsRight: answers.baseline.predicted[row] == truth,
          candidateIsRight: answers.candidate.predicted[row] == truth)
      }
      bins[bin] = sums
    }
    let isLabelled = answers.truths != nil
    return bins.sorted { $0.key < $1.key }.map { bin, sums in
      LengthChange(
        from: bin == 4 ? 0 : 1 << (bin - 1) + 1, to: 1 << bin, rows: sums.rows,
        flips: sums.flips, accuracyBefore: isLabelled ? sums.counts.baselineAccuracy : nil,
        accuracyAfter: isLabelled ? sums.counts.candidateAccuracy : nil,
        lost: isLabelled ? sums.counts.lost : nil, gained: isLabelled ? sums.counts.gained : nil)
    }
  }

  /// Figures that resampling gives, all from the same resamples.
  private struct Resampled {
    var meanDivergence: Double
    var divergence: Interval?
    var drop: Interval?

    init(_ answers: PairedAnswers, confidence: Double) {
      let rows = (0..<answers.rowCount).map { row -> (divergence: Double, loss: Int) in
        let kl = MBQEvaluation.divergence(
          answers.baseline.logits(row: row), answers.candidate.logits(row: row))
        guard let truth = answers.truths?[row] else { return (kl, 0) }
        return (
          kl,
          (answers.baseline.predicted[row] == truth ? 1 : 0)
            - (answers.candidate.predicted[row] == truth ? 1 : 0)
        )
      }
      let count = rows.count
      var sum = CompensatedSum()
      for row in rows { sum.add(row.divergence) }
      meanDivergence = sum.value / Double(count)
      guard count > 1 else { return }
      var divergences: [Double] = []
      var drops: [Double] = []
      Bootstrap.run(rows: count) { draw in
        var (divergence, loss) = (0.0, 0)
        for _ in 0..<count {
          let row = rows[draw.next()]
          divergence += row.divergence
          loss += row.loss
        }
        divergences.append(divergence / Double(count))
        drops.append(Double(loss) / Double(count))
      }
      divergence = Bootstrap.interval(divergences, confidence: confidence)
      drop = answers.truths == nil ? nil : Bootstrap.interval(drops, confidence: confidence)
    }
  }
}

extension ComparisonSummary.AccuracyChange {
  /// `nil` without rows.
  public init?(_ counts: PairedCounts, bootstrap: Interval?, confidence: Double) {
    guard let interval = counts.tango(confidence: confidence),
      let newcombe = counts.newcombe(confidence: confidence),
      let detectable = counts.detectableDrop(confidence: confidence)
    else { return nil }
    self.counts = counts
    baseline = counts.baselineAccuracy
    candidate = counts.candidateAccuracy
    drop = counts.drop
    self.interval = interval
    self.newcombe = newcombe
    self.bootstrap = bootstrap
    mcNemar = counts.mcNemar
    detectableDrop = detectable
    detectionPower = 0.8
  }
}

extension ComparisonSummary.LogitChange {
  init(_ answers: PairedAnswers) {
    var sum = CompensatedSum()
    var (largest, place) = (0.0, 0)
    for (index, pair) in zip(answers.baseline.logits, answers.candidate.logits).enumerated() {
      let difference = abs(Double(pair.0) - Double(pair.1))
      sum.add(difference)
      if difference > largest { (largest, place) = (difference, index) }
    }
    mean = sum.value / Double(answers.candidate.logits.count)
    self.largest = largest
    largestRow = place / answers.candidate.labelCount + 1
  }
}
