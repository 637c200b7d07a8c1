internal import CMBQKernels
import MBQCore
import MBQSchemes

/// A matrix as the kernels read it.
final class RunnerMatrix: @unchecked Sendable {
  let isInteger: Bool
  let elements: AlignedBuffer
  let scales: AlignedBuffer
  let sums: AlignedBuffer

  /// `values` (rows, columns) in fp32 panels.
  convenience init(_ values: [Float], rows: Int, columns: Int) {
    self.init(Float32Panels.encode(values, rows: rows, columns: columns), nil)
  }

  /// Integers of `matrix` (int8 panels), for products as the runtime makes them.
  init(_ matrix: EncodedMatrix, _ set: UnsafePointer<mbq_kernel_set>?) {
    isInteger = matrix.scheme.hasScales
    elements = AlignedBuffer(byteCount: matrix.elements.count)
    elements.bytes.copyBytes(from: matrix.elements)
    let padded = roundUp(matrix.rows, to: 16)
    scales = AlignedBuffer(byteCount: isInteger ? padded * 4 : 0)
    sums = AlignedBuffer(byteCount: isInteger ? padded * 4 : 0)
    guard isInteger, let set else { return }
    let target = scales.pointer(to: Float.self)
    for row in 0..<matrix.rows { target[row] = float(fromBFloat16: matrix.scales[row]) }
    set.pointee.column_sums(
      elements.pointer(to: Int8.self), UInt32(matrix.columns), UInt32(matrix.rows),
      sums.pointer(to: Int32.self), nil, 0)
  }
}

/// A vector padded with zeros to 16.
final class RunnerVector: @unchecked Sendable {
  private let storage: AlignedBuffer

  init(_ values: [Float]) {
    storage = AlignedBuffer(byteCount: roundUp(values.count, to: 16) * 4)
    storage.pointer(to: Float.self).update(from: values, count: values.count)
  }

  var pointer: UnsafePointer<Float> { UnsafePointer(storage.pointer(to: Float.self)) }
}
