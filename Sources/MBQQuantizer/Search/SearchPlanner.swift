import Foundation

/// Chooses which point to try next.
///
/// Divergences of independent levers add up, nearly; each starts with a guess, and what was measured
/// corrects the guess of points that share levers with it. A search is a round over size targets, the
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
    let untried = space.points.filter { !tried.contains($0) }
    for turn in 0..<Self.shares.count {
      let share = Self.shares[(results.count + turn) % Self.shares.count]
      let limit = Double(maximumBytes) * share
      let fitting = untried.filter { bytes($0) <= limit }
      if let best = fitting.min(by: { (cost($0), bytes($0)) < (cost($1), bytes($1)) }) {
        return best
      }
    }
    return nil
  }

  /// The smallest size expected of any point.
  public var smallestBytes: Int { Int(space.points.map(bytes).min() ?? 0) }

  /// Expected bytes, corrected by what like points took.
  func bytes(_ point: SearchPoint) -> Double {
    let expected = space.expectedBytes(point)
    return expected * correction(point) { Double($0.byteCount) / space.expectedBytes($0.point) }
  }

  /// Expected divergence.
  func cost(_ point: SearchPoint) -> Double {
    let guess = guess(point)
    return guess * correction(point) { max($0.divergence, 1e-7) / self.guess($0.point) }
  }

  private func guess(_ point: SearchPoint) -> Double {
    let dropped = 1 - Double(point.layers) / Double(space.layerCount)
    let bits: [Int: Double] = [8: 1e-5, 4: 4e-4, 3: 2e-3, 2: 5e-2]
    return 0.02 * dropped * dropped + (bits[point.bits] ?? 0.1)
      + (bits[point.embeddingBits] ?? 0.1) * 0.5 + 0.05 * pow(point.sparsity, 3)
      + (point.dropsUnusedPieces ? 1e-4 : 0)
  }

  /// The geometric mean of `ratio` over the tried points, each weighted by the levers it shares.
  private func correction(_ point: SearchPoint, _ ratio: (SearchResult) -> Double) -> Double {
    var sum = 0.0
    var weight = 0.0
    for result in results {
      let other = result.point
      let shared =
        (other.layers == point.layers ? 2 : 0) + (other.bits == point.bits ? 2 : 0)
        + (other.sparsity == point.sparsity ? 1 : 0)
        + (other.embeddingBits == point.embeddingBits ? 1 : 0)
      let w = pow(2, Double(shared))
      sum += w * log(ratio(result))
      weight += w
    }
    // One guess's worth of doubt.
    return exp(sum / (weight + 4))
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
