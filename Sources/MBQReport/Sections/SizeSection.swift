/// Size against accuracy.
enum SizeSection: ReportSection {
  static let id = "size"
  static let title = "Size against accuracy"

  static func html(_ report: ReportDocument) -> Markup? {
    let plot = plot(report)
    return .figure(
      caption: "The file's size and the accuracy on these texts, with its 95 % interval (Wilson). "
        + "The dotted line joins the variants that no other beats in both."
    ) { plot.markup($0) }
  }

  /// The table has it.
  static func markdown(_ report: ReportDocument) -> String? { nil }

  static func plot(_ report: ReportDocument) -> FrontPlot {
    var plot = FrontPlot(
      title: title, maximumBytes: nil,
      points: report.variants.map {
        .init(
          bytes: $0.file.fileBytes, agreement: $0.quality.accuracy, name: $0.name,
          interval: $0.quality.accuracyInterval)
      })
    plot.shareName = "accuracy"
    plot.namesPoints = true
    return plot
  }
}
