/// The number of texts of each length; cut texts have a bar of their own.
struct LengthsPlot {
  var lengths: LengthHistogram

  func markup(_ size: PlotSize) -> Markup {
    var canvas = PlotCanvas(width: size.width, height: size == .wide ? 280 : 260)
    let bins = lengths.bins
    let most = Double(bins.map(\.rows).max() ?? 1)
    let axes = PlotAxes(
      &canvas, x: (0, Double(max(bins.count, 1))), y: (0, max(most * 1.1, 1)),
      names: ("tokens of a text, special ones included", "texts"),
      labels: ({ _ in "" }, { Human.count(Int($0)) }), hasTicks: false)
    var end = -Double.infinity
    for (index, bin) in bins.enumerated() {
      let (left, right) = (axes.x(Double(index)), axes.x(Double(index + 1)))
      let range = Self.range(bin)
      canvas.rectangle(
        .init(
          left: left + 1, top: axes.y(Double(bin.rows)), right: right - 1,
          bottom: axes.frame.bottom),
        bin.to == nil ? "cut" : "bar", tip: "\(range) tokens: \(Human.count(bin.rows)) texts")
      let text = bin.to == nil ? "cut" : "\(bin.from)"
      let box = PlotCanvas.box(text, (left + right) / 2, axes.frame.bottom + 18, .middle)
      // The last bar, of the cut texts, always has its label.
      let isLast = index == bins.count - 1
      let reserved = isLast || bins.last?.to != nil ? 0 : 36.0
      guard box.left > end + 8 || isLast, box.right < axes.frame.right - reserved || isLast
      else { continue }
      canvas.text(text, (left + right) / 2, axes.frame.bottom + 18, .middle)
      end = box.right
    }
    return canvas.svg(
      "lengths-\(size.suffix)", title: "Lengths of the texts in tokens", describing: summary)
  }

  static func range(_ bin: LengthHistogram.Bin) -> String {
    bin.to.map { $0 == bin.from ? "\($0)" : "\(bin.from) to \($0)" } ?? "more than \(bin.from - 1)"
  }

  private var summary: String {
    lengths.bins.filter { $0.rows > 0 }.map { "\(Self.range($0)): \(Human.count($0.rows))" }
      .joined(separator: "; ") + " texts."
  }
}
