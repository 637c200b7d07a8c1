/// For a terminal: blocks with an empty line between, columns two spaces apart.
public enum TextRenderer: Renderer {
  public static let name = "text"

  public static func render(_ report: Report, width: Int = 80) -> String {
    var parts: [String] = []
    var endsWithNote = false
    for block in report.blocks {
      let isNote = if case .note = block { true } else { false }
      let text = render(block, width: width)
      // Notes belong together.
      if isNote && endsWithNote { parts[parts.count - 1] += text } else { parts.append(text) }
      endsWithNote = isNote
    }
    return parts.filter { !$0.isEmpty }.joined(separator: "\n")
  }

  private static func render(_ block: Report.Block, width: Int) -> String {
    switch block {
    case .heading(let text):
      return DisplayText.clean(text) + "\n"
    case .facts(let facts):
      let names = facts.map { DisplayText.clean($0.name) }
      let column = (names.map { DisplayText.width($0) }.max() ?? 0) + 2
      return zip(names, facts).map { name, fact in
        hanging(
          DisplayText.padded(name, to: column, trailing: false), DisplayText.clean(fact.value),
          indent: column, width: width)
      }.joined()
    case .table(let table):
      return TextTable.render(table, width: width)
    case .verbatim(let text):
      return text.hasSuffix("\n") ? text : text + "\n"
    case .note(let text):
      return hanging("note: ", DisplayText.clean(text), indent: 6, width: width)
    }
  }

  /// `text` after `start`, its further lines below its first.
  private static func hanging(
    _ start: String, _ text: String, indent: Int, width: Int
  ) -> String {
    let lines = DisplayText.wrapped(text, to: max(width - indent, 20))
    let rest = lines.dropFirst().map { String(repeating: " ", count: indent) + $0 + "\n" }
    return start + lines[0] + "\n" + rest.joined()
  }
}
