import Foundation
import MBQCore
import Synchronization
import Testing

@testable import MBQEvaluation

private struct Golden: Decodable {
  struct Percentiles: Decodable {
    var values: [UInt64]
    var shares: [Double]
    var expected: [Double]
    var mean: Double
  }

  var percentiles: [Percentiles]
  /// Successes, total, lower, upper.
  var wilson: [[Double]]
}

@Suite("Statistics")
struct StatisticsTests {
  @Test("percentiles are numpy's linear ones, to the bit")
  func percentiles() throws {
    for golden in try Goldens.decode(Golden.self, from: "statistics.json").percentiles {
      let sorted = golden.values.map { Double($0) }
      for (share, expected) in zip(golden.shares, golden.expected) {
        #expect(percentile(share, of: sorted) == expected, "\(share) of \(sorted.count)")
      }
      var generator = SeededGenerator(seed: 3)
      let sample = try #require(
        LatencySample(nanoseconds: golden.values.shuffled(using: &generator)))
      #expect(sample.count == sorted.count)
      #expect(sample.minimum == sorted.first && sample.maximum == sorted.last)
      #expect([sample.p25, sample.p50, sample.p75] == Array(golden.expected[3...5]))
      #expect([sample.p90, sample.p99] == Array(golden.expected[6...7]))
      #expect(sample.interquartileRange == sample.p75 - sample.p25)
      #expect(abs(sample.mean - golden.mean) <= 1e-12 * golden.mean)
    }
    #expect(LatencySample(nanoseconds: []) == nil)
  }

  @Test("Wilson's interval is scipy's")
  func wilson() throws {
    for golden in try Goldens.decode(Golden.self, from: "statistics.json").wilson {
      let interval = try #require(
        Interval.wilson(successes: Int(golden[0]), total: Int(golden[1])))
      #expect(abs(interval.lower - golden[2]) < 1e-12, "\(golden)")
      #expect(abs(interval.upper - golden[3]) < 1e-12, "\(golden)")
    }
    #expect(Interval.wilson(successes: 0, total: 0) == nil)
  }

  /// A clock that advances only when told.
  private final class Clock: Sendable {
    let time = Mutex<UInt64>(1000)
    func advance(_ nanoseconds: UInt64) { time.withLock { $0 += nanoseconds } }
    var now: UInt64 { time.withLock { $0 } }
  }

  @Test("rounds run A B A B, the warm-up is not counted, ratios are of the same round")
  func rounds() {
    let clock = Clock()
    var calls = ""
    var first: [UInt64] = [900, 900, 10, 20, 1000, 40, 50]
    var second: [UInt64] = [900, 900, 30, 40, 2500, 80, 100]
    var progress: [Int] = []
    let runner = InterleavedRounds(warmUpRounds: 2, rounds: 5, now: { clock.now })
    let results = runner.run(
      [
        InterleavedRounds.Variant<Never>("A") {
          calls += "A"
          clock.advance(first.removeFirst())
        },
        InterleavedRounds.Variant<Never>("B") {
          calls += "B"
          clock.advance(second.removeFirst())
        },
      ], progress: { progress.append($0) })
    #expect(calls == "ABABABABABABAB")
    #expect(progress == [1, 2, 3, 4, 5, 6, 7])
    #expect(results.map(\.name) == ["A", "B"])
    #expect(results[0].nanoseconds == [10, 20, 1000, 40, 50])
    #expect(results[1].nanoseconds == [30, 40, 2500, 80, 100])
    #expect(results[0].ratioToFirst == 1 && results[1].ratioToFirst == 2)
    #expect(results[0].sample.p50 == 40 && results[1].sample.maximum == 2500)
  }

  @Test("a variant's error ends the rounds")
  func failure() {
    struct Refusal: Error {}
    var runs = 0
    #expect(throws: Refusal.self) {
      _ = try InterleavedRounds(warmUpRounds: 0, rounds: 5).run([
        InterleavedRounds.Variant<Refusal>("x") { () throws(Refusal) in
          runs += 1
          if runs == 2 { throw Refusal() }
        }
      ])
    }
    #expect(runs == 2)
  }

  @Test("the clock never goes back")
  func clock() {
    var last = MonotonicClock.nanoseconds
    for _ in 0..<10_000 {
      let now = MonotonicClock.nanoseconds
      #expect(now >= last)
      last = now
    }
  }

  @Test("peak memory sees what was touched")
  func peak() throws {
    let before = try #require(PeakMemory.bytes)
    #expect(before > 1 << 20)
    let size = 64 << 20
    var block = [UInt8](repeating: 1, count: size)
    block[size / 2] = 2
    let after = try #require(PeakMemory.bytes)
    #expect(after >= size && block[size - 1] == 1)
    #expect(PeakMemory.field("VmHWM:", ofStatus: "A: 1 kB\nVmHWM:\t   12 kB\n") == 12288)
    #expect(PeakMemory.field("VmHWM:", ofStatus: "VmHWM: 12 MB\n") == nil)
    #expect(PeakMemory.field("VmHWM:", ofStatus: "VmHWM: 9223372036854775807 kB") == nil)
    #expect(PeakMemory.field("VmHWM:", ofStatus: "") == nil)
  }
}
