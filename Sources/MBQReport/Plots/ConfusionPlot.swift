import MBQEvaluation

/// A confusion matrix: true labels down, given labels across; the colour of a cell shows its share of the row.
struct ConfusionPlot {
  /// Beyond this many labels the cells are too small to hold their numbers.
  static let labelLimit = 8

  var name: String
  var labels: [String]
  /// (true labels, predicted labels) Rows of the dataset.
  var counts: [[Int]]

  /// It fits a phone, so there is no wide form.
  func markup(id: String) -> Markup {
    let names = labels.map {
      DisplayText.shortened(DisplayText.clean($0, limit: 200), to: labels.count > 4 ? 9 : 11)
    }
    let left = (names.map { PlotCanvas.textWidth($0) }.max() ?? 0) + 10
    let side = min(60, (PlotSize.narrow.width - left - 6) / Double(max(labels.count, 1)))
    let height = min(side, 44)
    // Names that are wider than their column alternate between two heights.
    let isCrowded = names.contains { PlotCanvas.textWidth($0) > side - 4 }
    let top = isCrowded ? 24 + PlotCanvas.lineHeight * 2 : 24 + PlotCanvas.lineHeight
    let width = max(left + side * Double(labels.count) + 6, 160)
    var canvas = PlotCanvas(width: width, height: top + height * Double(labels.count) + 6)
    canvas.text("given label", left, 14, .start, style: "t n")
    canvas.text("true", left - 8, top - 8, .end, style: "t n")
    for (column, name) in names.enumerated() {
      let step = isCrowded && column % 2 == 0 ? PlotCanvas.lineHeight : 0
      let shown = PlotCanvas.fitted(name, to: isCrowded ? side * 2 - 6 : side)
      canvas.text(shown, left + side * (Double(column) + 0.5), top - 8 - step, .middle)
    }
    for (truth, row) in counts.enumerated() {
      let total = Double(max(row.reduce(0, +), 1))
      let y = top + height * Double(truth)
      canvas.text(names[truth], left - 8, y + height / 2 + 4.5, .end)
      for (given, count) in row.enumerated() {
        let box = PlotCanvas.Box(
          left: left + side * Double(given), top: y, right: left + side * Double(given + 1),
          bottom: y + height)
        // Light enough for the number on it.
        canvas.rectangle(
          box, "heat", opacity: Double(count) / total * 0.38,
          tip: "\(Human.count(count)) rows (\(Human.percent(Double(count) / total, digits: 1)) "
            + "of '\(names[truth])') answered '\(names[given])'")
        canvas.rectangle(
          .init(
            left: box.left + 1.5, top: box.top + 1.5, right: box.right - 1.5,
            bottom: box.bottom - 1.5), truth == given ? "right" : "cell")
        canvas.text(
          Human.count(count), box.left + side / 2, y + height / 2 + 4.5, .middle,
          style: truth == given ? "t b" : "t")
      }
    }
    return canvas.svg(
      id, title: "Confusion matrix of \(DisplayText.clean(name, limit: 200))",
      describing: summary)
  }

  private var summary: String {
    let names = labels.map { DisplayText.clean($0, limit: 80) }
    return zip(names, counts).map { truth, row in
      "true \(truth): "
        + zip(names, row).map { "\(Human.count($1)) as \($0)" }.joined(separator: ", ")
    }.joined(separator: "; ") + "."
  }
}
