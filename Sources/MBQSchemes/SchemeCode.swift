import MBQCore

/// How the elements of a stored matrix are ordered.
public enum MatrixLayout: Sendable {
  /// Row after row.
  case rows
  /// Blocks of 16 rows; in each, for every column (`group` 1) or every 4 columns (`group` 4), the 16
  /// rows' elements side by side. Missing rows and columns are zeros.
  ///
  /// Elements of 4 bits share a byte with the one 4 columns on: the first half of 8 columns is in the
  /// low nibbles, so that a mask and a shift give both halves as int8 panels have them.
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
  case int4ChannelGroup32 = 7
  case int4ChannelGroup64 = 8
  case int4ChannelGroup128 = 9
  case int4RowsGroup32 = 10
  case int4RowsGroup64 = 11
  case int4RowsGroup128 = 12

  /// As it is written here: Embedded Swift cannot print a case.
  public var caseName: StaticString {
    switch self {
    case .float32: "float32"
    case .float16: "float16"
    case .float32Panels: "float32Panels"
    case .float16Panels: "float16Panels"
    case .int8Channel: "int8Channel"
    case .int8Rows: "int8Rows"
    case .int4ChannelGroup32: "int4ChannelGroup32"
    case .int4ChannelGroup64: "int4ChannelGroup64"
    case .int4ChannelGroup128: "int4ChannelGroup128"
    case .int4RowsGroup32: "int4RowsGroup32"
    case .int4RowsGroup64: "int4RowsGroup64"
    case .int4RowsGroup128: "int4RowsGroup128"
    }
  }

  public var layout: MatrixLayout {
    switch self {
    case .float32, .float16, .int8Rows, .int4RowsGroup32, .int4RowsGroup64, .int4RowsGroup128: .rows
    case .float32Panels, .float16Panels: .panels(group: 1)
    case .int8Channel, .int4ChannelGroup32, .int4ChannelGroup64, .int4ChannelGroup128:
      .panels(group: 4)
    }
  }

  /// Bits an element takes, scales and group bytes not counted.
  public var bits: Int {
    switch self {
    case .float32, .float32Panels: 32
    case .float16, .float16Panels: 16
    case .int8Channel, .int8Rows: 8
    default: 4
    }
  }

  /// Consecutive columns of a row that share a group byte: a multiplier and a zero point.
  ///
  /// The last group of a row may be shorter. `nil` for schemes without groups.
  public var groupSize: Int? {
    switch self {
    case .int4ChannelGroup32, .int4RowsGroup32: 32
    case .int4ChannelGroup64, .int4RowsGroup64: 64
    case .int4ChannelGroup128, .int4RowsGroup128: 128
    default: nil
    }
  }

  /// One bfloat16 scale a row is stored beside the elements.
  public var hasScales: Bool { bits <= 8 }

  /// The matrix of an int8 product: integers in panels.
  public var isInteger: Bool {
    if case .panels = layout { hasScales } else { false }
  }

  /// Columns a row is padded to.
  private func storedColumns(_ columns: Int) -> Int {
    switch layout {
    case .rows: bits == 4 ? roundUp(columns, to: 2) : columns
    case .panels(let group): roundUp(columns, to: bits == 4 ? 2 * group : group)
    }
  }

  /// Elements stored for a matrix, padding included.
  ///
  /// Rows are at most 2^24 and columns 2^16 in a valid file.
  public func storedCount(rows: Int, columns: Int) -> Int {
    let storedRows = if case .rows = layout { rows } else { roundUp(rows, to: 16) }
    return storedRows * storedColumns(columns)
  }

  /// Bytes of the elements; group bytes follow them.
  public func byteCount(rows: Int, columns: Int) -> Int {
    let count = storedCount(rows: rows, columns: columns)
    return bits == 4 ? count / 2 : count * (bits / 8)
  }

  /// Group bytes stored right after the elements; padded rows have some too.
  public func groupByteCount(rows: Int, columns: Int) -> Int {
    guard let groupSize else { return 0 }
    let storedRows = if case .rows = layout { rows } else { roundUp(rows, to: 16) }
    return storedRows * groups(columns, of: groupSize)
  }

  /// The index of an element among those stored; of two in a byte, the first is in the low nibble.
  public func index(row: Int, column: Int, columns: Int) -> Int {
    switch layout {
    case .rows: return row * storedColumns(columns) + column
    case .panels(let group):
      let panel = row / 16 * storedColumns(columns) * 16
      if bits == 4 {
        let byte = row % 16 * group + column % group
        return panel + (column / (2 * group) * 16 * group + byte) * 2 + column / group % 2
      }
      return panel + column / group * group * 16 + row % 16 * group + column % group
    }
  }

  /// The index of a group byte among those stored: row after row, or for panels block after block of
  /// 16 rows, and in it for every group the 16 rows' bytes side by side.
  public func groupIndex(row: Int, group: Int, columns: Int) -> Int {
    guard let groupSize else { return 0 }
    let count = groups(columns, of: groupSize)
    return switch layout {
    case .rows: row * count + group
    case .panels: (row / 16 * count + group) * 16 + row % 16
    }
  }
}

private func groups(_ columns: Int, of size: Int) -> Int { (columns + size - 1) / size }
