import MBQCore

/// Resampling of rows: the distribution of a figure over other rows of the same kind.
///
/// Efron, "Bootstrap methods: another look at the jackknife", 1979; the intervals are the percentile
/// ones. Seeded: the same rows give the same interval everywhere.
enum Bootstrap {
  static var resamples: Int { 2000 }
  private static var seed: UInt64 { 20_250_801 }

  /// Calls `body` once for each resample with a function that draws a row, from 0; a resample is
  /// `rows` draws.
  static func run(rows: Int, _ body: (inout RowDraw) -> Void) {
    var draw = RowDraw(rows: rows, generator: SeededGenerator(seed: seed))
    for _ in 0..<resamples { body(&draw) }
  }

  /// The central range of `values` with the share `confidence`; `nil` if there are too few values
  /// or all are equal.
  ///
  /// Equal values mean that these rows show no variation, not that there is none.
  static func interval(_ values: [Double], confidence: Double) -> Interval? {
    let sorted = values.sorted()
    guard let first = sorted.first, let last = sorted.last, first < last else { return nil }
    return Interval(
      lower: percentile((1 - confidence) / 2, of: sorted),
      upper: percentile((1 + confidence) / 2, of: sorted))
  }
}

/// Draws rows with replacement.
struct RowDraw {
  let rows: Int
  fileprivate var generator: SeededGenerator

  @inline(__always)
  mutating func next() -> Int {
    // The high half of a product: uniform to within rows / 2^64 (Lemire 2019).
    Int(truncatingIfNeeded: generator.next().multipliedFullWidth(by: UInt64(rows)).high)
  }
}
