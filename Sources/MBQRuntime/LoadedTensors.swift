import MBQCore
import MBQFormat
import MBQKernels
import MBQModel
import MBQSchemes

/// The small vectors of a model as the kernels read them: fp32, padded with zeros to 16.
///
/// The matrices, 98 % of the bytes, are used where they are in the file.
struct LoadedTensors: ~Copyable, @unchecked Sendable {
  private let floats: AlignedBuffer
  private let sums: AlignedBuffer
  /// The first float of a vector, or of the scales of a matrix.
  private let floatOffsets: [Int]

  /// The weights of products; `nil` for tables and vectors.
  private let matrices: [KernelMatrix?]

  init(_ packed: PackedModel, kernels: KernelSet) {
    var floatCount = 0
    var sumCount = 0
    var floatOffsets: [Int] = []
    var sumOffsets: [Int] = []
    for tensor in packed.header.tensors {
      floatOffsets.append(floatCount)
      sumOffsets.append(sumCount)
      if tensor.scheme.isInteger {
        floatCount += roundUp(tensor.rows, to: 16)
        sumCount += roundUp(tensor.rows, to: 16)
      } else if tensor.rows == 1 {
        floatCount += roundUp(tensor.columns, to: 16)
      }
    }
    floats = AlignedBuffer(byteCount: floatCount * 4)
    sums = AlignedBuffer(byteCount: sumCount * 4)
    self.floatOffsets = floatOffsets
    let target = floats.pointer(to: Float.self)
    var matrices: [KernelMatrix?] = []
    for (index, tensor) in packed.header.tensors.enumerated() {
      let place = target + floatOffsets[index]
      guard tensor.scheme.hasPanels else {
        matrices.append(nil)
        if tensor.rows == 1 { Self.widen(packed, tensor, kernels, to: place) }
        continue
      }
      var matrix = KernelMatrix(
        tensor.scheme, rows: tensor.rows, columns: tensor.columns,
        elements: packed.elements(tensor), groups: packed.groups(tensor))
      if tensor.scheme.isInteger {
        for row in 0..<tensor.rows { place[row] = packed.scale(tensor, row: row) }
        matrix.scales = KernelVector(UnsafePointer(place), count: tensor.rows)
        let own = sums.pointer(to: Int32.self) + sumOffsets[index]
        kernels.columnSums(matrix, into: own)
        matrix.setColumnSums(own)
      }
      matrices.append(matrix)
    }
    self.matrices = matrices
  }

  /// Vectors are floats; a table of one row is read where it is in the file.
  private static func widen(
    _ packed: PackedModel, _ tensor: PackedTensor, _ kernels: KernelSet,
    to target: UnsafeMutablePointer<Float>
  ) {
    guard !tensor.scheme.hasScales else { return }
    kernels.widen(packed.row(tensor, 0), to: target, adding: false)
  }

  func vector(_ tensor: Int, count: Int) -> KernelVector {
    KernelVector(UnsafePointer(floats.pointer(to: Float.self) + floatOffsets[tensor]), count: count)
  }

  /// Of a tensor that a validated linear multiplies with.
  func matrix(_ tensor: Int) -> KernelMatrix { matrices[tensor]! }

  var byteCount: Int { floats.bytes.count + sums.bytes.count }
}

extension PackedModel {
  /// A row of a table as it is stored.
  func row(_ tensor: PackedTensor, _ row: Int) -> StoredRow {
    let (scheme, columns) = (tensor.scheme, tensor.columns)
    let elements = elements(tensor).baseAddress! + row * scheme.byteCount(rows: 1, columns: columns)
    var groups: UnsafePointer<UInt8>?
    if scheme.groupSize != nil {
      let first = self.groups(tensor).baseAddress!.assumingMemoryBound(to: UInt8.self)
      groups = first + row * scheme.groupCount(columns: columns)
    }
    return StoredRow(
      scheme, width: columns, elements: elements, groups: groups, scale: scale(tensor, row: row))
  }
}
