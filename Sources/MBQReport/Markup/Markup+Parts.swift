/// The parts pages are made of.
extension Markup {
  static func paragraph(_ text: String) -> Markup { .element("p", [prose(text)]) }

  /// Text in which a number and its unit stay on one line.
  static func prose(_ text: String) -> Markup {
    .text(
      [" %", " ms", " kB", " MB", " GB"].reduce(text) {
        $0.replacing($1, with: "\u{A0}" + $1.dropFirst())
      })
  }

  /// A drawing for wide pages and one for narrow pages; the style sheet shows one of them.
  static func figure(caption: String, _ drawing: (PlotSize) -> Markup) -> Markup {
    .element(
      "figure",
      PlotSize.allCases.map { size in
        .element("div", style: "plot \(size.suffix)", [drawing(size)])
      } + [.element("figcaption", [prose(caption)])])
  }

  /// A table in a box that scrolls if the table is too wide for the page.
  ///
  /// The first cell of each row is its heading. A column that is `marked` stands out; with `stacks` a
  /// narrow page shows each row as a paragraph.
  static func table(
    _ table: ReportTable, caption: String, marked: Int? = nil, stacks: Bool = false
  ) -> Markup {
    func style(_ column: Int) -> [Attribute] {
      var names: [String] = []
      if table.columns[column].alignment == .trailing { names.append("num") }
      if column == marked { names.append("pick") }
      return (names.isEmpty ? [] : [Attribute("class", names.joined(separator: " "))])
        + (stacks ? [Attribute("data-name", DisplayText.clean(table.columns[column].title))] : [])
    }
    let head = table.columns.indices.map { column in
      Markup.element(
        "th", [.init("scope", "col")] + style(column),
        [.text(DisplayText.clean(table.columns[column].title))])
    }
    let rows = table.rows.map { row in
      Markup.element(
        "tr",
        table.columns.indices.map { column in
          let cell = cell(table.cell(row, column))
          return column == 0
            ? .element("th", [.init("scope", "row")] + style(column), [cell])
            : .element("td", style(column), [cell])
        })
    }
    return .element(
      "div",
      [
        .init("class", stacks ? "table stack" : "table"), .init("role", "region"),
        .init("tabindex", "0"),
        .init("aria-label", caption),
      ],
      [
        .element(
          "table",
          [
            .element("caption", [.element("span", [prose(caption)])]),
            .element("thead", [.element("tr", head)]), .element("tbody", rows),
          ])
      ])
  }

  /// Text of a dataset or a model is isolated, so that its direction does not affect other text.
  private static func cell(_ cell: ReportCell) -> Markup {
    switch cell {
    case .excerpt(let text):
      .element("bdi", [.init("class", "excerpt")], [.text(DisplayText.clean(text, limit: 400))])
    case .text: .element("bdi", [], [.text(DisplayText.shortened(cell.display, to: 200))])
    default: .text(cell.display)
    }
  }
}
