/// Text on a terminal: how wide it is, and what of it is safe to show.
public enum DisplayText {
  /// `text` in one line, without anything that could steer a terminal.
  ///
  /// Runs of white space become one space; other control characters, and the marks that turn the
  /// direction of writing, become U+FFFD: a dataset must not be able to move the cursor, recolour or
  /// reorder what is around it. At most `limit` scalars are kept.
  public static func clean(_ text: String, limit: Int = 4096) -> String {
    var result = String.UnicodeScalarView()
    var isSpacePending = false
    for scalar in text.unicodeScalars.prefix(limit) {
      if scalar.properties.isWhitespace {
        isSpacePending = !result.isEmpty
        continue
      }
      if isSpacePending { result.append(" ") }
      isSpacePending = false
      result.append(isUnsafe(scalar) ? "\u{FFFD}" : scalar)
    }
    return String(result)
  }

  /// `text` as it is, line by line, but without anything that could steer a terminal.
  public static func inert(_ text: String) -> String {
    String(
      String.UnicodeScalarView(
        text.unicodeScalars.map { $0 != "\n" && isUnsafe($0) ? "\u{FFFD}" : $0 }))
  }

  /// A control character, or a mark that turns the direction of what follows.
  static func isUnsafe(_ scalar: Unicode.Scalar) -> Bool {
    scalar.properties.generalCategory == .control || turnsDirection(scalar)
  }

  private static func turnsDirection(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x061C, 0x200E, 0x200F, 0x202A...0x202E, 0x2066...0x2069: true
    default: false
    }
  }

  /// The columns of a terminal that `text` takes.
  public static func width(_ text: some StringProtocol) -> Int {
    text.reduce(0) { $0 + width($1) }
  }

  /// The columns that one character takes: 0, 1 or 2.
  ///
  /// A character is what Unicode's segmentation says (a letter with its marks, an emoji of several
  /// parts): two columns when it is East Asian wide or fullwidth (UAX #11) or shown as an emoji.
  public static func width(_ character: Character) -> Int {
    let scalars = character.unicodeScalars
    guard let first = scalars.first else { return 0 }
    if first.value < 0x7F { return first.value < 0x20 ? 0 : scalars.contains("\u{FE0F}") ? 2 : 1 }
    if isWide(first) || first.properties.isEmojiPresentation { return 2 }
    if scalars.contains("\u{FE0F}") && first.properties.isEmoji { return 2 }
    switch first.properties.generalCategory {
    case .nonspacingMark, .enclosingMark, .control, .format: return 0
    default: return 1
    }
  }

  /// The longest start of `text` that fits `columns`, with `...` when something is missing.
  public static func shortened(_ text: String, to columns: Int) -> String {
    if width(text) <= columns { return text }
    let dots = columns >= 4 ? "..." : ""
    return prefix(text[...], columns: columns - dots.count) + dots
  }

  /// `text` in lines of at most `columns`, broken at spaces where there are some.
  ///
  /// At least one line.
  public static func wrapped(_ text: String, to columns: Int) -> [String] {
    let columns = max(columns, 2)
    var lines: [String] = []
    var line = ""
    var lineWidth = 0
    for word in text.split(separator: " ") {
      var word = word
      var wordWidth = width(word)
      if !line.isEmpty && lineWidth + 1 + wordWidth <= columns {
        line += " " + word
        lineWidth += 1 + wordWidth
        continue
      }
      if !line.isEmpty { lines.append(line) }
      while wordWidth > columns {
        let start = prefix(word, columns: columns)
        lines.append(start)
        word = word.dropFirst(start.count)
        wordWidth = width(word)
      }
      line = String(word)
      lineWidth = wordWidth
    }
    if !line.isEmpty || lines.isEmpty { lines.append(line) }
    return lines
  }

  /// `text` filled with spaces to `columns`.
  public static func padded(_ text: String, to columns: Int, trailing: Bool) -> String {
    let spaces = String(repeating: " ", count: max(0, columns - width(text)))
    return trailing ? spaces + text : text + spaces
  }

  private static func prefix(_ text: Substring, columns: Int) -> String {
    var result = ""
    var used = 0
    for character in text {
      used += width(character)
      if used > columns { break }
      result.append(character)
    }
    return result
  }
}
