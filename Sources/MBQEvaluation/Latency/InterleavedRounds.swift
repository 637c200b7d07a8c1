/// Times several variants of the same work in turn: A B A B, never A A B B, so that a machine that warms
/// up, slows down or is shared affects all variants equally.
public struct InterleavedRounds: Sendable {
  /// One variant of the work.
  public struct Variant<Failure: Error> {
    public let name: String
    public let run: () throws(Failure) -> Void

    public init(_ name: String, run: @escaping () throws(Failure) -> Void) {
      self.name = name
      self.run = run
    }
  }

  /// The timings of one variant.
  public struct Result: Sendable, Equatable {
    public var name: String
    /// (rounds) In the order they were taken.
    public var nanoseconds: [UInt64]
    public var sample: LatencySample
    /// The median over rounds of this variant's time divided by the first variant's in the same round; a
    /// disturbance of a whole round cancels out.
    public var ratioToFirst: Double
  }

  /// Rounds that do not count: they fill caches, raise clocks and touch pages.
  public var warmUpRounds: Int
  /// Rounds that are counted, at least 1.
  public var rounds: Int
  private let now: @Sendable () -> UInt64

  /// `now` gives nanoseconds that never go back.
  public init(
    warmUpRounds: Int = 2, rounds: Int = 11,
    now: @escaping @Sendable () -> UInt64 = { MonotonicClock.nanoseconds }
  ) {
    self.warmUpRounds = max(warmUpRounds, 0)
    self.rounds = max(rounds, 1)
    self.now = now
  }

  /// Runs every variant once a round, in order, and calls `progress` with the rounds done (those of
  /// the warm-up included).
  ///
  /// An error of a variant ends the measurement.
  public func run<Failure: Error>(
    _ variants: [Variant<Failure>], progress: (Int) -> Void = { _ in }
  ) throws(Failure) -> [Result] {
    var timings = Array(repeating: [UInt64](), count: variants.count)
    for round in 0..<warmUpRounds + rounds {
      for (index, variant) in variants.enumerated() {
        let start = now()
        try variant.run()
        let stop = now()
        if round >= warmUpRounds { timings[index].append(stop - start) }
      }
      progress(round + 1)
    }
    var results: [Result] = []
    for (variant, nanoseconds) in zip(variants, timings) {
      guard let sample = LatencySample(nanoseconds: nanoseconds) else { continue }
      let ratios = zip(nanoseconds, timings[0]).map { Double($0) / Double(max($1, 1)) }
      results.append(
        Result(
          name: variant.name, nanoseconds: nanoseconds, sample: sample,
          ratioToFirst: percentile(0.5, of: ratios.sorted())))
    }
    return results
  }
}
