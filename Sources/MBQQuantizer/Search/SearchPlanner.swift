import Foundation

/// Chooses which point to try next.
///
/// Divergences of independent levers add up, nearly; each lever's starts with a guess, which what was
/// measured corrects. A search is a round over size targets, the
/// limit and shares of it, each taking the untried point that fits and is expected to lose least, so that
/// the front is drawn as well as its end.
public struct SearchPlanner: Sendable {
  public let space: SearchSpace
  public let maximumBytes: Int
  public private(set) var results: [SearchResult]
  private static let shares = [1.0, 0.85, 0.7, 0.5]

  public init(_ space: SearchSpace, maximumBytes: Int, results: [SearchResult] = []) {
    self.space = space
    self.maximumBytes = maximumBytes
    self.results = results.filter { space.points.contains($0.point) }
  }

  public mutating func add(_ result: SearchResult) { results.append(result) }

  /// The next point to try, or nil when every point that may fit has been.
  public func next() -> SearchPoint? {
    let tried = Set(results.map(\.point))
    let factors = leverFactors()
    let untried = space.points.filter { !tried.contains($0) }.map {
      (point: $0, bytes: bytes($0), cost: cost($0, factors))
    }
    for turn in 0..<Self.shares.count {
      let share = Self.shares[(results.count + turn) % Self.shares.count]
      let limit = Double(maximumBytes) * share
      let fitting = untried.filter { $0.bytes <= limit }
      if let best = fitting.min(by: { ($0.cost, $0.bytes) < ($1.cost, $1.bytes) }) {
        return best.point
      }
    }
    return nil
  }

  /// The smallest size expected of any point.
  public var smallestBytes: Int { Int(space.points.map(bytes).min() ?? 0) }

  /// Expected bytes, corrected by the geometric mean of what like points took.
  func bytes(_ point: SearchPoint) -> Double {
    let expected = space.expectedBytes(point)
    var sum = 0.0
    var weight = 0.0
    for result in results {
      let other = result.point
      let shared =
        (other.layers == point.layers ? 2 : 0) + (other.bits == point.bits ? 2 : 0)
        + (other.sparsity == point.sparsity ? 1 : 0)
        + (other.embeddingBits == point.embeddingBits ? 1 : 0)
        + (other.droppedStacks == point.droppedStacks ? 1 : 0)
      let w = pow(2, Double(shared))
      sum += w * log(Double(result.byteCount) / space.expectedBytes(other))
      weight += w
    }
    // One guess's worth of doubt.
    return expected * exp(sum / (weight + 4))
  }

  // MARK: Divergence

  private enum Lever: Hashable {
    case layers
    case bits(Int)
    case embeddings(Int)
    case sparsity
    case vocabulary
    case stacks
    case heads
  }

  /// What each lever is guessed to cost at a point.
  private func guesses(_ point: SearchPoint) -> [(lever: Lever, cost: Double)] {
    let dropped = 1 - Double(point.layers) / Double(space.layerCount)
    let stacks = Double(point.droppedStacks) / Double(max(space.stackCount, 1))
    let heads = Double(point.droppedHeads) / Double(max(space.headCount, 1))
    let bits: [Int: Double] = [8: 1e-5, 4: 4e-4, 3: 2e-3, 2: 5e-2]
    return [
      (.layers, 0.02 * dropped * dropped), (.bits(point.bits), bits[point.bits] ?? 0.1),
      (.embeddings(point.embeddingBits), 0.5 * (bits[point.embeddingBits] ?? 0.1)),
      (.sparsity, 0.05 * pow(point.sparsity, 3)),
      (.vocabulary, point.dropsUnusedPieces ? 1e-4 : 0),
      (.stacks, 0.05 * stacks * stacks), (.heads, 0.02 * heads * heads),
    ].filter { $0.cost > 0 }
  }

  private func cost(_ point: SearchPoint, _ factors: [Lever: Double]) -> Double {
    guesses(point).reduce(0) { $0 + $1.cost * (factors[$1.lever] ?? 1) }
  }

  /// How wrong each lever's guess is, by what was measured.
  ///
  /// Richardson and Lucy's iteration: every factor takes the mean ratio of measured and expected
  /// divergence of the points it counts in, weighted by its share of what is expected of them; a point
  /// that was as guessed counts besides.
  private func leverFactors() -> [Lever: Double] {
    var factors: [Lever: Double] = [:]
    let known = results.map { (guesses($0.point), max($0.divergence, 1e-7)) }
    for _ in 0..<60 {
      var sums: [Lever: (ratio: Double, weight: Double)] = [:]
      for (guesses, measured) in known {
        let expected = guesses.reduce(0) { $0 + $1.cost * (factors[$1.lever] ?? 1) }
        for (lever, cost) in guesses {
          let share = cost * (factors[lever] ?? 1) / expected
          sums[lever, default: (0, 0)].ratio += share * measured / expected
          sums[lever, default: (0, 0)].weight += share
        }
      }
      let doubt = 0.02
      for (lever, sum) in sums {
        let factor = factors[lever] ?? 1
        factors[lever] = (factor * sum.ratio + doubt) / (sum.weight + doubt)
      }
    }
    return factors
  }

  /// The results no other beats in both size and divergence, the smallest first.
  public static func front(_ results: [SearchResult]) -> [SearchResult] {
    var front: [SearchResult] = []
    for result in results.sorted(by: {
      ($0.byteCount, $0.divergence) < ($1.byteCount, $1.divergence)
    })
    where result.divergence < front.last?.divergence ?? .infinity {
      front.append(result)
    }
    return front
  }

  /// The best result within limits.
  public static func best(
    _ results: [SearchResult], maximumBytes: Int, maximumP95: Double?
  ) -> SearchResult? {
    results.filter {
      $0.byteCount <= maximumBytes && $0.p95Milliseconds <= maximumP95 ?? .infinity
    }.min(by: SearchResult.isBetter)
  }
}
