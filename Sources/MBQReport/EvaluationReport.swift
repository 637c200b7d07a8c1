import MBQEvaluation

extension EvaluationSummary {
  /// The summary as `mbq evaluate` shows it: the model and the data, the figures, the mistakes, and
  /// the notes.
  ///
  /// Reads in 80 columns.
  public func report(width: Int = 80) -> Report {
    var blocks: [Report.Block] = [.facts(facts), .table(scoreTable)]
    // The report is 41 columns wide beside the names.
    let names = labels.map {
      DisplayText.shortened(DisplayText.clean($0.name), to: max(width - 41, 12))
    }
    blocks.append(
      .verbatim(
        ClassificationReport(confusionMatrix, labels: names)
          .text(digits: 4, columns: { DisplayText.width($0) })))
    blocks.append(.verbatim(ConfusionTable.text(confusionMatrix, labels: names, width: width)))
    if !mistakes.isEmpty { blocks.append(.table(mistakeTable)) }
    blocks += notes.map { .note($0) }
    return Report(blocks)
  }

  private var rows: Int { confusionMatrix.total }

  private var facts: [Report.Fact] {
    let columns = dataset.textColumns.joined(separator: " + ")
    let data = "\(dataset.path): \(Human.count(dataset.rows)) rows of \(columns)"
    let length =
      "\(Human.count(run.tokens)) tokens, "
      + (run.truncatedRows == 0
        ? "no text cut (limit \(run.tokenLimit))"
        : "\(Human.count(run.truncatedRows)) texts "
          + "(\(Human.percent(Double(run.truncatedRows) / Double(max(rows, 1)), digits: 1))) "
          + "cut to \(run.tokenLimit)")
    var facts: [Report.Fact] = [
      .init("model", model.report),
      .init("data", data),
      .init("length", length),
    ]
    if let timing { facts.append(.init("time", timing.report)) }
    return facts
  }

  private var scoreTable: ReportTable {
    var table = ReportTable(columns: [
      .text("metric", overflow: .keep), .number("value"),
      .text("interval", Human.intervalTitle(confidence), overflow: .keep), .text("note"),
    ])
    for score in scores {
      let isShare = score.style == .share || score.style == .shareOfError
      let value: ReportCell =
        score.value.map { isShare ? .percent($0, digits: 2) : .number($0, digits: 4) } ?? .missing
      let interval = score.interval.map {
        isShare
          ? Human.interval($0, digits: 2)
          : "\(fixedPoint($0.lower, digits: 4)) to \(fixedPoint($0.upper, digits: 4))"
      }
      let note =
        score.note
        ?? (score.name == Accuracy.name
          ? "\(Human.count(correct)) of \(Human.count(rows)) right" : "")
      table.rows.append([
        .text(score.title), value, .text(interval ?? ""), .text(note),
      ])
    }
    return table
  }

  private var mistakeTable: ReportTable {
    ReportTable(
      title: "surest mistakes, \(mistakes.count) of \(Human.count(rows - correct))",
      columns: [
        .number("row"), .text("truth", overflow: .shorten),
        .text("predicted", overflow: .shorten), .number("probability"),
        .text("text", overflow: .shorten),
      ],
      rows: mistakes.map {
        [
          .integer($0.row), .text($0.truth), .text($0.predicted),
          .percent($0.probability, digits: 1), .excerpt($0.excerpt),
        ]
      })
  }
}

extension EvaluationSummary.Model {
  /// In one line.
  var report: String { "\(path) (\(scheme), \(Human.bytes(fileBytes)))" }
}

extension EvaluationSummary.Timing {
  /// In one line.
  public var report: String {
    "\(Human.duration(nanoseconds: seconds * 1e9)): \(Human.rate(textsPerSecond)) texts/s, "
      + "\(Human.rate(tokensPerSecond)) tokens/s "
      + "(\(threads) thread\(threads == 1 ? "" : "s"), \(kernels))"
  }
}
