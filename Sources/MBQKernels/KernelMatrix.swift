internal import CMBQKernels
import MBQCore
package import MBQSchemes

/// A weight matrix where it is in memory, in the panels of its scheme.
///
/// The bytes must outlive the value.
package struct KernelMatrix: @unchecked Sendable {
  package let scheme: SchemeCode
  /// Output channels and inputs.
  package let rows: Int
  package let columns: Int
  let elements: UnsafeRawPointer
  /// The groups are `nil` for schemes without levels.
  let levels: mbq_levels
  /// Of the scheme, which a call need not take apart again.
  let product: Product
  /// One scale a row; integers only.
  package var scales: KernelVector?
  /// 128 times the sum of each row's integers, as `KernelSet.columnSums` gives them; integers only.
  package private(set) var columnSums: UnsafePointer<Int32>?

  /// `elements` and `groups` are as long as the scheme has them for the shape, and the scheme has panels.
  package init(
    _ scheme: SchemeCode, rows: Int, columns: Int, elements: UnsafeRawBufferPointer,
    groups: UnsafeRawBufferPointer? = nil, scales: KernelVector? = nil
  ) {
    precondition(rows > 0 && columns > 0 && columns <= MBQ_MAX_DEPTH, "a matrix of no such shape")
    precondition(scheme.hasPanels, "a product's weights are stored in panels")
    precondition(
      elements.count >= scheme.byteCount(rows: rows, columns: columns)
        && groups?.count ?? 0 >= scheme.groupByteCount(rows: rows, columns: columns),
      "weights that end early")
    precondition(!scheme.isInteger || scales?.count ?? rows == rows, "a scale a row")
    self.scheme = scheme
    self.rows = rows
    self.columns = columns
    self.elements = elements.baseAddress!
    levels = mbq_levels(
      scheme, groups: groups?.baseAddress.map { $0.assumingMemoryBound(to: UInt8.self) })
    product = scheme.product
    self.scales = scales
  }

  /// Takes sums that are there for good: `rows` rounded up to 16, 64-byte aligned.
  package mutating func setColumnSums(_ sums: UnsafePointer<Int32>) {
    precondition(Int(bitPattern: sums) % AlignedBuffer.alignment == 0, "sums that are not aligned")
    columnSums = sums
  }
}

extension KernelSet {
  /// Fills `sums` (`rows` rounded up to 16 of them, 64-byte aligned) with 128 times the sum of each row's
  /// integers: what a set that multiplies unsigned activations has to take away again.
  package func columnSums(_ matrix: KernelMatrix, into sums: UnsafeMutablePointer<Int32>) {
    precondition(matrix.scheme.isInteger, "sums of floats")
    precondition(Int(bitPattern: sums) % AlignedBuffer.alignment == 0, "sums that are not aligned")
    pointer.pointee.column_sums(
      matrix.elements, UInt32(matrix.columns), UInt32(matrix.rows), sums,
      matrix.levels)
  }
}

extension mbq_levels {
  /// All zeros for schemes without levels.
  init(_ scheme: SchemeCode, groups: UnsafePointer<UInt8>?) {
    self.init()
    switch scheme.storage {
    case .float32, .float16, .int8: break
    case .levels(let bits, let group):
      self.groups = groups
      group_size = UInt32(group)
      self.bits = UInt32(bits)
    }
  }
}
