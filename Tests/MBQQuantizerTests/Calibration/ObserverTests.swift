import Foundation
import MBQTestSupport
import Testing

@testable import MBQQuantizer

/// Samples, and what numpy says of them (Tests/Oracles/calibration/make_observers.py).
struct ObserverGolden: Decodable, CustomStringConvertible, Sendable {
  var name: String
  var count: Int
  var largest: Float
  var percentile: Double
  /// The values beside it.
  var percentileLow: Double
  var percentileHigh: Double
  var mse: Double
  var mseError: Double
  /// (range, divergence) by candidate.
  var entropy: [[Double]]

  var description: String { name }

  static let all: [(golden: ObserverGolden, values: [Float])] = {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    guard let json = try? Repository.bytes("Tests/Oracles/calibration/observers.json"),
      let bytes = try? Repository.bytes("Tests/Oracles/calibration/values.f32"),
      let goldens = try? decoder.decode([ObserverGolden].self, from: Data(json))
    else { return [] }
    var start = 0
    return goldens.map { golden in
      let values = bytes[start..<start + golden.count * 4].withUnsafeBytes { bytes in
        (0..<golden.count).map {
          Float(
            bitPattern: UInt32(
              littleEndian: bytes.loadUnaligned(fromByteOffset: $0 * 4, as: UInt32.self)))
        }
      }
      start += golden.count * 4
      return (golden, values)
    }
  }()
}

@Suite("Observers choose what numpy chooses from the raw values")
struct ObserverTests {
  /// Relative width of a bin.
  private static let width = 1.0 / 128

  @Test("there are goldens")
  func goldens() { #expect(ObserverGolden.all.count == 6) }

  @Test("min-max: the largest magnitude, exactly", arguments: ObserverGolden.all.indices)
  func minMax(_ index: Int) {
    let (golden, values) = ObserverGolden.all[index]
    #expect(MinMaxObserver.range(of: MagnitudeHistogram(values)) == golden.largest)
  }

  @Test("percentile: numpy's quantile within a bin", arguments: ObserverGolden.all.indices)
  func percentile(_ index: Int) {
    let (golden, values) = ObserverGolden.all[index]
    let range = Double(PercentileObserver.range(of: MagnitudeHistogram(values)))
    // numpy interpolates between two values, which far out may be more than a bin apart.
    #expect(range >= golden.percentileLow * (1 - Self.width))
    #expect(range <= golden.percentileHigh * (1 + Self.width))
  }

  @Test(
    "mse: no more error than numpy's best of 4,000 ranges", arguments: ObserverGolden.all.indices)
  func mse(_ index: Int) {
    let (golden, values) = ObserverGolden.all[index]
    let range = Double(MSEObserver.range(of: MagnitudeHistogram(values)))
    let step = range / 127
    let error =
      values.reduce(0) { sum, value in
        let rounded = max(-127, min(127, (Double(value) / step).rounded(.toNearestOrEven))) * step
        return sum + (rounded - Double(value)) * (rounded - Double(value))
      } / Double(values.count)
    #expect(error <= golden.mseError * 1.05, "range \(range), numpy's \(golden.mse)")
  }

  @Test("entropy: a divergence near TensorRT's best", arguments: ObserverGolden.all.indices)
  func entropy(_ index: Int) throws {
    let (golden, values) = ObserverGolden.all[index]
    let range = Double(EntropyObserver.range(of: MagnitudeHistogram(values)))
    let best = try #require(golden.entropy.map { $0[1] }.min())
    let nearest = try #require(golden.entropy.min { abs($0[0] - range) < abs($1[0] - range) })
    #expect(nearest[1] <= best * 1.5 + 0.005, "range \(range), divergences \(nearest) and \(best)")
  }

  @Test("every observer: nothing, zeros, one value, one token", arguments: Observers.names)
  func degenerate(_ name: String) throws {
    let observer = try #require(Observers.named(name))
    #expect(observer.range(of: MagnitudeHistogram()) == 0)
    #expect(observer.range(of: MagnitudeHistogram([0, -0, 0])) == 0)
    // Of one value no more than rounding's own error is lost.
    let one = observer.range(of: MagnitudeHistogram([-3.25]))
    #expect(abs(one - 3.25) <= 3.25 / 64)
    // Almost all zeros: what is left must not be clipped to nothing.
    let sparse = observer.range(of: MagnitudeHistogram([Float](repeating: 0, count: 50_000) + [5]))
    #expect(sparse > 4 && sparse <= 5)
    let token = MagnitudeHistogram((0..<128).map { Float($0 - 64) / 16 })
    #expect((2...4).contains(observer.range(of: token)))
    // Beyond the bins on both sides.
    let extremes = observer.range(of: MagnitudeHistogram([1e-30, 1e30]))
    #expect(extremes.isFinite && extremes > 0 && extremes <= 1e30)
  }

  @Test("one outlier in ten thousand sets the range of min-max alone")
  func outlier() {
    let values = (1...20_000).map { Float($0 % 100) / 100 } + [1000]
    let histogram = MagnitudeHistogram(values)
    #expect(MinMaxObserver.range(of: histogram) == 1000)
    #expect(PercentileObserver.range(of: histogram) < 1.01)
  }

  @Test("bins are where the specification says")
  func bins() {
    #expect(MagnitudeHistogram.bin(Float(0x1p-20).nextDown.bitPattern) == 0)
    #expect(MagnitudeHistogram.bin(Float(0x1p-20).bitPattern) == 1)
    #expect(MagnitudeHistogram.bin(Float(1).bitPattern) == 1 + 20 * 128)
    #expect(MagnitudeHistogram.bin(Float(1 + 5.0 / 128).bitPattern) == 1 + 20 * 128 + 5)
    #expect(MagnitudeHistogram.bin(Float(0x1p20).nextDown.bitPattern) == 40 * 128)
    #expect(MagnitudeHistogram.bin(Float(0x1p20).bitPattern) == 40 * 128 + 1)
    #expect(MagnitudeHistogram.binCount == 40 * 128 + 2)
    #expect(MagnitudeHistogram.lowerEdge(1 + 20 * 128 + 5) == 1 + 5.0 / 128)
  }
}
