import MBQEvaluation

extension ComparisonSummary {
  /// The comparison as `mbq evaluate --baseline` shows it: the change of the accuracy, its intervals,
  /// and the changed answers.
  ///
  /// Reads in 80 columns.
  public func report() -> Report {
    var blocks: [Report.Block] = [.heading("Against \(baseline.path)"), .facts(facts)]
    if labels.contains(where: { $0.support > 0 }) { blocks.append(.table(labelTable)) }
    if lengths.count > 1 { blocks.append(.table(lengthTable)) }
    if !listedFlips.isEmpty { blocks.append(.table(flipTable)) }
    return Report(blocks)
  }

  private var facts: [Report.Fact] {
    let title = Human.intervalTitle(confidence)
    var facts: [Report.Fact] = [.init("baseline", baseline.report)]
    if let accuracy {
      facts += [
        .init(
          "accuracy",
          "\(Human.percent(accuracy.baseline)) before, \(Human.percent(accuracy.candidate)) now"),
        .init(
          "drop",
          "\(Human.points(accuracy.drop)) points, \(title) \(Human.points(accuracy.interval)) "
            + "(Tango)"),
        .init(
          "other intervals",
          "\(Human.points(accuracy.newcombe)) (Newcombe)"
            + (accuracy.bootstrap.map { ", \(Human.points($0)) (bootstrap)" } ?? "")),
        .init("McNemar's test", "p = \(Human.small(accuracy.mcNemar)) (exact, two-sided)"),
        .init(
          "detectable",
          "a drop of \(Human.plain((accuracy.detectableDrop * 10_000).rounded(.up) / 100)) points "
            + "would be found in \(Human.plain(accuracy.detectionPower * 100)) of 100 such data sets"
        ),
      ]
    }
    facts += [
      .init(
        "same answers",
        "\(Human.percent(agreement.value))"
          + (agreement.interval.map { ", \(title) \(Human.interval($0))" } ?? "")
          + "; \(Human.count(flips.total)) of \(Human.count(rows)) differ")
    ]
    if let lost = flips.lost, let gained = flips.gained, let other = flips.other {
      facts.append(
        .init(
          "flips",
          "\(Human.count(lost)) right to wrong, \(Human.count(gained)) wrong to right, "
            + "\(Human.count(other)) wrong to other wrong"))
    }
    facts += [
      .init(
        "KL divergence",
        "\(Human.small(divergence.value)) nats"
          + (divergence.interval.map {
            ", \(title) \(Human.small($0.lower)) to \(Human.small($0.upper))"
          } ?? "")),
      .init(
        "logits",
        "differ by \(Human.small(logits.mean)) on average, by at most "
          + "\(Human.small(logits.largest)) (row \(logits.largestRow))"),
    ]
    return facts
  }

  private var labelTable: ReportTable {
    ReportTable(
      title: "recall by label",
      columns: [
        .text("label", overflow: .shorten), .number("rows"), .number("before"), .number("now"),
        .number("lost"), .number("gained"), .number("drop", "drop, points"),
        .text("interval", Human.intervalTitle(confidence), overflow: .keep),
      ],
      rows: labels.filter { $0.support > 0 }.map { label in
        [
          .text(label.name), .count(label.support), .percent(label.recallBefore, digits: 2),
          .percent(label.recallAfter, digits: 2), .count(label.lost), .count(label.gained),
          .text(label.drop.map { Human.points($0.value) } ?? "-"),
          .text(label.drop?.interval.map { Human.points($0) } ?? ""),
        ]
      })
  }

  private var lengthTable: ReportTable {
    let isLabelled = accuracy != nil
    var columns: [ReportTable.Column] = [.text("tokens"), .number("rows"), .number("flips")]
    if isLabelled {
      columns += [
        .number("before"), .number("now"), .number("lost"), .number("gained"),
        .number("drop", "drop, points"),
      ]
    }
    return ReportTable(
      title: "by length", columns: columns,
      rows: lengths.map { length in
        var row: [ReportCell] = [
          .text("\(length.from) to \(length.to)"), .count(length.rows), .count(length.flips),
        ]
        if let before = length.accuracyBefore, let after = length.accuracyAfter {
          row += [
            .percent(before, digits: 2), .percent(after, digits: 2), .count(length.lost ?? 0),
            .count(length.gained ?? 0), .text(Human.points(before - after)),
          ]
        }
        return row
      })
  }

  private var flipTable: ReportTable {
    let isLabelled = accuracy != nil
    var columns: [ReportTable.Column] = [.number("row")]
    if isLabelled { columns.append(.text("truth", overflow: .shorten)) }
    columns += [
      .text("baseline", "before", overflow: .shorten),
      .text("candidate", "now", overflow: .shorten),
      .number("probability_before", "p before"), .number("probability_after", "p now"),
      .text("text", overflow: .shorten),
    ]
    return ReportTable(
      title: "\(isLabelled ? "most harmful" : "largest") flips, \(listedFlips.count) of "
        + "\(Human.count(flips.total)); p is that of the "
        + (isLabelled ? "true label" : "label before"),
      columns: columns,
      rows: listedFlips.map { flip in
        [.integer(flip.row)] + (isLabelled ? [.text(flip.truth ?? "")] : []) + [
          .text(flip.baseline), .text(flip.candidate), .percent(flip.probabilityBefore, digits: 1),
          .percent(flip.probabilityAfter, digits: 1), .excerpt(flip.excerpt),
        ]
      })
  }
}
