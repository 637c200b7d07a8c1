import MBQEvaluation

/// The texts with a changed label.
enum FlipsSection: ReportSection {
  static let id = "flips"
  static let title = "Answers that changed"

  static func html(_ report: ReportDocument) -> Markup? {
    let compared = report.variants.filter { $0.comparison != nil }
    guard !compared.isEmpty else { return nil }
    return .group(
      compared.map { variant in
        guard let comparison = variant.comparison, comparison.flips > 0 else {
          return .paragraph(summary(variant))
        }
        // A short list is open; a longer one is folded.
        let open: [Markup.Attribute] = comparison.shownFlips.count <= 5 ? [.init("open", "")] : []
        return .element(
          "details", open,
          [
            .element("summary", summary(variant)),
            .table(
              table(comparison),
              caption:
                "Texts that \(DisplayText.clean(variant.name, limit: 200)) answers otherwise, "
                + "the most harmful first (p: probability of the true label)"
                + (comparison.flips > comparison.shownFlips.count
                  ? ", \(comparison.shownFlips.count) of them." : "."),
              stacks: true),
          ])
      })
  }

  static func markdown(_ report: ReportDocument) -> String? {
    let parts = report.variants.compactMap { variant -> String? in
      guard let comparison = variant.comparison else { return nil }
      let text = MarkdownRenderer.escaped(summary(variant)) + "\n"
      guard comparison.flips > 0 else { return text }
      var table = table(comparison)
      // A pull request's description has a limit.
      table.rows = Array(table.rows.prefix(10))
      return text + "\n" + MarkdownTable.render(table)
    }
    return parts.isEmpty ? nil : parts.joined(separator: "\n")
  }

  private static func summary(_ variant: VariantFigures) -> String {
    let name = DisplayText.clean(variant.name, limit: 200)
    guard let comparison = variant.comparison, comparison.flips > 0 else {
      return "\(name): every text keeps its label."
    }
    return "\(name): \(Human.count(comparison.flips)) changed, \(comparison.balance)."
  }

  private static func table(_ comparison: ComparisonFigures) -> ReportTable {
    ReportTable(
      columns: [
        .number("row"), .text("effect"), .text("truth", "true label"), .text("baseline"),
        .text("variant", "now"), .number("before", "p before"), .number("after", "p now"),
        .text("text"),
      ],
      rows: comparison.shownFlips.map { flip in
        let effect =
          switch flip.effect {
          case .lost: "right → wrong"
          case .gained: "wrong → right"
          case .other: "wrong → wrong"
          }
        return [
          .integer(flip.row), .text(effect), .text(flip.truth), .text(flip.baseline),
          .text(flip.variant), .percent(flip.probabilityBefore, digits: 1),
          .percent(flip.probabilityAfter, digits: 1), .excerpt(flip.excerpt),
        ]
      })
  }
}
