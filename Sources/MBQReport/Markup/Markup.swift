/// HTML or SVG as a tree.
///
/// Text and attributes are escaped when they are written, so that text of a dataset or a model
/// cannot become markup.
public indirect enum Markup: Sendable {
  case text(String)
  case element(String, [Attribute], [Markup])
  case group([Markup])
  /// A style sheet from the source code, which escaping would break; never text from a file.
  case constant(String)

  public struct Attribute: Sendable {
    public var name: String
    public var value: String

    public init(_ name: String, _ value: String) {
      self.name = name
      self.value = value
    }
  }

  public static let nothing = Markup.group([])

  public static func element(_ name: String, _ children: [Markup]) -> Markup {
    .element(name, [], children)
  }

  public static func element(_ name: String, _ text: String) -> Markup {
    .element(name, [], [.text(text)])
  }

  /// `class` and the children.
  public static func element(_ name: String, style: String, _ children: [Markup]) -> Markup {
    .element(name, [Attribute("class", style)], children)
  }

  /// The same text is valid HTML and, for SVG, valid XML.
  public var rendered: String {
    var text = ""
    render(into: &text)
    return text
  }

  private func render(into result: inout String) {
    switch self {
    case .text(let text): result += Self.escaped(text)
    case .constant(let text): result += text
    case .group(let parts): for part in parts { part.render(into: &result) }
    case .element(let name, let attributes, let children):
      result += "<\(name)"
      for attribute in attributes {
        result += " \(attribute.name)=\"\(Self.escaped(attribute.value))\""
      }
      if Self.emptyElements.contains(name) {
        result += ">"
        return
      }
      result += ">"
      for child in children { child.render(into: &result) }
      result += "</\(name)>"
      if Self.blocks.contains(name) { result += "\n" }
    }
  }

  /// Elements of HTML that have no end tag.
  private static let emptyElements: Set<String> = ["meta", "br", "hr", "col", "link", "img"]
  /// A line break follows these, so that people can read and compare the file.
  private static let blocks: Set<String> = [
    "p", "h1", "h2", "h3", "tr", "table", "section", "figure", "svg", "style", "head", "summary",
    "details", "div", "li", "ul", "g", "path", "header", "main", "footer", "title", "desc",
  ]

  /// `text` with the five special characters escaped.
  ///
  /// Control characters, direction marks, and the two code points that XML forbids become U+FFFD.
  static func escaped(_ text: String) -> String {
    var result = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result.append(contentsOf: "&amp;".unicodeScalars)
      case "<": result.append(contentsOf: "&lt;".unicodeScalars)
      case ">": result.append(contentsOf: "&gt;".unicodeScalars)
      case "\"": result.append(contentsOf: "&quot;".unicodeScalars)
      case "'": result.append(contentsOf: "&#39;".unicodeScalars)
      case "\n", "\t": result.append(scalar)
      case "\u{FFFE}", "\u{FFFF}": result.append("\u{FFFD}")
      default: result.append(DisplayText.isUnsafe(scalar) ? "\u{FFFD}" : scalar)
      }
    }
    return String(result)
  }
}
