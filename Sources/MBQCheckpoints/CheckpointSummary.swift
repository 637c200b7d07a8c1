/// The contents of a checkpoint for people, as plain data.
public struct CheckpointSummary: Equatable, Sendable {
  public struct Tensor: Equatable, Sendable {
    /// As in the file.
    public var name: String
    public var elementType: ElementType
    public var shape: [Int]
    public var parameterCount: Int
    public var byteCount: Int
    /// nil for a type that is not read as a weight, and without `withRanges`.
    public var range: ValueRange?
  }

  /// In the order of the file.
  public var tensors: [Tensor]
  public var parameterCount: Int
  /// Of the tensors, without the header.
  public var byteCount: Int

  /// Reads every value only if `withRanges`.
  ///
  /// Refuses, with `CheckpointError.format`, deflated values that cannot be inflated.
  public init(_ checkpoint: Checkpoint, withRanges: Bool) throws(CheckpointError) {
    if withRanges {
      for stored in checkpoint.stored { try stored.source.prepare() }
    }
    tensors = checkpoint.stored.map { stored in
      Tensor(
        name: stored.name, elementType: stored.elementType, shape: stored.shape,
        parameterCount: stored.count, byteCount: stored.byteCount,
        range: withRanges ? TensorView(stored).map(ValueRange.init) : nil)
    }
    parameterCount = tensors.reduce(0) { $0 + $1.parameterCount }
    byteCount = tensors.reduce(0) { $0 + $1.byteCount }
  }
}

/// The range of the values of a tensor.
///
/// NaN and infinities only count as `nonFiniteCount`.
public struct ValueRange: Equatable, Sendable {
  /// 0 without finite values.
  public var minimum: Float = 0
  public var maximum: Float = 0
  /// Of the magnitudes, over the finite values.
  public var meanMagnitude: Double = 0
  public var nonFiniteCount = 0

  public init(_ tensor: TensorView) {
    defer { tensor.release() }
    let count = tensor.count
    nonFiniteCount = tensor.nonFiniteValues()?.count ?? 0
    guard count > nonFiniteCount else { return }
    let allFinite = nonFiniteCount == 0
    let sums = tensor.withFloats { allFinite ? Self.sums(ofFinite: $0) : Self.sums(of: $0) }
    minimum = sums.minimum
    maximum = sums.maximum
    meanMagnitude = sums.magnitudes / Double(count - nonFiniteCount)
  }

  private typealias Sums = (minimum: Float, maximum: Float, magnitudes: Double)

  /// The plain loop, for tensors with values that are not finite.
  private static func sums(of values: UnsafeBufferPointer<Float>) -> Sums {
    var sums: Sums = (.infinity, -.infinity, 0)
    for value in values where value.isFinite {
      if value < sums.minimum { sums.minimum = value }
      if value > sums.maximum { sums.maximum = value }
      sums.magnitudes += Double(abs(value))
    }
    return sums
  }

  /// The same for values that are all finite, in loops that compile to vector code; the magnitudes
  /// are added in binary32 over a block only, so that the error does not grow with the tensor.
  private static func sums(ofFinite values: UnsafeBufferPointer<Float>) -> Sums {
    let bytes = UnsafeRawBufferPointer(values)
    var low = Int32.max
    var high = Int32.min
    var magnitudes = 0.0
    var block = 0
    while block < values.count {
      let end = min(block &+ 1024, values.count)
      for index in block..<end {
        let bits = bytes.loadUnaligned(fromByteOffset: index &* 4, as: Int32.self)
        // In the order of the floats: negative ones are mirrored.
        let key = bits ^ (bits &>> 31 & 0x7FFF_FFFF)
        low = min(low, key)
        high = max(high, key)
      }
      var partial = SIMD8<Float>.zero
      var at = block
      while at &+ 8 <= end {
        let bits = bytes.loadUnaligned(fromByteOffset: at &* 4, as: SIMD8<UInt32>.self)
        partial += unsafeBitCast(bits & 0x7FFF_FFFF, to: SIMD8<Float>.self)
        at &+= 8
      }
      for lane in 0..<8 { magnitudes += Double(partial[lane]) }
      for index in at..<end { magnitudes += Double(abs(values[index])) }
      block = end
    }
    return (value(ofKey: low), value(ofKey: high), magnitudes)
  }

  private static func value(ofKey key: Int32) -> Float {
    Float(bitPattern: UInt32(bitPattern: key ^ (key &>> 31 & 0x7FFF_FFFF)))
  }
}
