import MBQCore

// Where the elements of a matrix stand, in the words of Formats/mbq/mbq.md.

extension SchemeCode {
  /// Steps (columns, or 4 columns in panels of 4) whose elements fill whole bytes together.
  fileprivate var stepsABlock: Int {
    switch storage {
    case .float32, .float16, .int8: 1
    case .levels(let bits, _): 8 / LevelPlaces.widths(bits).last
    }
  }

  fileprivate var columnsAStep: Int {
    switch layout {
    case .rows: 1
    case .panels(let group): group
    }
  }

  /// Elements of one step that stand side by side: a row's, or those of 16 rows.
  fileprivate var elementsAStep: Int { hasPanels ? 16 * columnsAStep : 1 }

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
  fileprivate func firstElement(ofRow row: Int, _ columns: Int) -> Int {
    (hasPanels ? row / 16 * 16 : row) * storedColumns(columns)
  }

  /// An element's place in its step.
  fileprivate func place(_ row: Int, _ column: Int) -> Int {
    hasPanels ? row % 16 * columnsAStep + column % columnsAStep : 0
  }

  /// The index of a group byte among those stored: row after row, or for panels block after block of
  /// 16 rows, and in it for every group the 16 rows' bytes side by side.
  public func groupIndex(row: Int, group: Int, columns: Int) -> Int {
    let count = groupCount(columns: columns)
    return hasPanels ? (row / 16 * count + group) * 16 + row % 16 : row * count + group
  }
}

/// Where the levels of a matrix stand among its bytes.
///
/// Those of a block of steps stand together. A level's lowest bits (all of them for 4 and 2 bits, two for 3)
/// fill the first bytes of the block, and what is left of it the last. In both parts a byte has the bits
/// of one channel and column of each step, the first step in the lowest ones.
public struct LevelPlaces: Sendable {
  private let lowWidth: Int
  /// 0 if the lowest bits are all.
  private let highWidth: Int
  private let isPanels: Bool
  private let columnsAStep: Int
  private let stepsABlock: Int
  /// Bytes a step of whole bytes would have: 64, or 1 in rows.
  private let stepBytes: Int
  private let blockBytes: Int
  /// Of a row, or of 16 of them.
  private let rowBytes: Int

  /// Bits of the first and the last part of a level.
  static func widths(_ bits: Int) -> (first: Int, last: Int) {
    bits == 3 ? (2, 1) : (bits, bits)
  }

  /// `code` is a scheme of levels.
  public init(_ code: SchemeCode, columns: Int) {
    let widths = Self.widths(code.bits)
    lowWidth = widths.first
    highWidth = code.bits - widths.first
    isPanels = code.hasPanels
    columnsAStep = code.columnsAStep
    stepsABlock = code.stepsABlock
    stepBytes = code.elementsAStep
    blockBytes = stepsABlock * stepBytes * code.bits / 8
    rowBytes = code.storedColumns(columns) / (stepsABlock * columnsAStep) * blockBytes
  }

  /// The first byte of an element's block, its step there, and its byte in a step.
  private func place(_ row: Int, _ column: Int) -> (block: Int, step: Int, byte: Int) {
    let step = column / columnsAStep
    let block = (isPanels ? row / 16 : row) * rowBytes + step / stepsABlock * blockBytes
    return (
      block, step % stepsABlock, isPanels ? row % 16 * columnsAStep + column % columnsAStep : 0
    )
  }

  /// The level of an element of `bytes`.
  public func level(row: Int, column: Int, in bytes: [UInt8]) -> UInt8 {
    let (block, step, byte) = place(row, column)
    let low = bits(lowWidth, bytes, from: block, step, byte)
    guard highWidth > 0 else { return low }
    let start = block + stepsABlock * lowWidth / 8 * stepBytes
    return low | bits(highWidth, bytes, from: start, step, byte) << UInt8(lowWidth)
  }

  private func bits(
    _ width: Int, _ bytes: [UInt8], from start: Int, _ step: Int, _ byte: Int
  ) -> UInt8 {
    let perByte = 8 / width
    return bytes[start + step / perByte * stepBytes + byte] >> UInt8(step % perByte * width)
      & UInt8(1 << width - 1)
  }

  /// Stores a level where `bytes` has zeros.
  public func store(_ level: UInt8, row: Int, column: Int, in bytes: inout [UInt8]) {
    let (block, step, byte) = place(row, column)
    func store(_ value: UInt8, _ width: Int, from start: Int) {
      let perByte = 8 / width
      bytes[start + step / perByte * stepBytes + byte] |= value << UInt8(step % perByte * width)
    }
    store(level & UInt8(1 << lowWidth - 1), lowWidth, from: block)
    guard highWidth > 0 else { return }
    store(level >> UInt8(lowWidth), highWidth, from: block + stepsABlock * lowWidth / 8 * stepBytes)
  }
}
