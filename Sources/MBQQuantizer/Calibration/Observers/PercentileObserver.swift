/// The magnitude that 99.99 % of the values do not exceed.
///
/// As numpy's default quantile on the magnitudes, up to the width of a bin (within it values are taken
/// to be spread evenly); McKinstry et al., "Discovering low-precision networks close to full-precision
/// networks", 2018, use 99.99 % for activations.
public enum PercentileObserver: RangeObserver {
  public static let name = "percentile"
  public static let summary = "the magnitude that 99.99 % of the values do not exceed"

  public static func range(of histogram: MagnitudeHistogram) -> Float {
    range(of: histogram, share: 0.9999)
  }

  public static func range(of histogram: MagnitudeHistogram, share: Double) -> Float {
    let total = histogram.total
    guard total > 1 else { return histogram.largest }
    // Ranks count from 0, so that share 1 is the greatest value.
    let rank = share * Double(total - 1)
    var below = 0.0
    for bin in histogram.occupied {
      let count = Double(histogram.counts[bin])
      if rank < below + count {
        let low = Double(MagnitudeHistogram.lowerEdge(bin))
        let high = Double(histogram.upperEdge(bin))
        let range = Float(low + (high - low) * min((rank - below + 1) / count, 1))
        // A tensor that is almost all zeros would otherwise be clipped to nothing.
        return range > 0 && bin > 0 ? min(range, histogram.largest) : histogram.largest
      }
      below += count
    }
    return histogram.largest
  }
}
