import MBQEvaluation

/// All figures, a column a variant.
public enum VariantsSection: ReportSection {
  public static let id = "variants"
  public static let title = "Variants side by side"

  public static func html(_ report: ReportDocument) -> Markup? {
    let marked = report.variants.firstIndex { $0.name == report.recommendation.variant }
    return .group([
      .table(
        table(report),
        caption:
          "Every figure of every variant; the one to take has a star. Times are those of one text of "
          + "\(report.conditions.latencyTokens) tokens in batches of 1 and more.",
        marked: marked.map { $0 + 1 })
    ])
  }

  public static func markdown(_ report: ReportDocument) -> String? {
    MarkdownTable.render(table(report))
  }

  /// A row a figure.
  static func table(_ report: ReportDocument) -> ReportTable {
    let variants = report.variants
    var table = ReportTable(
      columns: [.text("figure", "")]
        + variants.enumerated().map { index, variant in
          let star = variant.name == report.recommendation.variant ? " ★" : ""
          return .number("\(index)", DisplayText.shortened(variant.name, to: 40) + star)
        })
    func row(_ title: String, _ cell: (VariantFigures) -> ReportCell) {
      table.rows.append([.text(title)] + variants.map(cell))
    }
    row("weights") { .text($0.file.scheme) }
    row("file") { .bytes($0.file.fileBytes) }
    row("download (zlib)") { .bytes($0.file.downloadBytes) }
    row("parameters") { .count($0.file.parameters) }
    row("zero weights") { .percent($0.file.zeroShare, digits: 1) }
    row("peak memory") { $0.cost.peakMemoryBytes.map { .bytes($0) } ?? .missing }
    row("load") { .milliseconds(nanoseconds: $0.cost.loadNanoseconds) }
    for batch in variants.first?.cost.latencies.map(\.batch) ?? [] {
      for (name, path) in [
        ("p50", \VariantFigures.Latency.p50), ("p90", \.p90), ("p99", \.p99),
      ] {
        row("batch \(batch), \(name)") { variant in
          variant.latency(batch: batch).map { .milliseconds(nanoseconds: $0[keyPath: path]) }
            ?? .missing
        }
      }
    }
    row("texts/s on the data") { .text(Human.rate($0.cost.textsPerSecond)) }
    row("tokens/s on the data") { .text(Human.rate($0.cost.tokensPerSecond)) }
    row("accuracy") { .percent($0.quality.accuracy, digits: 2) }
    row("… 95 % from") { .percent($0.quality.accuracyInterval.lower, digits: 2) }
    row("… to") { .percent($0.quality.accuracyInterval.upper, digits: 2) }
    row("weighted F1") { $0.quality.weightedF1.map { .number($0, digits: 4) } ?? .missing }
    row("calibration error") {
      $0.quality.calibrationError.map { .percent($0, digits: 2) } ?? .missing
    }
    let other = DisplayText.shortened(DisplayText.clean(report.baseline, limit: 200), to: 30)
    func compared(_ title: String, _ cell: (ComparisonFigures) -> ReportCell) {
      row(title) { $0.comparison.map(cell) ?? .missing }
    }
    compared("same answers as \(other)") { .percent($0.agreement, digits: 2) }
    compared("answers changed") { .count($0.flips) }
    compared("… right → wrong") { .count($0.lost) }
    compared("… wrong → right") { .count($0.gained) }
    compared("accuracy change, points") { .text(Human.points($0.accuracyChange)) }
    compared("… 95 % from (paired)") { .text(Human.points($0.accuracyChangeInterval.lower)) }
    compared("… to (paired)") { .text(Human.points($0.accuracyChangeInterval.upper)) }
    compared("McNemar's p") { .text(Human.small($0.mcNemar)) }
    compared("detectable drop, points") { .number($0.detectableDrop * 100, digits: 2) }
    compared("largest Δ logit") { .number($0.largestLogitChange, digits: 4) }
    compared("KL divergence, nats") { .number($0.meanKLDivergence, digits: 6) }
    return table
  }

  /// The figures for a decision, a row a variant: for a pull request.
  public static func brief(_ report: ReportDocument) -> ReportTable {
    var table = ReportTable(columns: [
      .text("variant"), .number("download"), .number("memory"), .number("latency", "one text"),
      .number("accuracy"), .text("interval", "95 %"), .number("agreement", "same answers"),
    ])
    for variant in report.variants {
      let interval = variant.quality.accuracyInterval
      let star = variant.name == report.recommendation.variant ? " ★" : ""
      table.rows.append([
        .text(DisplayText.shortened(DisplayText.clean(variant.name, limit: 200), to: 40) + star),
        .bytes(variant.file.downloadBytes),
        variant.cost.peakMemoryBytes.map { .bytes($0) } ?? .missing,
        variant.latency(batch: 1).map { .milliseconds(nanoseconds: $0.p50) } ?? .missing,
        .percent(variant.quality.accuracy, digits: 2),
        .text(
          Human.percent(interval.lower).replacing(" %", with: "") + " to "
            + Human.percent(interval.upper)),
        variant.comparison.map { .percent($0.agreement, digits: 2) } ?? .missing,
      ])
    }
    return table
  }
}
