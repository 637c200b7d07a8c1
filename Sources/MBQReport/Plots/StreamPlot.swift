import Foundation
import MBQEvaluation

/// How large the residual stream is after each layer, on a logarithmic scale beside what half floats hold:
/// a self-contained SVG, readable in light and dark.
public struct StreamPlot: Sendable {
  public struct Point: Equatable, Sendable {
    /// The layer.
    public var name: String
    /// The largest magnitude of any channel, and of the median channel.
    public var largest: Double
    public var median: Double
    /// The largest one after equalization.
    public var equalized: Double

    public init(name: String, largest: Double, median: Double, equalized: Double) {
      self.name = name
      self.largest = largest
      self.median = median
      self.equalized = equalized
    }
  }

  public var title: String
  public var points: [Point]

  public init(title: String, points: [Point]) {
    self.title = title
    self.points = points
  }

  private static let width = 640.0
  private static let height = 400.0
  private static let left = 56.0
  private static let right = 24.0
  private static let top = 56.0
  private static let bottom = 48.0
  /// The largest half float, and the smallest normal one.
  private static let half = (largest: 65504.0, smallest: 0x1p-14)

  public var svg: String {
    let values = points.flatMap { [$0.largest, $0.median, $0.equalized] }.filter {
      $0 > 0 && $0.isFinite
    }
    // Decades, wide enough for the limits that are near; below 1e-300 there are no whole ones.
    let lowest = floor(log10(min(max(values.min() ?? 1, 1e-300), 0.1)))
    let highest = ceil(log10(max(values.max() ?? 1, 1.2e5)))
    func y(_ value: Double) -> Double {
      let share = max(0, (log10(value) - lowest) / (highest - lowest))
      return Self.height - Self.bottom - share * (Self.height - Self.top - Self.bottom)
    }
    func x(_ index: Int) -> Double {
      let span = Self.width - Self.left - Self.right
      return Self.left
        + (points.count > 1 ? span * Double(index) / Double(points.count - 1) : span / 2)
    }
    var parts = [header, text(Self.left, 20, "start", title)]
    for exponent in Int(lowest)...Int(highest) {
      let place = y(pow(10, Double(exponent)))
      parts.append(line(Self.left, place, Self.width - Self.right, place, "grid"))
      parts.append(
        #"<text x="\#(number(Self.left - 6))" y="\#(number(place + 4))" text-anchor="end">10<tspan dy="-4" font-size="9">\#(exponent)</tspan></text>"#
      )
    }
    for (limit, name) in [
      (Self.half.largest, "largest half float, 65504"),
      (Self.half.smallest, "smallest normal half float"),
    ] where log10(limit) > lowest {
      parts.append(line(Self.left, y(limit), Self.width - Self.right, y(limit), "limit"))
      parts.append(text(Self.width - Self.right, y(limit) - 4, "end", name))
    }
    let every = max(1, (points.count + 15) / 16)
    for (index, point) in points.enumerated() where index.isMultiple(of: every) {
      parts.append(text(x(index), Self.height - Self.bottom + 18, "middle", point.name))
    }
    for (style, value) in [
      ("median", \Point.median), ("equalized", \Point.equalized), ("largest", \Point.largest),
    ] {
      let path = points.enumerated().filter {
        $0.element[keyPath: value] > 0 && $0.element[keyPath: value].isFinite
      }.map {
        "\(number(x($0.offset))),\(number(y($0.element[keyPath: value])))"
      }
      parts.append(#"<polyline class="\#(style)" points="\#(path.joined(separator: " "))"/>"#)
    }
    for (index, (style, name)) in [
      ("largest", "largest channel"), ("median", "median channel"),
      ("equalized", "largest channel, equalized"),
    ].enumerated() {
      let start = Self.left + Double(index) * 160
      parts.append(
        #"<polyline class="\#(style)" points="\#(number(start)),36 \#(number(start + 24)),36"/>"#)
      parts.append(text(start + 30, 40, "start", name))
    }
    parts.append(text(Self.width / 2, Self.height - 8, "middle", "layer"))
    parts.append("</svg>\n")
    return parts.joined(separator: "\n")
  }

  private var header: String {
    """
    <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(Int(Self.width)) \(Int(Self.height))" \
    font-family="system-ui, sans-serif" font-size="12">
    <style>
    text { fill: #222 } .grid { stroke: #ccc } .limit { stroke: #b00; stroke-dasharray: 4 4 }
    polyline { fill: none; stroke-width: 1.5 } .largest { stroke: #c50 } .median { stroke: #06c }
    .equalized { stroke: #282; stroke-dasharray: 6 3 }
    @media (prefers-color-scheme: dark) {
    text { fill: #ddd } .grid { stroke: #444 } .limit { stroke: #f66 } .largest { stroke: #fa5 }
    .median { stroke: #6af } .equalized { stroke: #6c6 } }
    </style>
    """
  }

  private func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, _ style: String)
    -> String
  {
    #"<line class="\#(style)" x1="\#(number(x1))" y1="\#(number(y1))" x2="\#(number(x2))" y2="\#(number(y2))"/>"#
  }

  private func text(_ x: Double, _ y: Double, _ anchor: String, _ content: String) -> String {
    let escaped = Markup.escaped(DisplayText.clean(content, limit: 80))
    return #"<text x="\#(number(x))" y="\#(number(y))" text-anchor="\#(anchor)">\#(escaped)</text>"#
  }

  private func number(_ value: Double) -> String { fixedPoint(value, digits: 1) }
}
