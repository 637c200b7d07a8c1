import MBQEvaluation

/// The confusion matrices.
enum ConfusionSection: ReportSection {
  static let id = "confusion"
  static let title = "Confusion matrices"

  static func html(_ report: ReportDocument) -> Markup? {
    let labels = report.dataset.labels.map(\.name)
    guard labels.count <= ConfusionPlot.labelLimit else {
      return .group(
        report.variants.map { variant in
          .table(
            frequent(variant, labels),
            caption: "The most frequent confusions of "
              + "\(DisplayText.clean(variant.name, limit: 200)).")
        })
    }
    let plots = report.variants.enumerated().map { index, variant in
      Markup.element(
        "figure",
        [
          ConfusionPlot(name: variant.name, labels: labels, counts: variant.quality.confusion)
            .markup(id: "confusion-\(index)"),
          .element("figcaption", DisplayText.clean(variant.name, limit: 200)),
        ])
    }
    return .group([
      .element("div", style: "panels", plots),
      .element(
        "p", style: "soft small",
        [
          .prose(
            "Rows of the dataset by their true label (down) and the label given (across); the stronger the "
              + "colour, the larger the share of its row. Framed: right answers.")
        ]),
    ])
  }

  static func markdown(_ report: ReportDocument) -> String? {
    let labels = report.dataset.labels.map(\.name)
    return report.variants.map { variant in
      let name = "**\(MarkdownRenderer.escaped(DisplayText.clean(variant.name, limit: 200)))**\n\n"
      guard labels.count <= ConfusionPlot.labelLimit else {
        return name + MarkdownTable.render(frequent(variant, labels))
      }
      let table = ReportTable(
        columns: [.text("truth", "true \\ given")]
          + labels.map { .number($0, DisplayText.shortened($0, to: 24)) },
        rows: zip(labels, variant.quality.confusion).map { label, row in
          [.text(DisplayText.shortened(label, to: 24))] + row.map { .count($0) }
        })
      return name + MarkdownTable.render(table)
    }.joined(separator: "\n")
  }

  private static func frequent(_ variant: VariantFigures, _ labels: [String]) -> ReportTable {
    var found: [(count: Int, truth: Int, given: Int)] = []
    for (truth, row) in variant.quality.confusion.enumerated() {
      for (given, count) in row.enumerated() where truth != given && count > 0 {
        found.append((count, truth, given))
      }
    }
    found.sort { ($1.count, $0.truth, $0.given) < ($0.count, $1.truth, $1.given) }
    return ReportTable(
      columns: [.text("truth", "true label"), .text("given", "given label"), .number("rows")],
      rows: found.prefix(20).map {
        [.text(labels[$0.truth]), .text(labels[$0.given]), .count($0.count)]
      })
  }
}
