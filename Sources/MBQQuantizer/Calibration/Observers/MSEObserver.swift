/// The magnitude with the least mean square of what rounding and clipping change.
///
/// Symmetric int8, 127 steps a side. Candidates go down from the largest magnitude, 32 an octave, as far
/// as clipping alone costs more than the best found. Values are taken to be spread evenly within a bin,
/// over which the square of the rounding error is integrated exactly.
public enum MSEObserver: RangeObserver {
  public static let name = "mse"
  public static let summary = "the least mean square error of rounding and clipping"

  public static func range(of histogram: MagnitudeHistogram) -> Float {
    let bins = histogram.occupied.map { bin in
      Bin(
        count: Double(histogram.counts[bin]), low: Double(MagnitudeHistogram.lowerEdge(bin)),
        high: Double(histogram.upperEdge(bin)))
    }
    var best = (range: Double(histogram.largest), error: Double.infinity)
    guard best.range > 0 else { return 0 }
    for part in 0..<(24 * 32) {
      let range = Double(histogram.largest) * exp2(-Double(part) / 32)
      let (rounding, clipping) = error(bins, range)
      if rounding + clipping < best.error { best = (range, rounding + clipping) }
      // Clipping only grows from here.
      if clipping > best.error { break }
    }
    return Float(best.range)
  }

  private struct Bin {
    var count: Double
    var low: Double
    var high: Double
  }

  /// The sums over all values of the squares of both errors.
  private static func error(_ bins: [Bin], _ range: Double) -> (rounding: Double, clipping: Double)
  {
    let step = range / 127
    var rounding = 0.0
    var clipping = 0.0
    for bin in bins {
      let width = bin.high - bin.low
      guard width > 0 else {
        let middle = bin.low
        let change = min((middle / step).rounded() * step, range) - middle
        if middle > range {
          clipping += bin.count * change * change
        } else {
          rounding += bin.count * change * change
        }
        continue
      }
      let edge = min(max(range, bin.low), bin.high)
      if edge > bin.low {
        rounding +=
          bin.count / width * step * step * step
          * (integral(edge / step) - integral(bin.low / step))
      }
      if edge < bin.high {
        func cube(_ x: Double) -> Double { x * x * x }
        clipping += bin.count / width * (cube(bin.high - range) - cube(edge - range)) / 3
      }
    }
    return (rounding, clipping)
  }

  /// `∫₀ᵘ (v - round v)² dv`: a twelfth for each whole number, and a third of the cube of the rest.
  private static func integral(_ u: Double) -> Double {
    let whole = u.rounded()
    let rest = u - whole
    return whole / 12 + rest * rest * rest / 3
  }

  /// Exact enough without a library: parts of an octave by multiplication.
  private static func exp2(_ x: Double) -> Double {
    let whole = x.rounded(.down)
    // 2^(1/32)
    let root = 1.0218971486541166
    var result = 1.0
    for _ in 0..<Int(((x - whole) * 32).rounded()) { result *= root }
    return Double(sign: .plus, exponent: Int(whole), significand: result)
  }
}
