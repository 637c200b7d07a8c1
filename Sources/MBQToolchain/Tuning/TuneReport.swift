import MBQCore
import MBQEvaluation
import MBQModel
import MBQReport

extension TuneResult {
  /// What tuning found; `forPrograms` gives intervals as two numbers in place of one text.
  package func report(forPrograms: Bool) throws -> Report {
    // As the file judged itself so far, so that a model can be tuned twice.
    let old = oldDecision
    var scaled = try Predictions(labelCount: before.labelCount)
    for (row, truth) in before.truths.enumerated() {
      try scaled.append(
        truth: Int(truth), logits: before.outputs.logits(row: row).map { $0 / old.temperature },
        predicted: Int(before.outputs.predicted[row]))
    }
    var table = ReportTable(
      title: "on texts that took no part in the fit (\(CrossFit.foldCount) folds)",
      columns: [
        .text("figure", overflow: .keep), .number("before"), .number("after"),
      ] + intervalColumns("after", forPrograms) + [.number("difference")]
        + intervalColumns("difference", forPrograms))
    var goalGain: PairedGain?
    if labels.count == 2 {
      for goal in ThresholdGoal.allCases {
        let gain = PairedGain(
          truths: before.truths, before: before.outputs.predicted,
          after: held.predictions.outputs.predicted, goal: goal)
        if goal == fit.goal { goalGain = gain }
        table.rows.append(
          [
            .text(goal.rawValue), .percent(gain.before, digits: 2),
            .percent(gain.after, digits: 2),
          ] + interval(gain.afterInterval, forPrograms) + [.percent(gain.difference, digits: 2)]
            + interval(gain.differenceInterval, forPrograms))
      }
    }
    for metric in [LogLoss.self, CalibrationError.self] as [any Metric.Type] {
      let values = [scaled, held.predictions].map { metric.value(of: $0).value }
      guard let first = values[0], let second = values[1] else { continue }
      let isShare = metric.style == .shareOfError
      table.rows.append(
        [.text(metric.title), cell(first, isShare), cell(second, isShare)] + interval(nil, forPrograms)
          + [cell(second - first, isShare)] + interval(nil, forPrograms))
    }
    var facts: [Report.Fact] = [
      .init("model", options.model),
      .init("data", "\(options.data): \(Human.count(before.rowCount)) rows"),
      .init("written", file),
      .init("temperature", .number(Double(decision.temperature), digits: 4)),
    ]
    if let goal = fit.goal {
      facts += [
        .init("threshold", .number(Double(decision.threshold), digits: 4)),
        .init("chosen for", goal.rawValue),
        .init("gives", "'\(labels[1])' from that probability on"),
      ]
    }
    return Report([.facts(facts), .table(table)] + notes(goalGain).map { .note($0) })
  }

  private func notes(_ gain: PairedGain?) -> [String] {
    var notes: [String] = []
    if let refused = refused.gain, let goal = fit.goal {
      notes.append(
        "the threshold stays at 0.5: another changes \(goal.rawValue) on texts that took no part in its"
          + " fit by \(fixedPoint(refused.difference * 100, digits: 2)) %"
          + " (\(fixedPoint(refused.differenceInterval.lower * 100, digits: 2)) to"
          + " \(fixedPoint(refused.differenceInterval.upper * 100, digits: 2)))")
    }
    if let loss = refused.logLoss, loss.after > loss.before {
      notes.append(
        "the temperature stays 1: another takes the log loss on texts that took no part in its fit from"
          + " \(fixedPoint(loss.before, digits: 4)) to \(fixedPoint(loss.after, digits: 4))")
    } else if decision.temperature == 1 {
      notes.append(
        "no temperature fits: every text is answered rightly, or the logits say nothing of the labels;"
          + " it stays 1")
    }
    if let gain, let goal = fit.goal, decision.threshold != 0.5, gain.differenceInterval.lower <= 0
    {
      notes.append(
        "this data does not show that the threshold improves \(goal.rawValue); with the temperature"
          + " alone it stays at 0.5")
    }
    let thresholds = held.decisions.map(\.threshold)
    if let low = thresholds.min(), let high = thresholds.max(), high - low > 0.2 {
      notes.append(
        "the folds' thresholds go from \(fixedPoint(Double(low), digits: 3)) to"
          + " \(fixedPoint(Double(high), digits: 3)): more rows would pin it down")
    }
    return notes
  }

  /// Two numbers for programs, one column for people.
  private func intervalColumns(_ key: String, _ forPrograms: Bool) -> [ReportTable.Column] {
    forPrograms
      ? [.number("\(key)_lower"), .number("\(key)_upper")]
      : [.text("\(key)_interval", "95 % interval", overflow: .keep)]
  }

  private func interval(_ interval: Interval?, _ forPrograms: Bool) -> [ReportCell] {
    guard let interval else { return forPrograms ? [.missing, .missing] : [.missing] }
    let (low, high) = (interval.lower, interval.upper)
    return forPrograms
      ? [.percent(low, digits: 2), .percent(high, digits: 2)]
      : [.text("\(fixedPoint(low * 100, digits: 2)) to \(fixedPoint(high * 100, digits: 2))")]
  }

  private func cell(_ value: Double, _ isShare: Bool) -> ReportCell {
    isShare ? .percent(value, digits: 2) : .number(value, digits: 4)
  }
}
