/// Chooses bits for every linear so that a file of a given size loses least.
///
/// Greedy on the convex hull of each linear's (bytes, expected change): always the step down that costs
/// least change a byte, as in Choi et al., "Towards the Limit of Network Quantization", 2017, and ZeroQ;
/// optimal up to one step for independent errors.
public struct BitAllocation: Sendable {
  public struct Choice: Equatable, Sendable {
    public var site: String
    public var bits: Int
  }

  public var choices: [Choice]
  /// Bytes of the matrices with their scales.
  public var byteCount: Int
  /// Expected mean square change of the logits, linears taken as independent.
  public var expectedChange: Double

  /// Bytes a matrix takes: its levels, a group byte a group, and a bfloat16 a row (about one for 512).
  static func bytes(_ weights: Int, bits: Int, group: Int) -> Int {
    bits == 8 ? weights + weights / 256 : weights * bits / 8 + weights / group + weights / 256
  }

  /// The choice within `budget` bytes, or nil with the smallest possible size if there is none.
  ///
  /// `bits` are those that may be used.
  public static func choose(
    _ sites: [SiteSensitivity], bits: [Int], group: Int, budget: Int
  ) -> (allocation: BitAllocation?, smallest: Int) {
    let options = sites.map { site in
      bits.sorted(by: >).compactMap { bits in
        site.expectedChange(bits: bits).map {
          (bits: bits, bytes: bytes(site.weights, bits: bits, group: group), change: $0)
        }
      }
    }
    var places = options.map { _ in 0 }
    var size = options.reduce(0) { $0 + ($1.first?.bytes ?? 0) }
    let smallest = options.reduce(0) { $0 + ($1.last?.bytes ?? 0) }
    guard smallest <= budget else { return (nil, smallest) }
    while size > budget {
      var best: (site: Int, place: Int, slope: Double)?
      for site in options.indices {
        let here = options[site][places[site]]
        for place in (places[site] + 1)..<max(options[site].count, places[site] + 1) {
          let there = options[site][place]
          guard there.bytes < here.bytes else { continue }
          let slope =
            (max(there.change - here.change, 0) + 1e-12) / Double(here.bytes - there.bytes)
          if slope < best?.slope ?? .infinity { best = (site, place, slope) }
        }
      }
      guard let best else { return (nil, smallest) }
      size += options[best.site][best.place].bytes - options[best.site][places[best.site]].bytes
      places[best.site] = best.place
    }
    let chosen = options.indices.map { options[$0][places[$0]] }
    return (
      BitAllocation(
        choices: zip(sites, chosen).map { Choice(site: $0.site, bits: $1.bits) },
        byteCount: size, expectedChange: chosen.reduce(0) { $0 + $1.change }), smallest
    )
  }
}
