/// Text on a terminal: its width, and a form that is safe to show.
public enum DisplayText {
  /// `text` in one line, without characters that control a terminal.
  ///
  /// Runs of white space become one space. Other control characters and direction marks become
  /// U+FFFD: a dataset must not move the cursor, or change the colour or the order of other text.
  /// At most `limit` scalars are kept.
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

  /// `text` line by line, without characters that control a terminal.
  public static func inert(_ text: String) -> String {
    String(
      String.UnicodeScalarView(
        text.unicodeScalars.map { $0 != "\n" && isUnsafe($0) ? "\u{FFFD}" : $0 }))
  }

  /// A control character, or a mark that changes the direction of the text after it.
  static func isUnsafe(_ scalar: Unicode.Scalar) -> Bool {
    scalar.properties.generalCategory == .control || turnsDirection(scalar)
  }

  private static func turnsDirection(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x061C, 0x200E, 0x200F, 0x202A...0x202E, 0x2066...0x2069: true
    default: false
    }
  }

  /// The width of `text` in columns of a terminal.
  public static func width(_ text: some StringProtocol) -> Int {
    text.reduce(0) { $0 + width($1) }
  }

  /// The width of one character in columns: 0, 1 or 2.
  ///
  /// A character is a grapheme cluster of Unicode (a letter with its marks, an emoji of several
  /// parts). It has two columns if it is East Asian wide or fullwidth (UAX #11) or an emoji.
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

  /// The longest prefix of `text` that fits `columns`; it ends with `...` if text is missing.
  public static func shortened(_ text: String, to columns: Int) -> String {
    if width(text) <= columns { return text }
    let dots = columns >= 4 ? "..." : ""
    return prefix(text[...], columns: columns - dots.count) + dots
  }

  /// `text` in lines of at most `columns`, broken at spaces if possible.
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
