import Foundation
import MBQEvaluation

/// File size against how good the answers are: what each file gives for its bytes.
///
/// A self-contained SVG, readable in light and dark, or a part of a page.
public struct FrontPlot: Sendable {
  public struct Point: Equatable, Sendable {
    public var bytes: Int
    /// What `Quality` says.
    public var agreement: Double
    public var name: String
    /// 95 %, where it is known.
    public var interval: Interval?

    public init(bytes: Int, agreement: Double, name: String, interval: Interval? = nil) {
      self.bytes = bytes
      self.agreement = agreement
      self.name = name
      self.interval = interval
    }
  }

  /// What is drawn upwards.
  public enum Quality: Sendable {
    /// A share from 0 to 1.
    case share
    /// A divergence, the smaller the higher, in decades: where most points answer alike, it tells them
    /// apart still.
    case divergence

    func height(_ value: Double) -> Double { self == .share ? value : -log10(max(value, 1e-12)) }

    func text(_ height: Double) -> String {
      switch self {
      case .share: PlotCanvas.number(height * 100) + " %"
      case .divergence: String(format: "%.1g", pow(10, -height))
      }
    }

    func tip(_ value: Double) -> String {
      guard value.isFinite else { return "-" }
      return self == .share ? Human.percent(value) : String(format: "%.2g", value)
    }
  }

  public var quality = Quality.share
  public var title: String
  /// What the share is of, or what diverges.
  public var shareName = "same labels"
  /// Drawn as a line; `nil` if there is none.
  public var maximumBytes: Int?
  public var points: [Point]
  /// A shape of its own for each point, and a legend.
  public var namesPoints = false

  public init(title: String, maximumBytes: Int?, points: [Point]) {
    self.title = title
    self.maximumBytes = maximumBytes
    self.points = points
  }

  /// The drawing as a file of its own.
  public var svg: String {
    let legend = legend(.wide)
    var canvas = PlotCanvas(width: PlotSize.wide.width, height: 400 + legend.height)
    draw(on: &canvas, legend)
    guard
      case .element(let name, let attributes, let children) = canvas.svg(
        "front", title: title, describing: summary)
    else { return "" }
    return Markup.element(name, attributes, [PlotStyle.standalone] + children).rendered
  }

  func markup(_ size: PlotSize) -> Markup {
    let legend = legend(size)
    var canvas = PlotCanvas(
      width: size.width, height: (size == .wide ? 360 : 300) + legend.height)
    draw(on: &canvas, legend)
    return canvas.svg("front-\(size.suffix)", title: title, describing: summary)
  }

  /// The points no other beats in both size and share, the smallest first.
  public var front: [Point] {
    var front: [Point] = []
    let heights = drawn.map { ($0.element, quality.height($0.element.agreement)) }
    var highest = -Double.infinity
    for (point, height) in heights.sorted(by: { ($0.0.bytes, -$0.1) < ($1.0.bytes, -$1.1) })
    where height > highest {
      front.append(point)
      highest = height
    }
    return front
  }

  /// Without a figure a point has no place.
  private var drawn: [(offset: Int, element: Point)] {
    points.enumerated().filter { $0.element.agreement.isFinite }
  }

  private var summary: String {
    let shown = points.prefix(40).map {
      "\(DisplayText.clean($0.name, limit: 80)): \(Human.bytes($0.bytes)), "
        + quality.tip($0.agreement)
    }
    return "File size across, \(shareName) up. " + shown.joined(separator: "; ")
      + ". The dotted line joins the points that no other beats in both."
  }

  private func legend(_ size: PlotSize) -> PlotLegend {
    PlotLegend(
      namesPoints ? points.enumerated().map { ($0.element.name, $0.offset) } : [],
      width: size.width)
  }

  private func draw(on canvas: inout PlotCanvas, _ legend: PlotLegend) {
    let sizes = drawn.map { Double(max($0.element.bytes, 1)) }
    let (least, most) = (sizes.min() ?? 1, max(sizes.max() ?? 1, Double(maximumBytes ?? 1)))
    // What shrinks by factors is read in factors: on an even axis all that is small would be one spot.
    let isLogarithmic = most >= 3 * least
    let x = isLogarithmic ? (least / 1.25, most * 1.25) : (0, most * 1.08)
    let ends = drawn.map(\.element).flatMap {
      [$0.agreement, $0.interval?.lower ?? $0.agreement, $0.interval?.upper ?? $0.agreement]
    }.map(quality.height)
    let (low, high) = (ends.min() ?? 0, ends.max() ?? 1)
    let room = max((high - low) * 0.1, 0.002)
    let top = quality == .share ? 1 : Double.infinity
    let (unit, name) = Self.unit(most)
    let axes = PlotAxes(
      &canvas, x: x, y: (max(0, low - room), min(top, high + room)),
      names: ("file size, \(name)" + (isLogarithmic ? " (log scale)" : ""), shareName),
      labels: ({ PlotCanvas.number($0 / unit) }, quality.text), isLogarithmicX: isLogarithmic,
      top: 30 + legend.height)
    legend.draw(on: &canvas, top: 24, withLines: false)
    if let maximumBytes {
      let place = axes.x(Double(maximumBytes))
      canvas.line(place, axes.frame.top, place, axes.frame.bottom, "limit")
    }
    drawFront(axes, on: &canvas)
    for (index, point) in drawn {
      let (x, y) = (axes.x(Double(point.bytes)), axes.y(quality.height(point.agreement)))
      let mark = PlotMark(series: index)
      if let interval = point.interval {
        let (top, bottom) = (
          axes.y(quality.height(interval.upper)), axes.y(quality.height(interval.lower))
        )
        canvas.line(x, top, x, bottom, mark.error)
        canvas.line(x - 5, top, x + 5, top, mark.error)
        canvas.line(x - 5, bottom, x + 5, bottom, mark.error)
      }
      let tip =
        "\(DisplayText.clean(point.name, limit: 200)): \(Human.bytes(point.bytes)), "
        + quality.tip(point.agreement)
      if namesPoints {
        canvas.shape(mark.outline(x, y), mark.style, tip: tip)
      } else {
        canvas.add(
          "circle", front.contains(point) ? "on" : "off", [("cx", x), ("cy", y), ("r", 4)],
          [.element("title", tip)])
      }
    }
  }

  /// Steps: with as many bytes as a point has, one can have what that point has, until the next.
  private func drawFront(_ axes: PlotAxes, on canvas: inout PlotCanvas) {
    var path: [(x: Double, y: Double)] = []
    for point in front {
      let (x, y) = (axes.x(Double(point.bytes)), axes.y(quality.height(point.agreement)))
      if let last = path.last { path.append((x, last.y)) }
      path.append((x, y))
    }
    if let last = path.last { path.append((axes.frame.right, last.y)) }
    canvas.path(path, "front")
  }

  private static func unit(_ bytes: Double) -> (size: Double, name: String) {
    bytes >= 2e9 ? (1e9, "GB") : bytes >= 2e6 ? (1e6, "MB") : bytes >= 2e3 ? (1e3, "kB") : (1, "B")
  }
}
