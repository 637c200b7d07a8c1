/// How often magnitudes occurred, in bins of a fixed relative width: constant memory, exact merging, and
/// the same whatever the order of the values.
///
/// Between 2⁻²⁰ and 2²⁰ every power of two has 128 bins of equal width, found by shifting the float's
/// bits; smaller magnitudes, zero included, share bin 0, greater ones the last. An edge is therefore
/// within 1/128 of any value in its bin, a middle within 1/256: against bins of one width for the whole
/// range, an outlier a thousand times the rest costs no resolution.
public struct MagnitudeHistogram: Equatable, Sendable {
  static let binsPerOctave = 128
  static let shift: UInt32 = 16
  /// The bits of 2⁻²⁰, shifted.
  static let origin: UInt32 = (127 - 20) << 7
  static let binCount = 40 * binsPerOctave + 2

  public internal(set) var counts: [UInt64]
  /// The greatest magnitude, exactly.
  public internal(set) var largest: Float

  public init() {
    counts = [UInt64](repeating: 0, count: Self.binCount)
    largest = 0
  }

  public init(_ values: some Sequence<Float>) {
    self.init()
    for value in values { add(value) }
  }

  /// Values counted.
  public var total: UInt64 { counts.reduce(0, +) }

  public mutating func add(_ value: Float) {
    let bits = value.bitPattern & 0x7FFF_FFFF
    counts[Self.bin(bits)] += 1
    largest = max(largest, Float(bitPattern: bits))
  }

  public mutating func merge(_ other: MagnitudeHistogram) {
    for bin in counts.indices { counts[bin] += other.counts[bin] }
    largest = max(largest, other.largest)
  }

  /// The bin of a magnitude's bits.
  @inline(__always)
  static func bin(_ bits: UInt32) -> Int {
    let place = Int(bits >> shift) - Int(origin) + 1
    return min(max(place, 0), binCount - 1)
  }

  /// Where a bin begins.
  public static func lowerEdge(_ bin: Int) -> Float {
    bin == 0 ? 0 : Float(bitPattern: (origin + UInt32(bin) - 1) << shift)
  }

  /// Where a bin ends: never beyond the greatest magnitude.
  func upperEdge(_ bin: Int) -> Float {
    bin == Self.binCount - 1 ? largest : min(Self.lowerEdge(bin + 1), largest)
  }

  /// The bins that are not empty, in order.
  var occupied: [Int] { counts.indices.filter { counts[$0] > 0 } }
}
