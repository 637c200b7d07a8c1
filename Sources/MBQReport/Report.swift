import MBQEvaluation

/// The output of a command, independent of its form: blocks from top to bottom.
public struct Report: Sendable, Equatable {
  public enum Block: Sendable, Equatable {
    case heading(String)
    /// Pairs of a short name and a value, in this order.
    case facts([Fact])
    case table(ReportTable)
    /// Lines that are laid out already, for a fixed-width font.
    case verbatim(String)
    /// A sentence the reader should not miss.
    case note(String)
  }

  public struct Fact: Sendable, Equatable {
    public var name: String
    /// For a person.
    public var value: String
    /// For a program: a number where `value` is one.
    public var json: JSONValue

    public init(_ name: String, _ value: String) {
      self.name = name
      self.value = value
      json = .string(value)
    }

    public init(_ name: String, _ cell: ReportCell) {
      self.name = name
      value = cell.display
      json = cell.json
    }
  }

  public var blocks: [Block]

  public init(_ blocks: [Block] = []) { self.blocks = blocks }

  public init(_ table: ReportTable) { blocks = [.table(table)] }
}

/// Rows of cells under named columns.
public struct ReportTable: Sendable, Equatable {
  public struct Column: Sendable, Equatable {
    public enum Alignment: Sendable { case leading, trailing }

    /// How a cell gives way if the table is wider than its page.
    public enum Overflow: Sendable {
      /// It stays unchanged: for numbers, because a cut number is wrong.
      case keep
      /// It continues on the next line.
      case wrap
      /// It ends with three dots.
      case shorten
    }

    /// The key in JSON, which never changes.
    public var key: String
    public var title: String
    public var alignment: Alignment
    public var overflow: Overflow

    /// A column of words.
    public static func text(
      _ key: String, _ title: String? = nil, overflow: Overflow = .wrap
    ) -> Column {
      Column(key: key, title: title ?? key, alignment: .leading, overflow: overflow)
    }

    /// A column of numbers.
    public static func number(_ key: String, _ title: String? = nil) -> Column {
      Column(key: key, title: title ?? key, alignment: .trailing, overflow: .keep)
    }
  }

  public var title: String?
  public var columns: [Column]
  /// Each row has a cell for each column.
  ///
  /// Missing cells are empty; extra cells are not shown.
  public var rows: [[ReportCell]]

  public init(title: String? = nil, columns: [Column], rows: [[ReportCell]] = []) {
    self.title = title
    self.columns = columns
    self.rows = rows
  }

  /// The cell of a row, or `.missing`.
  func cell(_ row: [ReportCell], _ column: Int) -> ReportCell {
    row.indices.contains(column) ? row[column] : .missing
  }
}

/// A value; its case says how people read it.
///
/// JSON gets the value itself.
public enum ReportCell: Sendable, Equatable {
  case text(String)
  /// Text of a dataset: shown as code in Markdown, so that it makes no links and mentions nobody.
  case excerpt(String)
  case integer(Int)
  /// An integer with separated thousands.
  case count(Int)
  case number(Double, digits: Int)
  /// A share from 0 to 1, in percent.
  case percent(Double, digits: Int)
  case bytes(Int)
  /// Nanoseconds, shown in milliseconds.
  case milliseconds(nanoseconds: Double)
  /// Not known or not defined.
  case missing

  /// For a person, in one line.
  public var display: String {
    switch self {
    case .text(let text), .excerpt(let text): DisplayText.clean(text)
    case .integer(let value): "\(value)"
    case .count(let value): Human.count(value)
    case .number(let value, let digits):
      value.isFinite ? fixedPoint(value, digits: digits) : "-"
    case .percent(let value, let digits): Human.percent(value, digits: digits)
    case .bytes(let count): Human.bytes(count)
    case .milliseconds(let value): Human.milliseconds(nanoseconds: value)
    case .missing: "-"
    }
  }

  /// For a program: numbers are not rounded, times are in nanoseconds, shares from 0 to 1.
  public var json: JSONValue {
    switch self {
    case .text(let text), .excerpt(let text): .string(text)
    case .integer(let value), .count(let value), .bytes(let value): .integer(value)
    case .number(let value, _), .percent(let value, _), .milliseconds(let value): .number(value)
    case .missing: .null
    }
  }
}
