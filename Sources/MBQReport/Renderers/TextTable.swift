/// A table for a fixed-width font.
public enum TextTable {
  private static let gap = "  "
  /// No column is made narrower than this to fit a page.
  private static let narrowest = 8

  /// The table in at most `width` columns, ending with a line break.
  ///
  /// Columns that may wrap or be shortened become narrower, the widest first. If the table is still too
  /// wide, its lines are longer than `width`: numbers are never cut.
  public static func render(_ table: ReportTable, width: Int = 80) -> String {
    let titles = table.columns.map { DisplayText.clean($0.title) }
    let cells = table.rows.map { row in
      table.columns.indices.map { table.cell(row, $0).display }
    }
    var widths = titles.map { DisplayText.width($0) }
    for row in cells {
      for (column, cell) in row.enumerated() {
        widths[column] = max(widths[column], DisplayText.width(cell))
      }
    }
    fit(&widths, of: table.columns, into: width)
    var text =
      table.title.map { title in
        DisplayText.wrapped(DisplayText.clean(title), to: width).map { $0 + "\n" }.joined()
      } ?? ""
    text += lines(titles, widths, table.columns)
    text += widths.map { String(repeating: "-", count: $0) }.joined(separator: gap) + "\n"
    for row in cells { text += lines(row, widths, table.columns) }
    return text
  }

  private static func fit(
    _ widths: inout [Int], of columns: [ReportTable.Column], into width: Int
  ) {
    var excess = widths.reduce(0, +) + gap.count * max(0, widths.count - 1) - width
    let flexible = columns.indices.filter { columns[$0].overflow != .keep }
    while excess > 0 {
      // The widest columns shrink together to the width of the next.
      let largest = flexible.map { widths[$0] }.max() ?? 0
      guard largest > narrowest else { return }
      let wide = flexible.filter { widths[$0] == largest }
      let next = max(narrowest, flexible.map { widths[$0] }.filter { $0 < largest }.max() ?? 0)
      let step = min(largest - next, (excess + wide.count - 1) / wide.count)
      for column in wide {
        let cut = min(step, excess)
        widths[column] -= cut
        excess -= cut
      }
    }
  }

  /// One row, in as many lines as its tallest cell needs.
  private static func lines(
    _ cells: [String], _ widths: [Int], _ columns: [ReportTable.Column]
  ) -> String {
    let parts = zip(cells, zip(widths, columns)).map { cell, place in
      place.1.overflow == .wrap
        ? DisplayText.wrapped(cell, to: place.0)
        : [place.1.overflow == .keep ? cell : DisplayText.shortened(cell, to: place.0)]
    }
    var text = ""
    for line in 0..<(parts.map(\.count).max() ?? 0) {
      var row = zip(parts, zip(widths, columns)).map { part, place in
        DisplayText.padded(
          part.indices.contains(line) ? part[line] : "", to: place.0,
          trailing: place.1.alignment == .trailing)
      }.joined(separator: gap)
      while row.last == " " { row.removeLast() }
      text += row + "\n"
    }
    return text
  }
}
