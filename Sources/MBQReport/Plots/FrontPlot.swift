import Foundation
import MBQEvaluation

/// File size against the share of answers kept, as a self-contained SVG, readable in light and dark.
public struct FrontPlot: Sendable {
  public struct Point: Equatable, Sendable {
    public var bytes: Int
    /// 0 to 1.
    public var agreement: Double
    public var name: String

    public init(bytes: Int, agreement: Double, name: String) {
      self.bytes = bytes
      self.agreement = agreement
      self.name = name
    }
  }

  public var title: String
  public var maximumBytes: Int
  public var points: [Point]

  public init(title: String, maximumBytes: Int, points: [Point]) {
    self.title = title
    self.maximumBytes = maximumBytes
    self.points = points
  }

  private static let width = 640.0
  private static let height = 400.0
  private static let left = 64.0
  private static let right = 16.0
  private static let top = 40.0
  private static let bottom = 48.0

  public var svg: String {
    let largest = Double(max(points.map(\.bytes).max() ?? 1, maximumBytes)) * 1.05
    let lowest = min(points.map(\.agreement).min() ?? 0, 0.99)
    let floor = max(0, (lowest * 100 - 0.5).rounded(.down) / 100)
    func x(_ bytes: Double) -> Double {
      Self.left + bytes / largest * (Self.width - Self.left - Self.right)
    }
    func y(_ share: Double) -> Double {
      Self.top + (1 - share) / (1 - floor) * (Self.height - Self.top - Self.bottom)
    }
    var parts = [header]
    for index in 0...4 {
      let share = floor + (1 - floor) * Double(index) / 4
      parts.append(line(Self.left, y(share), Self.width - Self.right, y(share), "grid"))
      parts.append(text(Self.left - 6, y(share) + 4, "end", Human.percent(share, digits: 1)))
      let bytes = largest * Double(index) / 4
      parts.append(
        text(x(bytes), Self.height - Self.bottom + 18, "middle", Human.bytes(Int(bytes))))
    }
    parts.append(
      line(x(Double(maximumBytes)), Self.top, x(Double(maximumBytes)), y(floor), "limit"))
    let front = self.front
    let path = front.map { "\(number(x(Double($0.bytes)))),\(number(y($0.agreement)))" }
    parts.append(#"<polyline class="front" points="\#(path.joined(separator: " "))"/>"#)
    for point in points {
      let style = front.contains(point) ? "on" : "off"
      parts.append(
        #"<circle class="\#(style)" cx="\#(number(x(Double(point.bytes))))" cy="\#(number(y(point.agreement)))" r="4">"#
          + "<title>\(escaped(point.name)): \(Human.bytes(point.bytes)), "
          + "\(Human.percent(point.agreement))</title></circle>")
    }
    parts.append(text(Self.width / 2, Self.height - 8, "middle", "file size"))
    parts.append(text(Self.left, 20, "start", title))
    parts.append("</svg>\n")
    return parts.joined(separator: "\n")
  }

  /// The points no other beats in both size and agreement, the smallest first.
  public var front: [Point] {
    var front: [Point] = []
    for point in points.sorted(by: { ($0.bytes, -$0.agreement) < ($1.bytes, -$1.agreement) })
    where point.agreement > front.last?.agreement ?? -1 { front.append(point) }
    return front
  }

  private var header: String {
    """
    <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(Int(Self.width)) \(Int(Self.height))" \
    font-family="system-ui, sans-serif" font-size="12">
    <style>
    text { fill: #222 } .grid { stroke: #ccc } .limit { stroke: #b00; stroke-dasharray: 4 4 }
    .front { fill: none; stroke: #06c; stroke-width: 1.5 } .on { fill: #06c } .off { fill: #999 }
    @media (prefers-color-scheme: dark) {
    text { fill: #ddd } .grid { stroke: #444 } .front { stroke: #6af } .on { fill: #6af } }
    </style>
    """
  }

  private func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, _ style: String)
    -> String
  {
    #"<line class="\#(style)" x1="\#(number(x1))" y1="\#(number(y1))" x2="\#(number(x2))" y2="\#(number(y2))"/>"#
  }

  private func text(_ x: Double, _ y: Double, _ anchor: String, _ content: String) -> String {
    #"<text x="\#(number(x))" y="\#(number(y))" text-anchor="\#(anchor)">\#(escaped(content))</text>"#
  }

  private func number(_ value: Double) -> String { fixedPoint(value, digits: 1) }

  private func escaped(_ text: String) -> String {
    text.replacingOccurrences(of: "&", with: "&amp;").replacingOccurrences(of: "<", with: "&lt;")
  }
}
