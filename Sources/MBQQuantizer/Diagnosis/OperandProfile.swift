import MBQRuntime

/// What the values of one operand (tokens, channels) look like to the grids they may be put on.
///
/// A weight is one too: its rows are output channels.
public struct OperandProfile: Equatable, Sendable, Encodable {
  public var rows: Int
  public var width: Int
  public var minimum: Float
  public var maximum: Float
  /// The largest magnitude of the largest channel, and of the median channel.
  public var largest: Float
  public var medianChannel: Float
  public var rootMeanSquare: Double
  /// Of the values of one token, and of one channel.
  public var tokenKurtosis: Spread?
  public var channelKurtosis: Spread?
  /// Values whose magnitude is above 65504, the largest half float.
  public var halfOverflows: Int
  /// The share of values that are not 0 and below 2⁻¹⁴: subnormal half floats, or zero.
  public var halfSubnormals: Double

  /// Pearson's kurtosis, the fourth central moment over the squared variance: 3 for a normal
  /// distribution, n for one value among n that are all alike.
  ///
  /// Constant tokens and channels have none, and do not count.
  public struct Spread: Equatable, Sendable, Encodable {
    public var median: Double
    public var largest: Double

    init?(_ values: [Double]) {
      let sorted = values.filter(\.isFinite).sorted()
      guard let last = sorted.last else { return nil }
      let middle = sorted.count / 2
      median =
        sorted.count.isMultiple(of: 2) ? (sorted[middle - 1] + sorted[middle]) / 2 : sorted[middle]
      largest = last
    }
  }

  /// Every value is a finite number.
  public var isFinite: Bool {
    minimum > -.infinity && maximum < .infinity && rootMeanSquare.isFinite
  }

  /// The profile of `rows` rows of `width` values, each `stride` floats after the one before.
  init(
    _ base: UnsafePointer<Float>, rows: Int, width: Int, stride: Int, parallel: Parallel
  ) {
    self.rows = rows
    self.width = width
    var lines = [Line](repeating: Line(), count: rows)
    var channels = [Line](repeating: Line(), count: width)
    lines.withUnsafeMutableBufferPointer { lines in
      let lines = Places(start: lines.baseAddress)
      parallel.run(rows) { row, _ in
        lines.start?[row] = Line(base + row * stride, count: width, stride: 1)
      }
    }
    channels.withUnsafeMutableBufferPointer { channels in
      let channels = Places(start: channels.baseAddress)
      parallel.run(width) { column, _ in
        channels.start?[column] = Line(base + column, count: rows, stride: stride)
      }
    }
    minimum = lines.reduce(.infinity) { min($0, $1.minimum) }
    maximum = lines.reduce(-.infinity) { max($0, $1.maximum) }
    let maxima = channels.map { max($0.maximum, -$0.minimum) }.sorted()
    largest = maxima.last ?? 0
    medianChannel = maxima.isEmpty ? 0 : maxima[maxima.count / 2]
    let count = Double(max(rows * width, 1))
    rootMeanSquare = (lines.reduce(0) { $0 + $1.squares } / count).squareRoot()
    tokenKurtosis = Spread(lines.map(\.kurtosis))
    channelKurtosis = Spread(channels.map(\.kurtosis))
    halfOverflows = lines.reduce(0) { $0 + $1.overflows }
    halfSubnormals = Double(lines.reduce(0) { $0 + $1.subnormals }) / count
  }

  /// The profile of an operand's columns of `rows`.
  init(_ rows: HiddenRows, column: Int, width: Int, parallel: Parallel) {
    self.init(
      rows.base + column, rows: rows.count, width: width, stride: rows.stride, parallel: parallel)
  }

  /// The profile of a matrix (rows, columns).
  init(_ values: [Float], rows: Int, columns: Int, parallel: Parallel) {
    self = values.withUnsafeBufferPointer { values in
      OperandProfile(
        values.baseAddress!, rows: rows, width: columns, stride: columns, parallel: parallel)
    }
  }
}

/// The values of one token or one channel.
private struct Line {
  var minimum = Float.infinity
  var maximum = -Float.infinity
  var squares = 0.0
  var kurtosis = Double.nan
  var overflows = 0
  var subnormals = 0

  init() {}

  init(_ base: UnsafePointer<Float>, count: Int, stride: Int) {
    var sum = 0.0
    for index in 0..<count {
      let value = base[index * stride]
      minimum = min(minimum, value)
      maximum = max(maximum, value)
      let magnitude = abs(value)
      if magnitude > 65504 { overflows += 1 }
      if magnitude < 0x1p-14, magnitude > 0 { subnormals += 1 }
      sum += Double(value)
      squares += Double(value) * Double(value)
    }
    // Moments about the mean, not from raw ones: a channel of -2.4e7 ± 1 would lose all its digits.
    let mean = sum / Double(count)
    var (second, fourth) = (0.0, 0.0)
    for index in 0..<count {
      let deviation = Double(base[index * stride]) - mean
      let square = deviation * deviation
      second += square
      fourth += square * square
    }
    if second > 0, minimum < maximum { kurtosis = fourth * Double(count) / (second * second) }
  }
}

/// Each task writes an element of its own.
private struct Places: @unchecked Sendable {
  let start: UnsafeMutablePointer<Line>?
}
