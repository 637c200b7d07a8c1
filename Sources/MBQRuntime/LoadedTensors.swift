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
  /// `nil` for the weights of products.
  private let tables: [KernelTable?]

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
    var tables: [KernelTable?] = []
    for (index, tensor) in packed.header.tensors.enumerated() {
      let place = target + floatOffsets[index]
      guard tensor.scheme.hasPanels else {
        let table = KernelTable(
          tensor.scheme, rows: tensor.rows, columns: tensor.columns,
          elements: packed.elements(tensor), groups: packed.groups(tensor),
          scales: packed.scales(tensor))
        // A vector is one row of floats; one of integers is a table.
        if tensor.rows == 1, !tensor.scheme.hasScales {
          kernels.widen(table, row: 0, to: place, adding: false)
        }
        matrices.append(nil)
        tables.append(table)
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
      tables.append(nil)
    }
    self.matrices = matrices
    self.tables = tables
  }

  func vector(_ tensor: Int, count: Int) -> KernelVector {
    KernelVector(UnsafePointer(floats.pointer(to: Float.self) + floatOffsets[tensor]), count: count)
  }

  /// Of a tensor that a validated linear multiplies with.
  func matrix(_ tensor: Int) -> KernelMatrix { matrices[tensor]! }

  /// Of a tensor that a validated embedding reads.
  func table(_ tensor: Int) -> KernelTable { tables[tensor]! }

  var byteCount: Int { floats.bytes.count + sums.bytes.count }
}
