import MBQCore

// Where the elements of a matrix stand, in the words of Formats/mbq/mbq.md.

extension SchemeCode {
  /// Steps (columns, or 4 columns in panels of 4) whose elements fill whole bytes together.
  private var stepsABlock: Int {
    switch storage {
    case .float32, .float16, .int8: 1
    case .levels(let bits, _): bits == 3 ? 8 : 8 / bits
    }
  }

  private var columnsAStep: Int {
    switch layout {
    case .rows: 1
    case .panels(let group): group
    }
  }

  /// Elements of one step that stand side by side: a row's, or those of 16 rows.
  private var elementsAStep: Int { hasPanels ? 16 * columnsAStep : 1 }

  /// Columns a row is padded to.
  public func storedColumns(_ columns: Int) -> Int {
    roundUp(columns, to: stepsABlock * columnsAStep)
  }

  private func storedRows(_ rows: Int) -> Int { hasPanels ? roundUp(rows, to: 16) : rows }

  /// Elements stored for a matrix, padding included.
  ///
  /// Rows are at most 2^24 and columns 2^16 in a valid file.
  public func storedCount(rows: Int, columns: Int) -> Int {
    storedRows(rows) * storedColumns(columns)
  }

  /// Bytes of the elements; group bytes follow them.
  public func byteCount(rows: Int, columns: Int) -> Int {
    storedCount(rows: rows, columns: columns) / 8 * bits
      + storedCount(rows: rows, columns: columns) % 8 * bits / 8
  }

  /// Groups of a row; 0 for schemes without them.
  public func groupCount(columns: Int) -> Int {
    groupSize.map { (columns + $0 - 1) / $0 } ?? 0
  }

  /// Group bytes stored right after the elements; padded rows have some too.
  public func groupByteCount(rows: Int, columns: Int) -> Int {
    storedRows(rows) * groupCount(columns: columns)
  }

  /// Bytes of a matrix in a file: elements, group bytes and scales, alignment not counted.
  public func totalByteCount(rows: Int, columns: Int) -> Int {
    byteCount(rows: rows, columns: columns) + groupByteCount(rows: rows, columns: columns)
      + (hasScales ? rows * 2 : 0)
  }

  /// The index of an element among those stored, of schemes whose elements are whole bytes.
  public func index(row: Int, column: Int, columns: Int) -> Int {
    let step = column / columnsAStep
    return firstElement(ofRow: row, columns) + step * elementsAStep + place(row, column)
  }

  /// Elements before the row, or before the block of 16 rows it is in.
  private func firstElement(ofRow row: Int, _ columns: Int) -> Int {
    (hasPanels ? row / 16 * 16 : row) * storedColumns(columns)
  }

  /// An element's place in its step.
  private func place(_ row: Int, _ column: Int) -> Int {
    hasPanels ? row % 16 * columnsAStep + column % columnsAStep : 0
  }

  /// The index of a group byte among those stored: row after row, or for panels block after block of
  /// 16 rows, and in it for every group the 16 rows' bytes side by side.
  public func groupIndex(row: Int, group: Int, columns: Int) -> Int {
    let count = groupCount(columns: columns)
    return hasPanels ? (row / 16 * count + group) * 16 + row % 16 : row * count + group
  }
}

/// Where a level stands among the bytes of a scheme of levels.
public struct LevelPlace: Equatable, Sendable {
  public var byte: Int
  /// Bits of the byte below the level's.
  public var shift: Int

  public init(byte: Int, shift: Int) {
    self.byte = byte
    self.shift = shift
  }
}

extension SchemeCode {
  /// Where the level of an element stands: a block of steps takes as many bytes as one step of whole
  /// bytes would, and the level of step `s` of the block has the bits from `bits * s` on.
  public func levelPlace(row: Int, column: Int, columns: Int) -> LevelPlace {
    let step = column / columnsAStep
    let block = firstElement(ofRow: row, columns) * bits / 8 + step / stepsABlock * elementsAStep
    return LevelPlace(byte: block + place(row, column), shift: step % stepsABlock * bits)
  }
}
