/// `text` between `mark`s for a message.
///
/// Control characters and direction marks become escapes, and a long text is cut, so that a hostile
/// file cannot forge a message.
func quoted(_ text: String, _ mark: String = "'") -> String {
  var result = mark
  for (index, scalar) in text.unicodeScalars.enumerated() {
    if index == 200 {
      result += "…"
      break
    }
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .surrogate,
      .unassigned:
      result += "\\u{\(String(scalar.value, radix: 16, uppercase: true))}"
    default:
      result.unicodeScalars.append(scalar)
    }
  }
  return result + mark
}

/// `a`, `a and b`, or `a, b and c`, with `conjunction` for "and".
func listed(_ words: [String], _ conjunction: String = "and") -> String {
  guard let last = words.last, words.count > 1 else { return words.first ?? "" }
  return words.dropLast().joined(separator: ", ") + " \(conjunction) " + last
}

/// "1 tensor", "3 tensors".
func counted(_ count: Int, _ noun: String, plural: String? = nil) -> String {
  "\(count) \(count == 1 ? noun : plural ?? noun + "s")"
}

/// `[512, 128]`; a long shape is cut.
func described(_ shape: [Int]) -> String {
  let shown = shape.prefix(16).map(String.init)
  return "[" + (shown + (shape.count > 16 ? ["…"] : [])).joined(separator: ", ") + "]"
}
