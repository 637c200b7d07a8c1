import MBQCore

/// The values of one weight in the file.
///
/// It keeps the mapping alive.
public struct TensorView: Sendable {
  /// `float32`, `float16`, `bfloat16` or `float64`.
  public var elementType: ElementType { stored.elementType }
  public var name: String { stored.name }
  /// The last dimension is the one that changes fastest.
  public var shape: [Int] { stored.shape }
  private let stored: StoredTensor

  /// The most dimensions of a view that is not in its order; weights of linears have two.
  private static let maximumStridedRank = 4

  /// nil for a type that is not read as a weight, and for a view with so many dimensions that counting
  /// through them would take longer than reading the file.
  ///
  /// - Precondition: the tensor's source has been prepared.
  init?(_ stored: StoredTensor) {
    guard stored.elementType.isWeight else { return nil }
    if let strides = stored.strides,
      Self.merged(stored.shape, strides).shape.count > Self.maximumStridedRank
    {
      return nil
    }
    self.stored = stored
  }

  public var count: Int { stored.count }

  /// The stored bytes, valid as long as this view is, if they are the values in their order,
  /// little-endian; at any alignment.
  var plainBytes: UnsafeRawBufferPointer? {
    stored.strides == nil && !stored.isBigEndian ? bytes : nil
  }

  private var bytes: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(rebasing: stored.source.bytes[stored.range])
  }

  /// Announces that the values will not be used soon; see `SourceFile.release`.
  func release() { stored.source.release(stored.range) }

  /// Calls `body` with the values as binary32, row by row: in place for a plain F32 tensor at a
  /// multiple of 4 bytes, otherwise a copy that lives as long as the call.
  ///
  /// Exact, except for F64, which is rounded to nearest even.
  public func withFloats<R, E: Error>(
    _ body: (UnsafeBufferPointer<Float>) throws(E) -> R
  ) throws(E) -> R {
    defer { withExtendedLifetime(stored) {} }
    if elementType == .float32, let plainBytes, Int(bitPattern: plainBytes.baseAddress) % 4 == 0 {
      return try body(plainBytes.assumingMemoryBound(to: Float.self))
    }
    let copy = UnsafeMutableBufferPointer<Float>.allocate(capacity: count)
    defer { copy.deallocate() }
    widen(into: copy)
    return try body(UnsafeBufferPointer(copy))
  }

  /// The values as binary32, row by row, as `withFloats` gives them; the file's own pages are then
  /// released.
  public func floats() -> [Float] {
    defer { release() }
    return Array(unsafeUninitializedCapacity: count) { buffer, initialized in
      widen(into: buffer)
      initialized = count
    }
  }

  /// Writes every value to `target`, which has room for `count`.
  private func widen(into target: UnsafeMutableBufferPointer<Float>) {
    defer { withExtendedLifetime(stored) {} }
    guard count > 0, let output = target.baseAddress, let input = bytes.baseAddress else { return }
    switch (elementType, stored.isBigEndian) {
    case (.float16, false):
      gather(output, input) { (bits: UInt16) in floatWithoutBranches(fromHalf: bits) }
    case (.float16, true):
      gather(output, input) { (bits: UInt16) in floatWithoutBranches(fromHalf: bits.byteSwapped) }
    case (.bfloat16, false): gather(output, input) { (bits: UInt16) in float(fromBFloat16: bits) }
    case (.bfloat16, true):
      gather(output, input) { (bits: UInt16) in float(fromBFloat16: bits.byteSwapped) }
    case (.float64, let swaps):
      gather(output, input) { (bits: UInt64) in
        Float(Double(bitPattern: swaps ? bits.byteSwapped : bits))
      }
    case (_, true): gather(output, input) { (bits: UInt32) in Float(bitPattern: bits.byteSwapped) }
    case (_, false):
      if stored.strides == nil {
        UnsafeMutableRawPointer(output).copyMemory(from: input, byteCount: bytes.count)
      } else {
        gather(output, input) { (bits: UInt32) in Float(bitPattern: bits) }
      }
    }
  }

  /// Reads the values in order, each through `convert`.
  ///
  /// Wrapping arithmetic lets the loops become vector code; index and offset stay inside the file,
  /// which is smaller than an Int.
  @inline(__always)
  private func gather<Bits: FixedWidthInteger>(
    _ output: UnsafeMutablePointer<Float>, _ input: UnsafeRawPointer,
    _ convert: (Bits) -> Float
  ) {
    let width = MemoryLayout<Bits>.size
    func load(_ element: Int) -> Float {
      convert(input.loadUnaligned(fromByteOffset: element &* width, as: Bits.self))
    }
    guard let given = stored.strides else {
      for index in 0..<count { (output + index).initialize(to: load(index)) }
      return
    }
    // The last two dimensions are a matrix, taken in tiles so that a transposed one is not read once
    // for every column; the dimensions before them are counted like an odometer.
    let (shape, strides) = Self.merged(self.shape, given)
    let rank = shape.count
    let columns = shape[rank - 1]
    let columnStep = strides[rank - 1]
    let rows = rank > 1 ? shape[rank - 2] : 1
    let rowStep = rank > 1 ? strides[rank - 2] : 0
    let tile = 32
    var outer = [Int](repeating: 0, count: max(rank - 2, 0))
    var written = 0
    var base = 0
    while written < count {
      var top = 0
      while top < rows {
        let bottom = min(top &+ tile, rows)
        var left = 0
        while left < columns {
          let right = min(left &+ tile, columns)
          for row in top..<bottom {
            let from = base &+ row &* rowStep
            let to = written &+ row &* columns
            for column in left..<right {
              (output + (to &+ column)).initialize(to: load(from &+ column &* columnStep))
            }
          }
          left = right
        }
        top = bottom
      }
      written += rows * columns
      for place in outer.indices.reversed() {
        outer[place] += 1
        base &+= strides[place]
        if outer[place] < shape[place] { break }
        base &-= outer[place] &* strides[place]
        outer[place] = 0
      }
    }
  }
}

extension TensorView {
  /// The same view with as few dimensions as describe it: those of one element are left out, and
  /// neighbours without a gap between them become one.
  private static func merged(_ shape: [Int], _ strides: [Int]) -> (shape: [Int], strides: [Int]) {
    var result: (shape: [Int], strides: [Int]) = ([], [])
    for (size, stride) in zip(shape, strides) where size != 1 {
      if let last = result.shape.indices.last, result.strides[last] == size &* stride {
        result.shape[last] *= size
        result.strides[last] = stride
      } else {
        result.shape.append(size)
        result.strides.append(stride)
      }
    }
    return result.shape.isEmpty ? ([1], [1]) : result
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
