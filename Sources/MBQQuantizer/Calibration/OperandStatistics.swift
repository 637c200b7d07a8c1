/// What the values of one operand were over the calibration texts.
public struct OperandStatistics: Sendable {
  public let width: Int
  /// Rows seen: tokens, or texts for what follows the pooling.
  public internal(set) var rows = 0
  public internal(set) var minimum = Float.infinity
  public internal(set) var maximum = -Float.infinity
  /// Magnitudes in the first half of the texts, and in the second.
  public internal(set) var halves = [MagnitudeHistogram(), MagnitudeHistogram()]
  /// By channel: the largest magnitude, the sum and the sum of squares.
  public internal(set) var channelMaximum: [Float]
  var sums: [Double]
  var squares: [Double]
  /// `Σ x xᵀ` over the rows, if it was asked for.
  public internal(set) var moments: Moments?

  init(width: Int, secondMoments: Bool) {
    self.width = width
    channelMaximum = [Float](repeating: 0, count: width)
    sums = [Double](repeating: 0, count: width)
    squares = [Double](repeating: 0, count: width)
    moments = secondMoments ? Moments(width: width) : nil
  }

  /// Magnitudes in all texts.
  public var histogram: MagnitudeHistogram {
    var whole = halves[0]
    whole.merge(halves[1])
    return whole
  }

  public var largest: Float { max(halves[0].largest, halves[1].largest) }

  /// By channel, over the rows.
  public var channelMean: [Double] { sums.map { rows == 0 ? 0 : $0 / Double(rows) } }
  public var channelMeanSquare: [Double] { squares.map { rows == 0 ? 0 : $0 / Double(rows) } }

  /// Of all values.
  public var rootMeanSquare: Double {
    rows == 0 ? 0 : (squares.reduce(0, +) / Double(rows * width)).squareRoot()
  }

  /// The largest magnitude over the root mean square: how much of a step's range the usual value leaves.
  public var peakRatio: Double {
    let usual = rootMeanSquare
    return usual == 0 ? 0 : Double(largest) / usual
  }

  /// The largest channel's largest magnitude over the median channel's: what scaling channels could gain.
  public var channelRatio: Double {
    let sorted = channelMaximum.sorted()
    let median = sorted[sorted.count / 2]
    return median == 0 ? 0 : Double(sorted[sorted.count - 1]) / Double(median)
  }

  /// The greater of the two halves' ranges over the smaller, 1 if they agree; nil if one has no value.
  public func halvesRatio(_ observer: any RangeObserver.Type) -> Double? {
    guard rows > 0, halves.allSatisfy({ half in half.counts.contains { $0 > 0 } }) else {
      return nil
    }
    let ranges = halves.map { Double(observer.range(of: $0)) }.sorted()
    guard ranges[1] > 0 else { return 1 }
    return ranges[0] == 0 ? .infinity : ranges[1] / ranges[0]
  }
}
