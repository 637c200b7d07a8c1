/// The names of the series beside their marks: lines of entries above a plot, filled to its width.
struct PlotLegend {
  private typealias Entry = (x: Double, name: String, mark: Int)
  private var lines: [[Entry]] = []
  private static let lineHeight = 20.0

  /// `series` are names, and their places among the variants.
  init(_ series: [(name: String, mark: Int)], width: Double) {
    var end = Double.infinity
    for (name, mark) in series {
      let shown = PlotCanvas.fitted(DisplayText.clean(name, limit: 200), to: min(width - 40, 240))
      let length = 30 + PlotCanvas.textWidth(shown) + 18
      if end + length > width {
        lines.append([])
        end = 2
      }
      lines[lines.count - 1].append((end, shown, mark))
      end += length
    }
  }

  var height: Double { Double(lines.count) * Self.lineHeight }

  /// Below the name of the axis, which ends at `top`.
  func draw(on canvas: inout PlotCanvas, top: Double, withLines: Bool = true) {
    for (line, entries) in lines.enumerated() {
      let middle = top + Double(line) * Self.lineHeight + 8
      for entry in entries {
        let mark = PlotMark(series: entry.mark)
        if withLines { canvas.path([(entry.x, middle), (entry.x + 24, middle)], mark.line) }
        canvas.shape(mark.outline(entry.x + 12, middle, radius: 5), mark.style)
        canvas.text(entry.name, entry.x + 30, middle + 4.5)
      }
    }
  }
}
