import MBQFormat
import MBQModel
import MBQPacking
import MBQRuntime
import MBQSchemes
import Testing

/// A packed model taken apart, changed, and written again.
struct Rewriter {
  struct Parts {
    var header: PackedHeader
    var matrices: [EncodedMatrix]
  }

  let bytes: [UInt8]

  init(_ file: [UInt8], change: (inout Parts) -> Void) throws {
    let model = try Model(bytes: file)
    // The model owns the bytes that `packed` points to.
    defer { withExtendedLifetime(model) {} }
    let packed = model.packed
    let matrices = packed.header.tensors.map { tensor in
      let zeros = [Float](repeating: 0, count: tensor.rows * tensor.columns)
      var matrix = tensor.scheme
        .encode(zeros, rows: tensor.rows, columns: tensor.columns)
      matrix.elements = Array(packed.elements(tensor))
      matrix.scales = matrix.scales.indices.map {
        UInt16(packed.scale(tensor, row: $0).bitPattern >> 16)
      }
      return matrix
    }
    var parts = Parts(header: packed.header, matrices: matrices)
    change(&parts)
    var writer = PackedWriter()
    for matrix in parts.matrices { writer.add(matrix) }
    bytes = writer.file(
      parts.header, tokenizerOptions: Array(packed.tokenizerOptions),
      vocabulary: Array(packed.vocabulary))
  }
}
