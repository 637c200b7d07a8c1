/// The frame of a plot: two axes with round ticks, their grid and their names.
struct PlotAxes {
  let x: PlotScale
  let y: PlotScale
  let frame: PlotCanvas.Box

  /// Draws grid, ticks and names.
  ///
  /// The scales run from the given `lower` to the given `upper`, over the frame. A tick label of x is left
  /// out if it would touch its neighbour.
  init(
    _ canvas: inout PlotCanvas, x: (lower: Double, upper: Double),
    y: (lower: Double, upper: Double),
    names: (x: String, y: String), labels: (x: (Double) -> String, y: (Double) -> String),
    isLogarithmic: Bool = false, isLogarithmicX: Bool = false, top: Double = 30, right: Double = 24,
    wholeX: Bool = false,
    hasTicks: Bool = true
  ) {
    let ticks = PlotScale(
      y.lower, y.upper, from: 0, to: 1, isLogarithmic: isLogarithmic
    ).ticks(5)
    let widest = ticks.map { PlotCanvas.textWidth(labels.y($0)) }.max() ?? 0
    frame = PlotCanvas.Box(
      left: widest + 12, top: top, right: canvas.width - right, bottom: canvas.height - 44)
    self.x = PlotScale(
      x.lower, x.upper, from: frame.left, to: frame.right, isLogarithmic: isLogarithmicX)
    self.y = PlotScale(
      y.lower, y.upper, from: frame.bottom, to: frame.top, isLogarithmic: isLogarithmic)
    for tick in ticks {
      canvas.line(frame.left, self.y(tick), frame.right, self.y(tick), "grid")
      canvas.text(labels.y(tick), frame.left - 6, self.y(tick) + 4.5, .end)
    }
    canvas.line(frame.left, frame.bottom, frame.right, frame.bottom, "axis")
    var end = -Double.infinity
    let places = hasTicks ? self.x.ticks(canvas.width > 500 ? 8 : 4) : []
    for tick in places where !wholeX || tick == tick.rounded() {
      let text = labels.x(tick)
      let box = PlotCanvas.box(text, self.x(tick), frame.bottom + 18, .middle)
      canvas.line(self.x(tick), frame.bottom, self.x(tick), frame.bottom + 4, "axis")
      guard box.left > end + 8, box.right <= canvas.width, box.left >= 0 else { continue }
      canvas.text(text, self.x(tick), frame.bottom + 18, .middle)
      end = box.right
    }
    canvas.text(names.x, (frame.left + frame.right) / 2, canvas.height - 6, .middle, style: "t n")
    canvas.text(names.y, 2, 14, .start, style: "t n")
  }
}

/// Colours and line styles of plots, in light and dark.
///
/// The colours follow Okabe and Ito, "Color universal design", 2008, darker or lighter so that every mark
/// has a contrast of 3:1. Series also differ in the shape of their marks.
enum PlotStyle {
  static let light = """
    --ink:#1b1b1b;--soft:#595959;--paper:#ffffff;--panel:#f5f6f7;--rule:#d5d8db;--accent:#00598c;\
    --heat:#0072b2;--s0:#0072b2;--s1:#c44e00;--s2:#00805d;--s3:#a3457b;--s4:#8a6100;--s5:#5b5fc7
    """
  static let dark = """
    --ink:#ececec;--soft:#b4b8bc;--paper:#15181b;--panel:#1e2226;--rule:#3b4147;--accent:#7cc4f5;\
    --heat:#56b4e9;--s0:#56b4e9;--s1:#f0803c;--s2:#2bc49a;--s3:#e39ac6;--s4:#e6b23c;--s5:#a9acff
    """
  static let rules = """
    .t{fill:var(--ink)}.n{fill:var(--soft)}.b{font-weight:600}
    .grid{stroke:var(--rule);stroke-width:1}.axis{stroke:var(--soft);stroke-width:1}
    .limit{stroke:var(--s1);stroke-width:1.5;stroke-dasharray:5 4}
    .front{fill:none;stroke:var(--soft);stroke-width:1.5;stroke-dasharray:2 3}
    .ideal{stroke:var(--soft);stroke-width:1.5;stroke-dasharray:6 4}
    .on{fill:var(--s0)}.off{fill:var(--soft);fill-opacity:.55}
    .bar{fill:var(--s0)}.tail{stroke:var(--ink);stroke-width:1.5}.cut{fill:var(--s1)}
    .heat{fill:var(--heat)}.cell{fill:none;stroke:var(--rule)}.right{fill:none;stroke:var(--ink);stroke-width:2}
    .m{stroke:var(--paper);stroke-width:1}.e{stroke-width:2}.l{fill:none;stroke-width:2}
    """
    + (0..<PlotMark.colors).map { series in
      ".m.s\(series){fill:var(--s\(series))}.l.s\(series),.e.s\(series){stroke:var(--s\(series))}"
    }.joined()

  /// For a drawing in a file of its own.
  static var standalone: Markup {
    .element(
      "style",
      [
        .constant(
          "svg{\(light)}@media(prefers-color-scheme:dark){svg{\(dark)}}\n\(rules)")
      ])
  }
}

/// The mark of a series: a colour and a shape.
///
/// The pair repeats only after thirty series.
struct PlotMark {
  static let colors = 6
  private static let shapes = 5
  let series: Int

  var style: String { "m s\(series % Self.colors)" }
  var line: String { "l s\(series % Self.colors)" }
  var error: String { "e s\(series % Self.colors)" }

  /// The outline around (x, y), as the data of a path.
  func outline(_ x: Double, _ y: Double, radius r: Double = 6) -> String {
    func polygon(_ points: [(Double, Double)]) -> String {
      points.enumerated().map { index, point in
        (index == 0 ? "M" : "L") + PlotCanvas.number(x + point.0 * r) + " "
          + PlotCanvas.number(y + point.1 * r)
      }.joined() + "Z"
    }
    switch series % Self.shapes {
    case 0:
      let n = PlotCanvas.number
      return "M\(n(x - r)) \(n(y))a\(n(r)) \(n(r)) 0 1 0 \(n(2 * r)) 0"
        + "a\(n(r)) \(n(r)) 0 1 0 \(n(-2 * r)) 0Z"
    case 1: return polygon([(-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)])
    case 2: return polygon([(0, -1.15), (1.1, 0.85), (-1.1, 0.85)])
    case 3: return polygon([(0, -1.25), (1.1, 0), (0, 1.25), (-1.1, 0)])
    default: return polygon([(0, 1.15), (1.1, -0.85), (-1.1, -0.85)])
    }
  }
}
