import MBQEvaluation

/// How long the texts are, and how many are cut.
enum LengthsSection: ReportSection {
  static let id = "lengths"
  static let title = "Lengths of the texts"

  static func html(_ report: ReportDocument) -> Markup? {
    .figure(caption: caption(report)) { LengthsPlot(lengths: report.lengths).markup($0) }
  }

  static func markdown(_ report: ReportDocument) -> String? { caption(report) + "\n" }

  private static func caption(_ report: ReportDocument) -> String {
    let lengths = report.lengths
    let share = Double(lengths.truncatedRows) / Double(max(report.dataset.rows, 1))
    let cut =
      lengths.truncatedRows == 0
      ? "none cut (limit \(lengths.limit))"
      : "\(Human.count(lengths.truncatedRows)) (\(Human.percent(share))) cut to \(lengths.limit)"
    return
      "\(Human.count(report.dataset.rows)) texts, median \(Human.count(lengths.median)) tokens, "
      + "longest \(Human.count(lengths.longest)); \(cut)."
  }
}
