internal import CMBQKernels
import MBQCore
package import MBQSchemes

/// A table where it is in memory, row after row: what one row's widening needs is worked out once.
///
/// The bytes must outlive the value.
package struct KernelTable: @unchecked Sendable {
  package let rows: Int
  package let columns: Int
  let elements: UnsafeRawPointer
  /// Of the first row; the groups are `nil` for schemes without them.
  let levels: mbq_levels
  let kind: UInt32
  /// From one row to the next: elements, and group bytes.
  let rowBytes: Int
  let groupBytes: Int
  /// One little-endian bfloat16 a row, or `nil` for schemes without scales.
  private let scales: UnsafeRawPointer?

  /// `elements`, `groups` and `scales` are as long as the scheme has them for the shape, and the scheme has
  /// rows.
  package init(
    _ scheme: SchemeCode, rows: Int, columns: Int, elements: UnsafeRawBufferPointer,
    groups: UnsafeRawBufferPointer? = nil, scales: UnsafeRawBufferPointer? = nil
  ) {
    precondition(rows > 0 && columns > 0 && columns <= UInt32.max, "a table of no such shape")
    precondition(!scheme.hasPanels, "rows of a matrix in panels")
    precondition(
      elements.count >= scheme.byteCount(rows: rows, columns: columns)
        && groups?.count ?? 0 >= scheme.groupByteCount(rows: rows, columns: columns)
        && scales?.count ?? 0 >= (scheme.hasScales ? rows * 2 : 0),
      "a table that ends early")
    self.rows = rows
    self.columns = columns
    self.elements = elements.baseAddress!
    levels = mbq_levels(
      scheme, groups: groups?.baseAddress.map { $0.assumingMemoryBound(to: UInt8.self) })
    kind = scheme.storage.rowKind
    rowBytes = scheme.byteCount(rows: 1, columns: columns)
    groupBytes = scheme.groupCount(columns: columns)
    self.scales = scheme.hasScales ? scales?.baseAddress : nil
  }

  /// 1 for schemes without scales.
  func scale(_ row: Int) -> Float {
    guard let scales else { return 1 }
    let bits = scales.loadUnaligned(fromByteOffset: row * 2, as: UInt16.self)
    return float(fromBFloat16: UInt16(littleEndian: bits))
  }
}

extension ElementStorage {
  fileprivate var rowKind: UInt32 {
    switch self {
    case .float32: UInt32(MBQ_ROW_F32)
    case .float16: UInt32(MBQ_ROW_F16)
    case .int8: UInt32(MBQ_ROW_I8)
    case .levels: UInt32(MBQ_ROW_LEVELS)
    }
  }
}
