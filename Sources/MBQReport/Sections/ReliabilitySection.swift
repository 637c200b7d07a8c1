import MBQEvaluation

/// The reliability of the probabilities.
enum ReliabilitySection: ReportSection {
  static let id = "reliability"
  static let title = "Reliability of the probabilities"

  static func html(_ report: ReportDocument) -> Markup? {
    let variants = shown(report)
    guard !variants.isEmpty else { return nil }
    let plot = plot(report, variants)
    return .figure(
      caption:
        "Answers in 15 bins by the probability the model states, and the share of them that is "
        + "right: on the dashed line the two are the same, above it the model knows more than it says. "
        + "Larger marks hold more texts. Calibration error: \(errors(variants))."
    ) { plot.markup($0) }
  }

  static func markdown(_ report: ReportDocument) -> String? {
    let variants = shown(report)
    guard !variants.isEmpty else { return nil }
    return "Calibration error: \(MarkdownRenderer.escaped(errors(variants))).\n"
  }

  /// The baseline and the recommended variant.
  private static func shown(_ report: ReportDocument) -> [(Int, VariantFigures)] {
    report.variants.enumerated().filter {
      $0.element.name == report.baseline || $0.element.name == report.recommendation.variant
    }.map { ($0.offset, $0.element) }
  }

  private static func errors(_ variants: [(Int, VariantFigures)]) -> String {
    variants.map { _, variant in
      "\(DisplayText.clean(variant.name, limit: 200)) "
        + (variant.quality.calibrationError.map { Human.percent($0) } ?? "-")
    }.joined(separator: ", ")
  }

  private static func plot(
    _ report: ReportDocument, _ variants: [(Int, VariantFigures)]
  ) -> SeriesPlot {
    let bins = variants.flatMap { $0.1.quality.reliability }.filter { $0.rows > 0 }
    let most = (Double(bins.map(\.rows).max() ?? 1)).squareRoot()
    func floor(_ values: [Double]) -> Double {
      max(0, (((values.min() ?? 0) - 0.02) * 10).rounded(.down) / 10)
    }
    let summary = variants.map { _, variant in
      DisplayText.clean(variant.name, limit: 80) + ": "
        + variant.quality.reliability.filter { $0.rows > 0 }.map {
          "states \(Human.percent($0.confidence, digits: 0)), right "
            + "\(Human.percent($0.accuracy, digits: 0)) of \(Human.count($0.rows))"
        }.joined(separator: "; ")
    }
    return SeriesPlot(
      id: id, title: title, summary: summary.joined(separator: ". ") + ".",
      names: ("stated probability", "share right"),
      x: (floor(bins.map(\.confidence)), 1.005), y: (floor(bins.map(\.accuracy)), 1.005),
      labels: ({ PlotCanvas.number($0 * 100) + " %" }, { PlotCanvas.number($0 * 100) + " %" }),
      series: variants.map { place, variant in
        let full = variant.quality.reliability.filter { $0.rows > 0 }
        return .init(
          name: variant.name, mark: place, points: full.map { ($0.confidence, $0.accuracy) },
          weights: full.map { Double($0.rows).squareRoot() / most })
      }, hasDiagonal: true, narrowHeight: 328)
  }
}
