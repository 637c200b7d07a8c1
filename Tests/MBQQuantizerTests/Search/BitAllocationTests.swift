import MBQCore
import Testing

@testable import MBQQuantizer

@Suite("Bits within a size")
struct BitAllocationTests {
  private static let bits = [2, 3, 4, 8]

  /// Errors fall about fourfold a bit, as rounding errors do.
  private func sites(_ count: Int, seed: UInt64) -> [SiteSensitivity] {
    var generator = SeededGenerator(seed: seed)
    return (0..<count).map { index in
      let scale = Double.random(in: 0.1...10, using: &generator)
      var errors: [Int: Double] = [:]
      for bits in Self.bits {
        errors[bits] =
          scale * Double(sign: .plus, exponent: -2 * bits, significand: 1)
          * Double.random(in: 0.8...1.2, using: &generator)
      }
      return SiteSensitivity(
        site: "site.\(index)", weights: Int.random(in: 4...64, using: &generator) * 1024, range: 1,
        peakRatio: 1, channelKurtosis: 1, relativeError: errors,
        logitChange: Double.random(in: 0.001...1, using: &generator), measuredBits: 3, flips: 0)
    }
  }

  /// The least change within a budget, of all choices there are.
  private func best(_ sites: [SiteSensitivity], _ budget: Int) -> Double? {
    var least: Double?
    func go(_ place: Int, _ bytes: Int, _ change: Double) {
      guard bytes <= budget else { return }
      guard place < sites.count else {
        least = min(least ?? .infinity, change)
        return
      }
      for bits in Self.bits {
        go(
          place + 1,
          bytes + BitAllocation.bytes(sites[place].weights, bits: bits, group: 64),
          change + (sites[place].expectedChange(bits: bits) ?? 0))
      }
    }
    go(0, 0, 0)
    return least
  }

  @Test("is within the budget and near the best there is", arguments: 1...12)
  func nearBest(seed: Int) throws {
    let sites = sites(6, seed: UInt64(seed))
    let weights = sites.reduce(0) { $0 + $1.weights }
    for share in [0.3, 0.4, 0.5, 0.7, 0.9, 1.2] {
      let budget = Int(Double(weights) * share)
      let found = BitAllocation.choose(sites, bits: Self.bits, group: 64, budget: budget)
      let least = best(sites, budget)
      guard let allocation = found.allocation else {
        #expect(least == nil && found.smallest > budget)
        continue
      }
      #expect(allocation.byteCount <= budget)
      let bytes = zip(sites, allocation.choices).reduce(0) {
        $0 + BitAllocation.bytes($1.0.weights, bits: $1.1.bits, group: 64)
      }
      #expect(bytes == allocation.byteCount)
      // Six linears are few: one step too far is much of all there is.
      #expect(allocation.expectedChange <= 4 * (try #require(least)))
    }
  }

  @Test("with room for all, nothing is squeezed; without, the smallest size is told")
  func ends() throws {
    let sites = sites(6, seed: 3)
    let all = BitAllocation.choose(sites, bits: Self.bits, group: 64, budget: .max).allocation
    #expect(try #require(all).choices.allSatisfy { $0.bits == 8 })
    let smallest = sites.reduce(0) { $0 + BitAllocation.bytes($1.weights, bits: 2, group: 64) }
    let exact = BitAllocation.choose(sites, bits: Self.bits, group: 64, budget: smallest)
    #expect(try #require(exact.allocation).choices.allSatisfy { $0.bits == 2 })
    let below = BitAllocation.choose(sites, bits: Self.bits, group: 64, budget: smallest - 1)
    #expect(below.allocation == nil && below.smallest == smallest)
  }
}
