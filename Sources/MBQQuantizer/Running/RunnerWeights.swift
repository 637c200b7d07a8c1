import MBQCore
import MBQKernels
import MBQSchemes

/// A matrix as the kernels read it, with the memory it is in.
final class RunnerMatrix: @unchecked Sendable {
  let kernelMatrix: KernelMatrix
  private let elements: AlignedBuffer
  private let groups: AlignedBuffer
  private let scales: AlignedBuffer
  private let sums: AlignedBuffer

  /// `values` (rows, columns) in fp32 panels.
  convenience init(_ values: [Float], rows: Int, columns: Int, _ kernels: KernelSet) {
    self.init(
      SchemeCode.float32Panels.encode(values, rows: rows, columns: columns), kernels)
  }

  /// A matrix in panels, for products as the runtime makes them.
  init(_ matrix: EncodedMatrix, _ kernels: KernelSet) {
    let (scheme, rows, columns) = (matrix.scheme, matrix.rows, matrix.columns)
    elements = AlignedBuffer(byteCount: matrix.elements.count)
    elements.bytes.copyBytes(from: matrix.elements)
    let stored = matrix.storedGroups
    groups = AlignedBuffer(byteCount: stored.count)
    groups.bytes.copyBytes(from: stored)
    let padded = roundUp(rows, to: 16)
    scales = AlignedBuffer(byteCount: scheme.isInteger ? padded * 4 : 0)
    sums = AlignedBuffer(byteCount: scheme.isInteger ? padded * 4 : 0)
    var kernelMatrix = KernelMatrix(
      scheme, rows: rows, columns: columns, elements: UnsafeRawBufferPointer(elements.bytes),
      groups: UnsafeRawBufferPointer(groups.bytes))
    if scheme.isInteger {
      let target = scales.pointer(to: Float.self)
      for row in 0..<rows { target[row] = float(fromBFloat16: matrix.scales[row]) }
      kernelMatrix.scales = KernelVector(UnsafePointer(target), count: rows)
      kernels.columnSums(kernelMatrix, into: sums.pointer(to: Int32.self))
      kernelMatrix.setColumnSums(UnsafePointer(sums.pointer(to: Int32.self)))
    }
    self.kernelMatrix = kernelMatrix
  }
}

/// A vector padded with zeros to 16.
final class RunnerVector: @unchecked Sendable {
  private let storage: AlignedBuffer
  private let count: Int

  init(_ values: [Float]) {
    count = values.count
    storage = AlignedBuffer(byteCount: roundUp(values.count, to: 16) * 4)
    storage.pointer(to: Float.self).update(from: values, count: values.count)
  }

  var vector: KernelVector {
    KernelVector(UnsafePointer(storage.pointer(to: Float.self)), count: count)
  }
}
