import Foundation
import MBQEvaluation

/// Where in the network a variant departs from the baseline.
enum LayersSection: ReportSection {
  static let id = "layers"
  static let title = "Error after each layer"

  static func html(_ report: ReportDocument) -> Markup? {
    guard let plot = plot(report) else { return nil }
    return .figure(caption: caption(report)) { plot.markup($0) }
  }

  static func markdown(_ report: ReportDocument) -> String? {
    let variants = shown(report)
    guard let first = variants.first else { return nil }
    let table = ReportTable(
      columns: [.number("layer")]
        + variants.map { .number($0.1.name, DisplayText.shortened($0.1.name, to: 24)) },
      rows: first.1.layerErrors.map { entry in
        [.integer(entry.layer)]
          + variants.map { variant in
            variant.1.layerErrors.first { $0.layer == entry.layer }.map {
              .percent($0.error, digits: 3)
            } ?? .missing
          }
      })
    return MarkdownRenderer.escaped(caption(report)) + "\n\n" + MarkdownTable.render(table)
  }

  private static func caption(_ report: ReportDocument) -> String {
    let baseline = DisplayText.clean(report.baseline, limit: 200)
    return "The relative error of the hidden state after each layer against \(baseline)'s "
      + "(‖variant − \(baseline)‖ / ‖\(baseline)‖ over all tokens of \(report.conditions.layerTexts) "
      + "texts of the dataset, with the arithmetic of the runtime). Channels that a variant has rescaled "
      + "by a power of two are scaled back before they are compared."
  }

  private static func shown(_ report: ReportDocument) -> [(Int, VariantFigures)] {
    report.variants.enumerated().filter { !$0.element.layerErrors.isEmpty }.map {
      ($0.offset, $0.element)
    }
  }

  private static func plot(_ report: ReportDocument) -> SeriesPlot? {
    let variants = shown(report)
    let values = variants.flatMap { $0.1.layerErrors.map(\.error) }.filter(\.isFinite)
    guard let largest = values.max(), largest > 0 else { return nil }
    let smallest = values.filter { $0 > 0 }.min() ?? largest
    // A variant ten times as exact as another would lie on the axis.
    let isLogarithmic = largest > smallest * 12
    let layers = variants.flatMap { $0.1.layerErrors.map(\.layer) }
    let last = Double(layers.max() ?? 1)
    let summary = variants.map { variant in
      let worst = variant.1.layerErrors.filter(\.error.isFinite).max { $0.error < $1.error }
      return DisplayText.clean(variant.1.name, limit: 80)
        + (worst.map { ": at most \(Human.percent($0.error)) after layer \($0.layer)" } ?? "")
    }
    return SeriesPlot(
      id: id, title: title, summary: summary.joined(separator: "; ") + ".",
      names: ("layer", "relative error"), x: (1, max(last, 2)),
      y: isLogarithmic ? (smallest / 1.6, largest * 1.3) : (0, largest * 1.1),
      labels: ({ PlotCanvas.number($0) }, { share($0) }),
      series: variants.map { place, variant in
        .init(
          name: variant.name, mark: place,
          points: variant.layerErrors.filter {
            $0.error.isFinite && (!isLogarithmic || $0.error > 0)
          }.map {
            (Double($0.layer), $0.error)
          }, weights: Array(repeating: 0.15, count: variant.layerErrors.count))
      }, isLogarithmic: isLogarithmic, wholeX: true)
  }

  /// As many digits as small shares need.
  private static func share(_ value: Double) -> String {
    let percent = value * 100
    guard percent > 0, percent < 1 else {
      return PlotCanvas.number((percent * 10).rounded() / 10) + " %"
    }
    let digits = min(Int((-log10(percent)).rounded(.up)) + 1, 12)
    var text = Substring(fixedPoint(percent, digits: digits))
    while text.last == "0" { text.removeLast() }
    return text + " %"
  }
}
