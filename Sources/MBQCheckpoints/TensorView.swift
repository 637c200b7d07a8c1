import MBQCore

/// A tensor as a reader found it in a file; not necessarily one that can be a weight.
struct StoredTensor: Sendable {
  var name: String
  var elementType: ElementType
  var shape: [Int]
  /// Where the bytes are in `source`.
  var range: Range<Int>
  var source: SourceFile
}

/// The values of one weight, in the mapped file.
///
/// It keeps the mapping alive.
public struct TensorView: Sendable {
  public let name: String
  /// `float32`, `float16` or `bfloat16`.
  public let elementType: ElementType
  /// The last dimension is the one that changes fastest.
  public let shape: [Int]
  private let range: Range<Int>
  private let source: SourceFile

  /// nil for a type that is not read as a weight.
  init?(_ stored: StoredTensor) {
    guard stored.elementType.isWeight else { return nil }
    name = stored.name
    elementType = stored.elementType
    shape = stored.shape
    range = stored.range
    source = stored.source
  }

  /// The stored bytes, little-endian, at any alignment; valid as long as this view is.
  public var bytes: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(rebasing: source.bytes[range])
  }

  public var count: Int { range.count * 8 / elementType.bitWidth }

  /// Calls `body` with the values as binary32, row by row: in place for an F32 tensor at a
  /// multiple of 4 bytes, otherwise a copy that lives as long as the call.
  ///
  /// Exact.
  public func withFloats<R, E: Error>(
    _ body: (UnsafeBufferPointer<Float>) throws(E) -> R
  ) throws(E) -> R {
    defer { withExtendedLifetime(source) {} }
    if elementType == .float32, Int(bitPattern: bytes.baseAddress) % 4 == 0 {
      return try body(bytes.assumingMemoryBound(to: Float.self))
    }
    let copy = UnsafeMutableBufferPointer<Float>.allocate(capacity: count)
    defer { copy.deallocate() }
    widen(into: copy)
    return try body(UnsafeBufferPointer(copy))
  }

  /// The values as binary32, row by row.
  ///
  /// Exact.
  public func floats() -> [Float] {
    Array(unsafeUninitializedCapacity: count) { buffer, initialized in
      widen(into: buffer)
      initialized = count
    }
  }

  /// Writes every value to `target`, which has room for `count`.
  private func widen(into target: UnsafeMutableBufferPointer<Float>) {
    guard count > 0, let output = target.baseAddress, let input = bytes.baseAddress else { return }
    // Wrapping arithmetic below lets the loops become vector code; index and offset stay inside the
    // file, which is smaller than an Int.
    switch elementType {
    case .float16:
      for index in 0..<count {
        let bits = input.loadUnaligned(fromByteOffset: index &* 2, as: UInt16.self)
        (output + index).initialize(to: floatWithoutBranches(fromHalf: bits))
      }
    case .bfloat16:
      for index in 0..<count {
        let bits = input.loadUnaligned(fromByteOffset: index &* 2, as: UInt16.self)
        (output + index).initialize(to: float(fromBFloat16: bits))
      }
    default:
      UnsafeMutableRawPointer(output).copyMemory(from: input, byteCount: range.count)
    }
    withExtendedLifetime(source) {}
  }
}

/// `float(fromHalf:)` in a form that compiles to vector code: the half's bits, moved to a binary32's
/// place, read 2^112 too small, and multiplying by that is exact for subnormals too.
@inline(__always)
func floatWithoutBranches(fromHalf bits: UInt16) -> Float {
  let magnitude = UInt32(bits & 0x7FFF) &<< 13
  let value = (Float(bitPattern: magnitude) * 0x1p112).bitPattern
  // Infinity and NaN keep the largest exponent.
  let special: UInt32 = bits & 0x7C00 == 0x7C00 ? 0x7F80_0000 : 0
  return Float(bitPattern: value | special | UInt32(bits & 0x8000) &<< 16)
}
