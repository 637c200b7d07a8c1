/// The lengths of texts, in characters or in tokens.
///
/// Memory is 4 bytes a text.
public struct TextLengths: Sendable {
  /// Texts whose lengths are from `low` to `high`.
  public struct Bin: Sendable, Equatable, Encodable {
    public var low: Int
    public var high: Int
    public var texts: Int
  }

  public private(set) var total = 0
  private var lengths: [UInt32] = []

  public mutating func add(_ length: Int) {
    lengths.append(UInt32(clamping: length))
    total += length
  }

  public var count: Int { lengths.count }
  public var mean: Double { lengths.isEmpty ? 0 : Double(total) / Double(lengths.count) }

  /// The percentiles of the lengths for the given shares, as in numpy's `percentile`.
  ///
  /// 0 without texts.
  public func percentiles(_ shares: [Double]) -> [Double] {
    guard !lengths.isEmpty else { return shares.map { _ in 0 } }
    let sorted = lengths.sorted().map { Double($0) }
    return shares.map { percentile($0, of: sorted) }
  }

  /// Counts of 0, of 1 to 16, and of ranges that double from there.
  ///
  /// The limit of a model is usually a power of two, and then it is the end of a bin.
  ///
  /// From the first bin that has a text to the last.
  public var bins: [Bin] {
    var counts = [Int](repeating: 0, count: 34)
    for length in lengths { counts[Self.bin(Int(length))] += 1 }
    guard let first = counts.firstIndex(where: { $0 > 0 }),
      let last = counts.lastIndex(where: { $0 > 0 })
    else { return [] }
    return (first...last).map { bin in
      Bin(
        low: bin <= 1 ? bin : 1 << (bin + 2) + 1, high: bin == 0 ? 0 : 1 << (bin + 3),
        texts: counts[bin])
    }
  }

  private static func bin(_ length: Int) -> Int {
    if length <= 16 { return length == 0 ? 0 : 1 }
    return Int.bitWidth - (length - 1).leadingZeroBitCount - 3
  }
}
