/// A JSON document whose members keep their order.
public indirect enum JSONValue: Sendable, Equatable {
  case null
  case boolean(Bool)
  case integer(Int)
  /// Printed with enough digits to read the same double back. NaN and infinities, which JSON does not
  /// have, become `null`.
  case number(Double)
  case string(String)
  case array([JSONValue])
  case object([JSONMember])
}

/// A name and a value of an object.
public struct JSONMember: Sendable, Equatable {
  public var name: String
  public var value: JSONValue

  public init(_ name: String, _ value: JSONValue) {
    self.name = name
    self.value = value
  }
}

extension JSONValue {
  /// The document (RFC 8259), indented by two spaces, with a line break at its end.
  ///
  /// The same value gives the same bytes everywhere. Arrays of numbers stay on one line.
  public var text: String {
    var text = ""
    write(to: &text, indent: 0)
    return text + "\n"
  }

  /// The document in one line, without a line break: for JSON Lines.
  public var line: String {
    var text = ""
    write(to: &text, indent: nil)
    return text
  }

  /// `indent` is the depth, or `nil` for everything in one line.
  private func write(to text: inout String, indent: Int?) {
    switch self {
    case .null: text += "null"
    case .boolean(let value): text += value ? "true" : "false"
    case .integer(let value): text += "\(value)"
    case .number(let value): text += Self.number(value)
    case .string(let value): Self.quote(value, to: &text)
    case .array(let values):
      let isFlat = values.allSatisfy(\.isNumber)
      Self.write(
        values, between: ("[", "]"), to: &text, indent: isFlat ? nil : indent, isFlat: isFlat
      ) { value, text, indent in value.write(to: &text, indent: indent) }
    case .object(let members):
      Self.write(members, between: ("{", "}"), to: &text, indent: indent, isFlat: false) {
        member, text, indent in
        Self.quote(member.name, to: &text)
        text += indent == nil ? ":" : ": "
        member.value.write(to: &text, indent: indent)
      }
    }
  }

  private static func write<Element>(
    _ elements: [Element], between brackets: (String, String), to text: inout String,
    indent: Int?, isFlat: Bool, element: (Element, inout String, Int?) -> Void
  ) {
    text += brackets.0
    for (index, value) in elements.enumerated() {
      if index > 0 { text += isFlat ? ", " : "," }
      if let indent { text += "\n" + String(repeating: "  ", count: indent + 1) }
      element(value, &text, indent.map { $0 + 1 })
    }
    if let indent, !elements.isEmpty { text += "\n" + String(repeating: "  ", count: indent) }
    text += brackets.1
  }

  private var isNumber: Bool {
    switch self {
    case .integer, .number: true
    default: false
    }
  }

  private static func number(_ value: Double) -> String {
    guard value.isFinite else { return "null" }
    // Swift's shortest form that reads back as the same double, without the `.0` of whole numbers.
    let text = "\(value)"
    return text.hasSuffix(".0") && value != 0 ? String(text.dropLast(2)) : text
  }

  /// Control characters are escaped, as RFC 8259 requires.
  ///
  /// U+007F...U+009F, which terminals interpret, and U+2028 and U+2029, which end a line in older
  /// JavaScript, are escaped too.
  private static func quote(_ value: String, to text: inout String) {
    text += "\""
    for scalar in value.unicodeScalars {
      switch scalar {
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      case "\n": text += "\\n"
      case "\r": text += "\\r"
      case "\t": text += "\\t"
      case "\0"..."\u{1F}", "\u{7F}"..."\u{9F}", "\u{2028}", "\u{2029}":
        let digits = String(scalar.value, radix: 16)
        text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: text.unicodeScalars.append(scalar)
      }
    }
    text += "\""
  }
}
