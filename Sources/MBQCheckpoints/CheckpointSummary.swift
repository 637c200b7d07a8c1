/// What is in a checkpoint, for people to read; data only.
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

  /// Looks at every value only if `withRanges`.
  public init(_ checkpoint: Checkpoint, withRanges: Bool) {
    tensors = checkpoint.stored.map { stored in
      Tensor(
        name: stored.name, elementType: stored.elementType, shape: stored.shape,
        parameterCount: stored.range.count * 8 / stored.elementType.bitWidth,
        byteCount: stored.range.count,
        range: withRanges ? TensorView(stored).map(ValueRange.init) : nil)
    }
    parameterCount = tensors.reduce(0) { $0 + $1.parameterCount }
    byteCount = tensors.reduce(0) { $0 + $1.byteCount }
  }
}

/// Where the values of a tensor lie.
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
    let count = tensor.count
    nonFiniteCount = tensor.nonFiniteValues()?.count ?? 0
    guard count > nonFiniteCount else { return }
    let sums = tensor.withFloats { Self.sums(of: $0) }
    minimum = sums.minimum
    maximum = sums.maximum
    meanMagnitude = sums.magnitudes / Double(count - nonFiniteCount)
  }

  private typealias Sums = (minimum: Float, maximum: Float, magnitudes: Double)

  /// Sixteen values at a time, their magnitudes added in binary32 over at most 64 steps and then in
  /// binary64, so that the result does not depend on the size of the tensor.
  private static func sums(of values: UnsafeBufferPointer<Float>) -> Sums {
    var low = SIMD16<Float>(repeating: .infinity)
    var high = SIMD16<Float>(repeating: -.infinity)
    var magnitudes = 0.0
    let bytes = UnsafeRawBufferPointer(values)
    var at = 0
    while at < values.count {
      var partial = SIMD16<Float>.zero
      var steps = 0
      while steps < 64, at < values.count {
        var vector = SIMD16<Float>(repeating: .nan)
        if values.count - at >= 16 {
          vector = bytes.loadUnaligned(fromByteOffset: at * 4, as: SIMD16<Float>.self)
        } else {
          for lane in 0..<(values.count - at) { vector[lane] = values[at + lane] }
        }
        // By bits: the magnitude of a finite value is below that of infinity, NaN's is above.
        let bits = unsafeBitCast(vector, to: SIMD16<UInt32>.self) & 0x7FFF_FFFF
        let finite = bits .< 0x7F80_0000
        low.replace(with: vector, where: finite .& (vector .< low))
        high.replace(with: vector, where: finite .& (vector .> high))
        let magnitude = unsafeBitCast(bits, to: SIMD16<Float>.self)
        partial += SIMD16<Float>.zero.replacing(with: magnitude, where: finite)
        at += 16
        steps += 1
      }
      for lane in 0..<16 { magnitudes += Double(partial[lane]) }
    }
    return (low.min(), high.max(), magnitudes)
  }
}
