import Foundation

/// The magnitude at which 128 levels tell the most of how the values were distributed: the least
/// Kullback-Leibler divergence.
///
/// TensorRT's algorithm (Migacz, "8-bit inference with TensorRT", 2017), with the two choices of NVIDIA's
/// pytorch-quantization that the slides leave open: the bin of zeros gets the count of the next, and
/// a candidate whose levels miss a bin that is not empty is passed over. Thus not ONNX Runtime's and NNCF's,
/// which start from 128 and 2,048 bins but keep the zeros.
/// The 2,048 bins of one width are filled from the histogram's: values are spread evenly over each of
/// its bins, which near the top are up to 16 of them wide.
public enum EntropyObserver: RangeObserver {
  public static let name = "entropy"
  public static let summary = "the least Kullback-Leibler divergence, as TensorRT calibrates"

  static let binCount = 2048
  static let levels = 128
  /// Candidates are this many bins apart; the curve is flat between.
  static let stride = 4

  public static func range(of histogram: MagnitudeHistogram) -> Float {
    guard histogram.largest > 0 else { return 0 }
    let bins = linearBins(histogram)
    let width = Double(histogram.largest) / Double(binCount)
    var best = (bins: binCount, divergence: Double.infinity)
    var candidate = levels
    while candidate <= binCount {
      if let divergence = divergence(bins, candidate), divergence < best.divergence {
        best = (candidate, divergence)
      }
      candidate += stride
    }
    return min(Float(Double(best.bins) * width), histogram.largest)
  }

  /// Counts in bins of one width from 0 to the largest magnitude, the first replaced by the second.
  private static func linearBins(_ histogram: MagnitudeHistogram) -> [Double] {
    var bins = [Double](repeating: 0, count: binCount)
    let scale = Double(binCount) / Double(histogram.largest)
    for bin in histogram.occupied {
      let low = min(Double(MagnitudeHistogram.lowerEdge(bin)) * scale, Double(binCount) - 1e-9)
      let high = max(Double(histogram.upperEdge(bin)) * scale, low + 1e-9)
      let density = Double(histogram.counts[bin]) / (high - low)
      var place = low
      while place < high {
        let index = min(Int(place), binCount - 1)
        let end = index == binCount - 1 ? high : min(high, Double(index + 1))
        bins[index] += density * (end - place)
        place = end
      }
    }
    bins[0] = bins[1]
    return bins
  }

  /// Of the first `count` bins, the rest added to the last, from their 128 levels; nil if infinite.
  private static func divergence(_ bins: [Double], _ count: Int) -> Double? {
    var level = 0
    var levelEnd = 0
    var share = 0.0
    let outside = bins[count...].reduce(0, +)
    let inside = bins[..<count].reduce(0, +)
    guard inside > 0 else { return nil }
    let whole = inside + outside
    var sum = 0.0
    for bin in 0..<count {
      if bin == levelEnd {
        // Level l covers the bins from l · count / 128 on.
        level += 1
        let start = levelEnd
        levelEnd = level * count / levels
        var total = 0.0
        var occupied = 0
        for index in start..<levelEnd where bins[index] > 0 {
          total += bins[index]
          occupied += 1
        }
        share = occupied > 0 ? total / Double(occupied) : 0
      }
      let p = bins[bin] + (bin == count - 1 ? outside : 0)
      guard p > 0 else { continue }
      guard bins[bin] > 0 else { return nil }
      sum += p / whole * log((p / whole) / (share / inside))
    }
    return sum
  }
}
