import Foundation

/// Lines of several series over one axis, each with its own mark and its name.
struct SeriesPlot {
  struct Series {
    var name: String
    /// Its index among the variants, which selects its mark.
    var mark: Int
    var points: [(x: Double, y: Double)]
    /// The size of each mark; all marks have the same size if this is empty.
    var weights: [Double] = []
  }

  var id: String
  var title: String
  var summary: String
  var names: (x: String, y: String)
  var x: (lower: Double, upper: Double)
  var y: (lower: Double, upper: Double)
  var labels: (x: (Double) -> String, y: (Double) -> String)
  var series: [Series]
  var isLogarithmic = false
  var wholeX = false
  /// Draws the line y = x.
  var hasDiagonal = false
  var narrowHeight = 320.0

  func markup(_ size: PlotSize) -> Markup {
    let legend = PlotLegend(series.map { ($0.name, $0.mark) }, width: size.width)
    var canvas = PlotCanvas(
      width: size.width, height: (size == .wide ? 340 : narrowHeight) + legend.height)
    let axes = PlotAxes(
      &canvas, x: x, y: y, names: names, labels: labels, isLogarithmic: isLogarithmic,
      top: 30 + legend.height, wholeX: wholeX)
    legend.draw(on: &canvas, top: 24)
    if hasDiagonal {
      let (low, high) = (max(x.lower, y.lower), min(x.upper, y.upper))
      canvas.line(axes.x(low), axes.y(low), axes.x(high), axes.y(high), "ideal")
    }
    for series in series {
      let mark = PlotMark(series: series.mark)
      let points = series.points.map { (x: axes.x($0.x), y: axes.y($0.y)) }
      canvas.path(points, mark.line)
      for (index, point) in points.enumerated() {
        let weight = series.weights.indices.contains(index) ? series.weights[index] : 0.25
        canvas.shape(
          mark.outline(point.x, point.y, radius: 3 + 5 * weight), mark.style,
          tip:
            "\(DisplayText.clean(series.name, limit: 200)): \(labels.x(series.points[index].x)), "
            + labels.y(series.points[index].y))
      }
    }
    return canvas.svg("\(id)-\(size.suffix)", title: title, describing: summary)
  }
}
