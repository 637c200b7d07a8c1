/// For a pull request or a wiki: GitHub's Markdown.
public enum MarkdownRenderer: Renderer {
  public static let name = "markdown"

  public static func render(_ report: Report, width: Int = 80) -> String {
    report.blocks.map(render).filter { !$0.isEmpty }.joined(separator: "\n")
  }

  private static func render(_ block: Report.Block) -> String {
    switch block {
    case .heading(let text):
      return "## \(escaped(DisplayText.clean(text)))\n"
    case .facts(let facts):
      return facts.map {
        "- \(escaped(DisplayText.clean($0.name))): \(escaped(DisplayText.clean($0.value)))\n"
      }.joined()
    case .table(let table):
      return MarkdownTable.render(table)
    case .verbatim(let text):
      // The text cannot close a fence that is longer than any run of backticks in it.
      let longest = text.split { $0 != "`" }.map(\.count).max() ?? 0
      let fence = String(repeating: "`", count: max(3, longest + 1))
      return "\(fence)text\n\(text.hasSuffix("\n") ? text : text + "\n")\(fence)\n"
    case .note(let text):
      return "> \(escaped(DisplayText.clean(text)))\n"
    }
  }

  /// `text` with a backslash before each special character.
  ///
  /// GitHub also makes links of bare addresses, and notifies people at `@name`; a zero-width space
  /// prevents both.
  static func escaped(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      if "\\`*_[]<>|~&#".unicodeScalars.contains(scalar) { result += "\\" }
      result.unicodeScalars.append(scalar)
      if scalar == "@" { result += "&#8203;" }
    }
    return result.replacing("://", with: ":&#8203;//")
      .replacing(/(?i)www\./) { "\($0.output)&#8203;" }
  }
}

/// A table in GitHub's Markdown.
public enum MarkdownTable {
  public static func render(_ table: ReportTable) -> String {
    func line(_ cells: [String]) -> String { "| " + cells.joined(separator: " | ") + " |\n" }
    var text =
      table.title.map { "**\(MarkdownRenderer.escaped(DisplayText.clean($0)))**\n\n" } ?? ""
    text += line(table.columns.map { MarkdownRenderer.escaped(DisplayText.clean($0.title)) })
    text += line(table.columns.map { $0.alignment == .trailing ? "---:" : "---" })
    for row in table.rows {
      text += line(table.columns.indices.map { cell(table.cell(row, $0)) })
    }
    return text
  }

  private static func cell(_ cell: ReportCell) -> String {
    guard case .excerpt = cell else { return MarkdownRenderer.escaped(cell.display) }
    // A code span makes no links and no mentions; bars in a table still need an escape.
    let text = cell.display.replacing("`", with: "'").replacing("|", with: "\\|")
    return text.isEmpty ? "" : "`\(text)`"
  }
}
