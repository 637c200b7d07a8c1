import MBQCore

/// How the elements of a stored matrix are ordered.
public enum MatrixLayout: Sendable {
  /// Row after row.
  case rows
  /// Blocks of 16 rows; in each, for every column (`group` 1) or every 4 columns (`group` 4), the 16
  /// rows' elements side by side. Missing rows and columns are zeros.
  case panels(group: Int)
}

/// The schemes a packed model may use, by the code in the file (Formats/mbq/mbq.md).
///
/// Codes are never reused.
public enum SchemeCode: UInt16, Sendable, CaseIterable {
  case float32 = 1
  case float16 = 2
  case float32Panels = 3
  case float16Panels = 4
  case int8Channel = 5
  case int8Rows = 6

  /// As it is written here: Embedded Swift cannot print a case.
  public var caseName: StaticString {
    switch self {
    case .float32: "float32"
    case .float16: "float16"
    case .float32Panels: "float32Panels"
    case .float16Panels: "float16Panels"
    case .int8Channel: "int8Channel"
    case .int8Rows: "int8Rows"
    }
  }

  public var layout: MatrixLayout {
    switch self {
    case .float32, .float16, .int8Rows: .rows
    case .float32Panels, .float16Panels: .panels(group: 1)
    case .int8Channel: .panels(group: 4)
    }
  }

  public var elementSize: Int {
    switch self {
    case .float32, .float32Panels: 4
    case .float16, .float16Panels: 2
    case .int8Channel, .int8Rows: 1
    }
  }

  /// One bfloat16 scale a row is stored beside the elements.
  public var hasScales: Bool {
    switch self {
    case .int8Channel, .int8Rows: true
    default: false
    }
  }

  /// Elements stored for a matrix, padding included.
  ///
  /// Both factors are at most 2^20 in a valid file.
  public func storedCount(rows: Int, columns: Int) -> Int {
    switch layout {
    case .rows: rows * columns
    case .panels(let group): roundUp(rows, to: 16) * roundUp(columns, to: group)
    }
  }

  public func byteCount(rows: Int, columns: Int) -> Int {
    storedCount(rows: rows, columns: columns) * elementSize
  }

  /// The index of an element among those stored.
  public func index(row: Int, column: Int, columns: Int) -> Int {
    switch layout {
    case .rows: return row * columns + column
    case .panels(let group):
      let panel = row / 16 * roundUp(columns, to: group) * 16
      return panel + column / group * group * 16 + row % 16 * group + column % group
    }
  }
}
