import MBQCore
public import MBQFormat
import MBQModel
import MBQSchemes

/// Builds the bytes of a packed model; the same parts give the same bytes.
///
/// Apart from the reader, which small programs are linked with.
public struct PackedWriter {
  var weights: [UInt8] = []
  public internal(set) var tensors: [PackedTensor] = []

  public init(expectedWeightBytes: Int = 0) { weights.reserveCapacity(expectedWeightBytes) }
}
