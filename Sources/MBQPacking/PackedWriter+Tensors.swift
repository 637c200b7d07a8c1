import MBQCore
import MBQFormat
import MBQModel
public import MBQSchemes

extension PackedWriter {
  /// Appends a matrix (or a vector, as one row) and returns its index.
  @discardableResult
  public mutating func add(_ matrix: EncodedMatrix) -> Int {
    align(to: AlignedBuffer.alignment)
    let offset = weights.count
    weights.append(contentsOf: matrix.elements)
    appendGroups(of: matrix)
    var scalesOffset = 0
    if matrix.scheme.hasScales {
      align(to: 2)
      scalesOffset = weights.count
      for scale in matrix.scales {
        weights.append(UInt8(truncatingIfNeeded: scale))
        weights.append(UInt8(truncatingIfNeeded: scale >> 8))
      }
    }
    tensors.append(
      PackedTensor(
        scheme: matrix.scheme, rows: matrix.rows, columns: matrix.columns, offset: offset,
        scalesOffset: scalesOffset))
    return tensors.count - 1
  }

  /// In the order of `SchemeCode.groupIndex`; rows that pad a block have bytes of 0.
  private mutating func appendGroups(of matrix: EncodedMatrix) {
    guard let size = matrix.scheme.groupSize else { return }
    let count = (matrix.columns + size - 1) / size
    let start = weights.count
    weights += repeatElement(
      0, count: matrix.scheme.groupByteCount(rows: matrix.rows, columns: matrix.columns))
    for row in 0..<matrix.rows {
      for group in 0..<count {
        let index = matrix.scheme.groupIndex(row: row, group: group, columns: matrix.columns)
        weights[start + index] = matrix.groups[row * count + group]
      }
    }
  }

  private mutating func align(to multiple: Int) {
    let padding = roundUp(weights.count, to: multiple) - weights.count
    weights.append(contentsOf: repeatElement(0, count: padding))
  }
}
