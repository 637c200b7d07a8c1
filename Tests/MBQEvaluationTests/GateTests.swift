import Foundation
import MBQCore
import MBQTestSupport
import Testing

@testable import MBQEvaluation

/// How often a gate errs, over models whose true drop is known.
@Suite("The accuracy gate")
struct GateTests {
  /// Pairs of models that lose and gain these shares of rows.
  private struct Pairs {
    var rows: Int
    var lost: Double
    var gained: Double

    /// Counts of `count` simulated pairs, drawn row by row.
    func draw(_ count: Int, seed: UInt64) -> [PairedCounts] {
      var generator = SeededGenerator(seed: seed)
      return (0..<count).map { _ in
        var counts = PairedCounts()
        for _ in 0..<rows {
          let place = Double(generator.next() >> 11) / 0x1p53
          if place < lost {
            counts.lost += 1
          } else if place < lost + gained {
            counts.gained += 1
          } else if place < 0.9 {
            counts.bothRight += 1
          } else {
            counts.bothWrong += 1
          }
        }
        return counts
      }
    }

    func verdicts(_ limit: Double, seed: UInt64) -> [Verdict: Int] {
      // Few counts occur, each of them often.
      var known: [Int: Verdict] = [:]
      var sums: [Verdict: Int] = [:]
      for counts in draw(1000, seed: seed) {
        let key = counts.lost * rows + counts.gained
        let verdict =
          known[key] ?? GateLimit.drop(counts, limit: limit, confidence: 0.95)?.verdict
        known[key] = verdict
        if let verdict { sums[verdict, default: 0] += 1 }
      }
      return sums
    }
  }

  @Test("of 1,000 equal pairs at most 5 in 100 are called worse, down to a limit of nothing")
  func falseAlarms() {
    for (index, flips) in [0, 0.0005, 0.002, 0.01, 0.05].enumerated() {
      for rows in [100, 500, 2000] {
        let pairs = Pairs(rows: rows, lost: flips, gained: flips)
        for limit in [0, 0.005] {
          let found = pairs.verdicts(limit, seed: UInt64(index * 10_000 + rows))
          #expect(found[.worse, default: 0] <= 50, "\(pairs), \(limit): \(found)")
        }
      }
    }
  }

  @Test(
    "of 1,000 pairs whose drop is the limit, or just above, at most 5 in 100 are called not worse")
  func missedDrops() {
    for (index, gained) in [0, 0.0005, 0.002, 0.01, 0.05].enumerated() {
      for (rows, limit) in [(100, 0.03), (500, 0.01), (1000, 0.005), (3000, 0.005)] {
        let pairs = Pairs(rows: rows, lost: gained + limit * 1.0001, gained: gained)
        let found = pairs.verdicts(limit, seed: UInt64(index * 10_000 + rows))
        #expect(found[.notWorse, default: 0] <= 50, "\(pairs), \(limit): \(found)")
      }
    }
  }

  @Test("with enough rows both kinds of pair are told apart")
  func power() {
    let equal = Pairs(rows: 10_000, lost: 0.003, gained: 0.003).draw(20, seed: 1)
    let worse = Pairs(rows: 10_000, lost: 0.03, gained: 0.003).draw(20, seed: 2)
    for counts in equal {
      #expect(GateLimit.drop(counts, limit: 0.005, confidence: 0.95)?.verdict == .notWorse)
    }
    for counts in worse {
      #expect(GateLimit.drop(counts, limit: 0.005, confidence: 0.95)?.verdict == .worse)
    }
  }

  @Test("summed over every outcome, the chance of a wrong verdict is at most 5 in 100")
  func exactErrors() throws {
    // The verdict of each outcome once; then its probability under many true shares.
    for (rows, limit) in [(60, 0.02), (100, 0.05), (200, 0.005), (300, 0.01)] {
      let most = 30
      var verdicts: [[Verdict]] = []
      for lost in 0...most {
        verdicts.append(
          try (0...most).map { gained in
            let counts = PairedCounts(
              bothRight: rows - lost - gained, lost: lost, gained: gained)
            return try #require(
              GateLimit.drop(counts, limit: limit, confidence: 0.95)
            ).verdict
          })
      }
      for gainedShare in [0, 0.0003, 0.001, 0.003, 0.01, 0.03] {
        let lostShare = gainedShare + limit
        var wrong = (notWorse: 0.0, worse: 0.0)
        for lost in 0...most {
          for gained in 0...most {
            let chance = chance(
              rows: rows, lost: lost, gained: gained, lostShare: lostShare,
              gainedShare: gainedShare)
            switch verdicts[lost][gained] {
            case .notWorse: wrong.notWorse += chance
            case .worse: wrong.worse += chance
            case .cannotTell: break
            }
          }
        }
        #expect(wrong.notWorse <= 0.05, "\(rows) rows, \(limit), \(gainedShare): \(wrong)")
        #expect(wrong.worse <= 0.05, "\(rows) rows, \(limit), \(gainedShare): \(wrong)")
      }
    }
  }

  /// The trinomial probability of these counts.
  private func chance(
    rows: Int, lost: Int, gained: Int, lostShare: Double, gainedShare: Double
  ) -> Double {
    let rest = rows - lost - gained
    var logarithm = lgamma(Double(rows + 1)) - lgamma(Double(lost + 1))
    logarithm -= lgamma(Double(gained + 1)) + lgamma(Double(rest + 1))
    for (count, share) in [
      (lost, lostShare), (gained, gainedShare), (rest, 1 - lostShare - gainedShare),
    ] where count > 0 {
      logarithm += Double(count) * log(share)
    }
    return exp(logarithm)
  }

  @Test("without a single changed answer few rows cannot tell and many can")
  func zeroDiscordance() throws {
    func limit(_ rows: Int) throws -> GateLimit {
      try #require(
        GateLimit.drop(PairedCounts(bothRight: rows), limit: 0.005, confidence: 0.95))
    }
    let few = try limit(100)
    #expect(few.verdict == .cannotTell)
    let needed = try #require(few.rowsNeeded)
    #expect(try limit(needed).verdict == .notWorse)
    #expect(try limit(needed * 9 / 10).verdict == .cannotTell)
    #expect(try limit(needed).rowsNeeded == nil)
    #expect(GateLimit.drop(PairedCounts(), limit: 0.005, confidence: 0.95) == nil)
  }

  @Test("the rows said to be needed decide, if shares stay; a drop at the limit is never decided")
  func rowsNeeded() throws {
    let counts = PairedCounts(bothRight: 940, lost: 12, gained: 4, bothWrong: 44)
    let found = try #require(GateLimit.drop(counts, limit: 0.005, confidence: 0.95))
    #expect(found.verdict == .cannotTell)
    let factor = try #require(found.rowsNeeded) / 1000 + 1
    let more = PairedCounts(
      bothRight: 940 * factor, lost: 12 * factor, gained: 4 * factor, bothWrong: 44 * factor)
    #expect(GateLimit.drop(more, limit: 0.005, confidence: 0.95)?.verdict == .worse)
    let never = try #require(GateLimit.drop(counts, limit: 0.008, confidence: 0.95))
    #expect(never.verdict == .cannotTell && never.rowsNeeded == nil)
  }

  @Test("changed answers are judged exactly")
  func flips() throws {
    // The chance of at most 4 of 1,000 at 1 % is 0.029, of at most 5 it is 0.066 (scipy).
    #expect(GateLimit.flips(4, of: 1000, limit: 0.01, confidence: 0.95)?.verdict == .notWorse)
    #expect(GateLimit.flips(5, of: 1000, limit: 0.01, confidence: 0.95)?.verdict == .cannotTell)
    // Of at least 16 it is 0.048, of at least 15 it is 0.082.
    #expect(GateLimit.flips(16, of: 1000, limit: 0.01, confidence: 0.95)?.verdict == .worse)
    #expect(GateLimit.flips(15, of: 1000, limit: 0.01, confidence: 0.95)?.verdict == .cannotTell)
    #expect(GateLimit.flips(0, of: 0, limit: 0.01, confidence: 0.95) == nil)
    let few = try #require(GateLimit.flips(1, of: 200, limit: 0.01, confidence: 0.95))
    #expect(few.verdict == .cannotTell)
    #expect(try #require(few.rowsNeeded) > 500)
  }

  @Test("a size is kept or not; a ratio of times is told by its rounds")
  func sizeAndLatency() throws {
    #expect(GateLimit.size(26_000_000, limit: 26_000_000).verdict == .notWorse)
    #expect(GateLimit.size(26_000_001, limit: 26_000_000).verdict == .worse)
    var generator = SeededGenerator(seed: 8)
    func rounds(_ factor: Double) -> [(baseline: UInt64, candidate: UInt64)] {
      (0..<60).map { _ in
        let both = Double.random(in: 1e6...1.2e6, using: &generator)
        let own = Double.random(in: 0.99...1.01, using: &generator)
        return (UInt64(both), UInt64(both * factor * own))
      }
    }
    for (factor, verdict) in [(0.5, Verdict.notWorse), (1.1, .cannotTell), (1.5, .worse)] {
      let found = GateLimit.latencyRatio(rounds(factor), limit: 1.1, confidence: 0.95)
      #expect(found?.verdict == verdict, "\(factor): \(String(describing: found))")
    }
    #expect(GateLimit.latencyRatio([], limit: 1, confidence: 0.95) == nil)
  }

  @Test("cannot tell fails, unless it is allowed to pass")
  func outcomes() throws {
    func gate(_ verdicts: [Verdict], _ isAllowed: Bool) throws -> GateSummary {
      GateSummary(
        limits: verdicts.map {
          GateLimit(
            kind: .drop, limit: 0, value: 0, bounds: nil, verdict: $0, rowsNeeded: nil)
        }, comparison: try Comparisons.small(), confidence: 0.95, allowsInconclusive: isAllowed)
    }
    #expect(try gate([.notWorse, .notWorse], false).passes)
    #expect(try !gate([.notWorse, .cannotTell], false).passes)
    #expect(try gate([.notWorse, .cannotTell], true).passes)
    #expect(try !gate([.worse], true).passes)
  }
}
