/// `text` as a JSON string with quotes; only characters that need an escape are escaped.
func jsonQuoted(_ text: String) -> String {
  var result = "\""
  for scalar in text.unicodeScalars {
    switch scalar {
    case "\"", "\\":
      result += "\\"
      result.unicodeScalars.append(scalar)
    case "\u{0}"..."\u{1F}":
      let digits = String(scalar.value, radix: 16)
      result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
    default: result.unicodeScalars.append(scalar)
    }
  }
  return result + "\""
}

extension JSONValue {
  /// The value as Python's `json.dumps(value, indent=2)` lays it out, members in their order.
  ///
  /// Doubles have enough digits to read the same value back.
  func text(indent: Int = 0) -> String {
    let inner = String(repeating: " ", count: indent + 2)
    let outer = String(repeating: " ", count: indent)
    func lines(_ open: String, _ parts: [String], _ close: String) -> String {
      parts.isEmpty
        ? open + close
        : "\(open)\n\(parts.map { inner + $0 }.joined(separator: ",\n"))\n\(outer)\(close)"
    }
    switch self {
    case .null: return "null"
    case .bool(let value): return value ? "true" : "false"
    case .integer(let value): return "\(value)"
    case .number(let value): return "\(value)"
    case .string(let value): return jsonQuoted(value)
    case .array(let values): return lines("[", values.map { $0.text(indent: indent + 2) }, "]")
    case .object(let object):
      return lines(
        "{",
        object.members.map { "\(jsonQuoted($0.key)): \($0.value.text(indent: indent + 2))" }, "}")
    }
  }
}

extension JSONObject {
  /// The same object with `key` set: in its place, or behind the others.
  func setting(_ key: String, _ value: JSONValue) -> JSONObject {
    var members = members
    if let place = members.firstIndex(where: { ExactString($0.key) == ExactString(key) }) {
      members[place].value = value
    } else {
      members.append(Member(key: key, value: value))
    }
    do throws(DuplicateKey) {
      return try JSONObject(members: members)
    } catch {
      preconditionFailure("a key was set twice")
    }
  }
}
