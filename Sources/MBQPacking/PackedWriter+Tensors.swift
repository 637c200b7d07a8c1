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
    weights.append(contentsOf: matrix.storedGroups)
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

  private mutating func align(to multiple: Int) {
    let padding = roundUp(weights.count, to: multiple) - weights.count
    weights.append(contentsOf: repeatElement(0, count: padding))
  }
}
