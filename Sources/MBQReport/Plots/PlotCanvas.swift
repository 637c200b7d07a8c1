import MBQEvaluation

/// The width of a drawing.
///
/// A plot is drawn twice, for a desktop and for a phone, because text that shrinks with its drawing is
/// not readable. One unit is one CSS pixel.
public enum PlotSize: Sendable, CaseIterable {
  case wide
  case narrow

  var width: Double { self == .wide ? 720 : 318 }
  /// For names in attributes.
  var suffix: String { self == .wide ? "wide" : "narrow" }
}

/// A drawing under construction: shapes in painting order.
struct PlotCanvas {
  struct Box {
    var left: Double
    var top: Double
    var right: Double
    var bottom: Double
  }

  let width: Double
  let height: Double
  static let fontSize = 13.0
  static let lineHeight = 17.0
  private var parts: [Markup] = []

  init(width: Double, height: Double) {
    self.width = width
    self.height = height
  }

  mutating func add(
    _ name: String, _ style: String, _ numbers: [(String, Double)], _ children: [Markup] = []
  ) {
    let attributes =
      [Markup.Attribute("class", style)]
      + numbers.map { Markup.Attribute($0.0, Self.number($0.1)) }
    parts.append(.element(name, attributes, children))
  }

  mutating func line(
    _ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, _ style: String
  ) {
    add("line", style, [("x1", x1), ("y1", y1), ("x2", x2), ("y2", y2)])
  }

  mutating func rectangle(
    _ box: Box, _ style: String, opacity: Double? = nil, tip: String? = nil
  ) {
    var numbers = [
      ("x", box.left), ("y", box.top), ("width", box.right - box.left),
      ("height", box.bottom - box.top),
    ]
    if let opacity { numbers.append(("fill-opacity", opacity)) }
    add("rect", style, numbers, tip.map { [.element("title", $0)] } ?? [])
  }

  /// Through the points, one after the other.
  mutating func path(_ points: [(x: Double, y: Double)], _ style: String) {
    guard points.count > 1 else { return }
    let text = points.enumerated().map { index, point in
      "\(index == 0 ? "M" : "L")\(Self.number(point.x)) \(Self.number(point.y))"
    }
    shape(text.joined(), style)
  }

  mutating func shape(_ data: String, _ style: String, tip: String? = nil) {
    parts.append(
      .element(
        "path", [.init("class", style), .init("d", data)],
        tip.map { [.element("title", $0)] } ?? []))
  }

  enum Anchor: String { case start, middle, end }

  /// `y` is the baseline of the text.
  mutating func text(
    _ text: String, _ x: Double, _ y: Double, _ anchor: Anchor = .start, style: String = "t"
  ) {
    parts.append(
      .element(
        "text",
        [
          .init("class", style), .init("x", Self.number(x)), .init("y", Self.number(y)),
          .init("text-anchor", anchor.rawValue),
        ], [.text(text)]))
  }

  /// The box that a text covers, by the usual width of letters in system fonts.
  static func box(_ text: String, _ x: Double, _ y: Double, _ anchor: Anchor) -> Box {
    let width = textWidth(text)
    let left = anchor == .start ? x : anchor == .end ? x - width : x - width / 2
    return Box(left: left, top: y - fontSize, right: left + width, bottom: y + fontSize * 0.3)
  }

  static func textWidth(_ text: String) -> Double {
    Double(DisplayText.width(text)) * fontSize * 0.58
  }

  /// `text` cut to fit `width`.
  static func fitted(_ text: String, to width: Double) -> String {
    DisplayText.shortened(text, to: max(4, Int(width / (fontSize * 0.58))))
  }

  /// The drawing.
  ///
  /// `name` is unique on its page; `describing` is the description for screen readers.
  func svg(_ name: String, title: String, describing description: String) -> Markup {
    .element(
      "svg",
      [
        .init("xmlns", "http://www.w3.org/2000/svg"),
        .init("viewBox", "0 0 \(Self.number(width)) \(Self.number(height))"),
        .init("width", Self.number(width)), .init("height", Self.number(height)),
        .init("role", "img"), .init("aria-labelledby", "\(name)-title \(name)-desc"),
        .init("font-size", Self.number(Self.fontSize)),
        .init("font-family", "system-ui, sans-serif"),
      ],
      [
        .element("title", [.init("id", "\(name)-title")], [.text(title)]),
        .element("desc", [.init("id", "\(name)-desc")], [.text(description)]),
      ] + parts)
  }

  static func number(_ value: Double) -> String {
    guard value.isFinite else { return "0" }
    let text = fixedPoint(value, digits: 2)
    var trimmed = Substring(text)
    while trimmed.last == "0" { trimmed.removeLast() }
    if trimmed.last == "." { trimmed.removeLast() }
    return trimmed == "-0" ? "0" : String(trimmed)
  }
}
