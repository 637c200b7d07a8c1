import Foundation
import MBQCore
import Testing

@testable import MBQEvaluation

private struct Golden: Decodable {
  struct Paired: Decodable {
    var counts: [Int]
    var confidence: Double
    var mcNemar: Double
    var tango: [Double]
    var newcombe: [Double]
    var detectable: Double
    var bounds: [Double]

    var answers: PairedCounts {
      PairedCounts(
        bothRight: counts[0], lost: counts[1], gained: counts[2], bothWrong: counts[3])
    }
  }

  struct Curve: Decodable {
    var truths: [Int]
    var scores: [Float]
    var interval: [Double]?
  }

  var paired: [Paired]
  /// Probability, quantile.
  var quantiles: [[Double]]
  /// Successes, total, probability, cumulated probability.
  var tails: [[Double]]
  /// Successes, total, confidence, lower, upper.
  var exact: [[Double]]
  var curves: [Curve]
}

private func isClose(_ interval: Interval?, _ expected: [Double], _ tolerance: Double) -> Bool {
  guard let interval else { return false }
  return abs(interval.lower - expected[0]) <= tolerance
    && abs(interval.upper - expected[1]) <= tolerance
}

@Suite("Paired answers against scipy and the papers' formulas")
struct PairedTests {
  private let golden = Result { try Goldens.decode(Golden.self, from: "paired.json") }

  @Test("the normal quantile is scipy's")
  func quantiles() throws {
    for pair in try golden.get().quantiles {
      #expect(abs(Normal.quantile(pair[0]) - pair[1]) <= 1e-14 * max(1, abs(pair[1])), "\(pair)")
    }
    #expect(abs(Normal.twoSided(confidence: 0.95) - 1.959963984540054) < 1e-14)
    #expect(abs(Normal.oneSided(confidence: 0.95) - 1.6448536269514722) < 1e-14)
  }

  @Test("binomial tails and exact bounds are scipy's")
  func binomial() throws {
    for tail in try golden.get().tails {
      let found = Binomial.atMost(Int(tail[0]), of: Int(tail[1]), probability: tail[2])
      #expect(abs(found - tail[3]) <= 2e-11 * tail[3], "\(tail): \(found)")
    }
    for bound in try golden.get().exact {
      let found = Binomial.oneSidedBounds(
        successes: Int(bound[0]), total: Int(bound[1]), confidence: bound[2])
      #expect(isClose(found, [bound[3], bound[4]], 1e-10), "\(bound): \(found)")
    }
    #expect(Binomial.atMost(-1, of: 5, probability: 0.5) == 0)
  }

  @Test("McNemar's exact test is scipy's binomtest, to 1 part in 10^12")
  func mcNemar() throws {
    let cases = try golden.get().paired
    #expect(cases.count == 60)
    for item in cases {
      #expect(
        abs(item.answers.mcNemar - item.mcNemar) <= 1e-12 * item.mcNemar,
        "\(item.counts): \(item.answers.mcNemar), \(item.mcNemar)")
    }
  }

  @Test("Tango's, Newcombe's and Connor's figures")
  func intervals() throws {
    for item in try golden.get().paired {
      let (answers, confidence) = (item.answers, item.confidence)
      #expect(isClose(answers.tango(confidence: confidence), item.tango, 1e-9), "\(item)")
      #expect(isClose(answers.newcombe(confidence: confidence), item.newcombe, 1e-12), "\(item)")
      #expect(isClose(answers.oneSidedBounds(confidence: confidence), item.bounds, 1e-9), "\(item)")
      let drop = try #require(answers.detectableDrop(confidence: confidence))
      #expect(abs(drop - item.detectable) <= 1e-12, "\(item): \(drop)")
    }
    #expect(PairedCounts().tango(confidence: 0.95) == nil)
    #expect(PairedCounts().newcombe(confidence: 0.95) == nil)
    #expect(PairedCounts().detectableDrop(confidence: 0.95) == nil)
    #expect(PairedCounts().mcNemar == 1)
  }

  @Test("DeLong's interval is that of its definition")
  func deLong() throws {
    for curve in try golden.get().curves {
      var predictions = try Predictions(labelCount: 2)
      for (truth, score) in zip(curve.truths, curve.scores) {
        try predictions.append(truth: truth, logits: [0, score])
      }
      let found = ROCAUC.closedInterval(of: predictions, confidence: 0.95)
      if let expected = curve.interval {
        #expect(isClose(found?.interval, expected, 1e-12), "\(String(describing: found))")
        #expect(found?.method == .deLong)
      } else {
        #expect(found == nil)
      }
    }
  }

  /// What two models with these shares of lost and gained rows answer.
  private func draw(
    rows: Int, lost: Double, gained: Double, _ generator: inout SeededGenerator
  ) -> PairedCounts {
    var counts = PairedCounts()
    for _ in 0..<rows {
      let place = Double.random(in: 0..<1, using: &generator)
      if place < lost {
        counts.lost += 1
      } else if place < lost + gained {
        counts.gained += 1
      } else {
        counts.bothRight += 1
      }
    }
    return counts
  }

  @Test(
    "Tango's interval holds the true drop about as often as it says, and more evenly than others")
  func coverage() {
    var generator = SeededGenerator(seed: 11)
    for (rows, lost, gained) in [(200, 0.02, 0.01), (500, 0.004, 0.004), (1000, 0.03, 0.02)] {
      var inside = 0
      for _ in 0..<1000 {
        let counts = draw(rows: rows, lost: lost, gained: gained, &generator)
        let interval = counts.tango(confidence: 0.95)
        if let interval, interval.lower <= lost - gained, lost - gained <= interval.upper {
          inside += 1
        }
      }
      // 950 expected; 925 is 3.6 standard deviations below.
      #expect(inside >= 925, "\(rows) rows, \(lost), \(gained): \(inside)")
    }
  }

  @Test("intervals are mirrored when the models change places, and hold the drop")
  func symmetry() throws {
    var generator = SeededGenerator(seed: 3)
    for _ in 0..<300 {
      let counts = PairedCounts(
        bothRight: .random(in: 0...50, using: &generator),
        lost: .random(in: 0...12, using: &generator),
        gained: .random(in: 0...12, using: &generator),
        bothWrong: .random(in: 0...9, using: &generator))
      guard counts.rows > 0 else { continue }
      var mirrored = counts
      (mirrored.lost, mirrored.gained) = (counts.gained, counts.lost)
      for (first, second) in [
        (counts.tango(confidence: 0.95), mirrored.tango(confidence: 0.95)),
        (counts.newcombe(confidence: 0.95), mirrored.newcombe(confidence: 0.95)),
      ] {
        let (first, second) = (try #require(first), try #require(second))
        #expect(abs(first.lower + second.upper) < 1e-12, "\(counts)")
        #expect(abs(first.upper + second.lower) < 1e-12, "\(counts)")
        #expect(first.lower <= counts.drop + 1e-12 && counts.drop <= first.upper + 1e-12)
        #expect(first.lower >= -1 - 1e-12 && first.upper <= 1 + 1e-12)
      }
      // The bounds of a decision are wider than the interval without a correction would be.
      let bounds = try #require(counts.oneSidedBounds(confidence: 0.975))
      let interval = try #require(counts.tango(confidence: 0.95))
      #expect(bounds.lower <= interval.lower + 1e-12 && interval.upper <= bounds.upper + 1e-12)
    }
  }
}
