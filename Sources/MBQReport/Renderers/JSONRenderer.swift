/// For a program: facts, tables with one object a row under the columns' keys, notes.
///
/// It leaves out headings and verbatim lines. Commands with a JSON form of their own, such as
/// `EvaluationSummary`, print that form (`JSONText.encode`).
public enum JSONRenderer: Renderer {
  public static let name = "json"

  public static func render(_ report: Report, width: Int = 80) -> String {
    var facts: [JSONMember] = []
    var tables: [JSONValue] = []
    var notes: [JSONValue] = []
    for block in report.blocks {
      switch block {
      case .heading, .verbatim: break
      case .facts(let list): facts += list.map { JSONMember($0.name, $0.json) }
      case .table(let table): tables.append(json(table))
      case .note(let text): notes.append(.string(text))
      }
    }
    return JSONValue.object([
      JSONMember("facts", .object(facts)), JSONMember("tables", .array(tables)),
      JSONMember("notes", .array(notes)),
    ]).text
  }

  private static func json(_ table: ReportTable) -> JSONValue {
    let rows = table.rows.map { row in
      JSONValue.object(
        table.columns.indices.map {
          JSONMember(table.columns[$0].key, table.cell(row, $0).json)
        })
    }
    return .object([
      JSONMember("title", table.title.map { .string($0) } ?? .null),
      JSONMember("rows", .array(rows)),
    ])
  }
}
