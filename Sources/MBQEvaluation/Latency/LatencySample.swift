/// The statistics of a series of timings.
///
/// All figures but `count` are in nanoseconds.
public struct LatencySample: Sendable, Equatable, Codable {
  public var count: Int
  public var minimum: Double
  public var p25: Double
  /// The median.
  public var p50: Double
  public var p75: Double
  public var p90: Double
  public var p99: Double
  public var maximum: Double
  public var mean: Double

  /// `nil` when there are no timings.
  ///
  /// Percentiles are linear between neighbours (`percentile`): with fewer than 100 timings p99 is
  /// nearly the slowest one.
  public init?(nanoseconds: [UInt64]) {
    guard !nanoseconds.isEmpty else { return nil }
    // Not `map(Double.init)`, which would select the initializer from bit patterns.
    let sorted = nanoseconds.map { Double($0) }.sorted()
    count = sorted.count
    minimum = sorted[0]
    p25 = percentile(0.25, of: sorted)
    p50 = percentile(0.5, of: sorted)
    p75 = percentile(0.75, of: sorted)
    p90 = percentile(0.9, of: sorted)
    p99 = percentile(0.99, of: sorted)
    maximum = sorted[sorted.count - 1]
    var sum = CompensatedSum()
    for value in sorted { sum.add(value) }
    mean = sum.value / Double(sorted.count)
  }

  /// The width of the middle half.
  public var interquartileRange: Double { p75 - p25 }
}
