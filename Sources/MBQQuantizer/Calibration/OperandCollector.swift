import MBQCore
import MBQModel
import MBQRuntime

/// Adds the values of an operand to its statistics.
///
/// Workers share the columns, so that each sum is one worker's, in the order of the rows.
final class OperandCollector: @unchecked Sendable {
  private let parallel: Parallel
  private let workers: [Worker]

  init(_ parallel: Parallel) {
    self.parallel = parallel
    workers = (0..<parallel.workerCount).map { _ in Worker() }
  }

  private final class Worker {
    /// 32 bits: an operand has at most 2³² values a portion (65,535 tokens of 65,535 columns).
    let counts = UnsafeMutablePointer<UInt32>.allocate(capacity: MagnitudeHistogram.binCount)
    var minimum = Float.infinity
    var maximum = -Float.infinity

    init() { counts.initialize(repeating: 0, count: MagnitudeHistogram.binCount) }

    deinit { counts.deallocate() }
  }

  private static let blockColumns = 32

  /// Adds `record.width` columns of `rows` from `column` on; false if any is not finite.
  func add(
    _ rows: HiddenRows, _ column: Int, half: Int, to record: inout OperandStatistics,
    _ runner: ModelRunner
  ) -> Bool {
    let width = record.width
    let blocks = (width + Self.blockColumns - 1) / Self.blockColumns
    record.channelMaximum.withUnsafeMutableBufferPointer { largest in
      record.sums.withUnsafeMutableBufferPointer { sums in
        record.squares.withUnsafeMutableBufferPointer { squares in
          let lanes = Lanes(
            largest: largest.baseAddress!, sums: sums.baseAddress!, squares: squares.baseAddress!)
          parallel.run(blocks) { block, worker in
            let start = block * Self.blockColumns
            let columns = start..<min(start + Self.blockColumns, width)
            Self.collect(rows, column, columns, lanes, workers[worker])
          }
        }
      }
    }
    var isFinite = true
    var largest: Float = 0
    for worker in workers {
      for bin in 0..<MagnitudeHistogram.binCount where worker.counts[bin] > 0 {
        record.halves[half].counts[bin] += UInt64(worker.counts[bin])
        worker.counts[bin] = 0
      }
      record.minimum = min(record.minimum, worker.minimum)
      record.maximum = max(record.maximum, worker.maximum)
      largest = max(largest, -worker.minimum, worker.maximum)
      (worker.minimum, worker.maximum) = (.infinity, -.infinity)
    }
    // An infinity is a maximum; a NaN spoils its column's sum.
    isFinite = largest < .infinity && record.sums.allSatisfy { $0.isFinite }
    guard isFinite else { return false }
    record.halves[half].largest = max(record.halves[half].largest, largest)
    record.rows += rows.count
    record.moments?.add(rows, column, rows, column, runner)
    return true
  }

  private struct Lanes: @unchecked Sendable {
    let largest: UnsafeMutablePointer<Float>
    let sums: UnsafeMutablePointer<Double>
    let squares: UnsafeMutablePointer<Double>
  }

  private static func collect(
    _ rows: HiddenRows, _ column: Int, _ columns: Range<Int>, _ lanes: Lanes, _ worker: Worker
  ) {
    let counts = worker.counts
    var minimum = worker.minimum
    var maximum = worker.maximum
    for row in 0..<rows.count {
      let values = rows.row(row) + column
      for place in columns {
        let value = values[place]
        let bits = value.bitPattern & 0x7FFF_FFFF
        counts[MagnitudeHistogram.bin(bits)] &+= 1
        if value < minimum { minimum = value }
        if value > maximum { maximum = value }
        let magnitude = Float(bitPattern: bits)
        if magnitude > lanes.largest[place] { lanes.largest[place] = magnitude }
        let wide = Double(value)
        lanes.sums[place] += wide
        lanes.squares[place] += wide * wide
      }
    }
    worker.minimum = minimum
    worker.maximum = maximum
  }
}
