import Foundation
import MBQCore
import MBQTestSupport
import Testing

@testable import MBQEvaluation

@Suite("Comparison of two models")
struct ComparisonTests {
  /// Rows of two labels: true label, probability of it before and now, tokens.
  private func compare(
    _ rows: [(truth: Int, before: Double, after: Double, tokens: Int)], isLabelled: Bool = true,
    limit: Int = 10
  ) throws -> ComparisonSummary {
    var answers = try Answers(
      key: Comparisons.key(rows: rows.count, isLabelled: isLabelled, limit: limit))
    func logits(_ truth: Int, _ probability: Double) -> [Float] {
      let odds = Float(log(probability / (1 - probability)))
      return truth == 1 ? [0, odds] : [odds, 0]
    }
    for (index, row) in rows.enumerated() {
      try answers.append(
        text: "text \(index + 1)", truth: isLabelled ? row.truth : nil,
        logits: logits(row.truth, row.after), baselineLogits: logits(row.truth, row.before),
        tokens: row.tokens, isTruncated: false)
    }
    return try #require(try answers.comparison())
  }

  private let rows: [(truth: Int, before: Double, after: Double, tokens: Int)] = [
    (0, 0.9, 0.8, 5), (0, 0.6, 0.45, 16), (1, 0.7, 0.1, 17), (1, 0.4, 0.55, 32), (1, 0.2, 0.1, 33),
    (0, 0.95, 0.3, 500), (0, 0.55, 0.6, 2), (1, 0.3, 0.9, 129),
  ]

  @Test("flips are split, and listed by what the true label lost")
  func flips() throws {
    let comparison = try compare(rows)
    #expect(comparison.flips.total == 5)
    #expect(comparison.flips.lost == 3 && comparison.flips.gained == 2)
    #expect(comparison.flips.other == 0)
    #expect(comparison.listedFlips.map(\.row) == [6, 3, 2, 4, 8])
    #expect(comparison.listedFlips.map(\.kind) == [.lost, .lost, .lost, .gained, .gained])
    let first = comparison.listedFlips[0]
    #expect(first.truth == "real" && first.baseline == "real" && first.candidate == "fake")
    #expect(abs(first.probabilityBefore - 0.95) < 1e-6)
    #expect(abs(first.probabilityAfter - 0.3) < 1e-6)
    #expect(first.excerpt == "text 6")
    #expect(try compare(rows, limit: 2).listedFlips.map(\.row) == [6, 3])
    let accuracy = try #require(comparison.accuracy)
    #expect(accuracy.counts == PairedCounts(bothRight: 2, lost: 3, gained: 2, bothWrong: 1))
    #expect(accuracy.drop == 0.125 && accuracy.baseline == 0.625 && accuracy.candidate == 0.5)
    #expect(accuracy.mcNemar == 1)
  }

  @Test("changes by label and by length add up")
  func parts() throws {
    let comparison = try compare(rows)
    #expect(comparison.labels.map(\.support) == [4, 4])
    #expect(comparison.labels.map(\.recallBefore) == [1, 0.25])
    #expect(comparison.labels.map(\.recallAfter) == [0.5, 0.5])
    #expect(comparison.labels.map(\.lost) == [2, 1])
    #expect(comparison.lengths.map(\.from) == [0, 17, 33, 129, 257])
    #expect(comparison.lengths.map(\.to) == [16, 32, 64, 256, 512])
    #expect(comparison.lengths.map(\.rows) == [3, 2, 1, 1, 1])
    #expect(comparison.lengths.map(\.flips) == [1, 2, 0, 1, 1])
    #expect(comparison.lengths.map { $0.accuracyBefore ?? -1 } == [1, 0.5, 0, 0, 1])
  }

  @Test("without labels flips are listed by divergence, and nothing is said of accuracy")
  func unlabelled() throws {
    let comparison = try compare(rows, isLabelled: false)
    #expect(comparison.accuracy == nil && comparison.labels.isEmpty)
    #expect(comparison.flips.lost == nil && comparison.flips.total == 5)
    let divergences = comparison.listedFlips.map(\.divergence)
    #expect(divergences == divergences.sorted(by: >) && divergences.count == 5)
    // The probability is then that of the label the baseline chose.
    #expect(comparison.listedFlips.allSatisfy { $0.probabilityBefore >= 0.5 && $0.truth == nil })
  }

  @Test("agreement and divergence are those of the plain agreement, with intervals around them")
  func agreement() throws {
    let answers = try Comparisons.answers(Comparisons.key(rows: 400))
    let comparison = try #require(try answers.comparison())
    let plain = try Agreement(
      baseline: try #require(answers.baseline), candidate: answers.outputs)
    #expect(comparison.agreement.value == plain.share)
    #expect(comparison.flips.total == plain.flips.count)
    #expect(comparison.divergence.value == plain.meanKLDivergence)
    #expect(comparison.logits.largest == plain.largestLogitDifference)
    #expect(comparison.logits.largestRow == plain.largestLogitDifferenceRow)
    let interval = try #require(comparison.divergence.interval)
    #expect(interval.lower < plain.meanKLDivergence && plain.meanKLDivergence < interval.upper)
    // Of a mean over many rows the bootstrap gives what the central limit theorem does.
    let rows = try (0..<400).map { row in
      divergence(
        try #require(answers.baseline).logits(row: row), answers.outputs.logits(row: row))
    }
    let mean = rows.reduce(0, +) / 400
    let error = (rows.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 399 / 400).squareRoot()
    #expect(abs((interval.upper - interval.lower) / (2 * 1.96 * error) - 1) < 0.1)
    let accuracy = try #require(comparison.accuracy)
    let bootstrap = try #require(accuracy.bootstrap)
    #expect(abs(bootstrap.lower - accuracy.interval.lower) < 0.01)
    #expect(abs(bootstrap.upper - accuracy.interval.upper) < 0.01)
    #expect(try answers.comparison() == comparison, "the same answers, the same summary")
  }

  @Test("the JSON form is read back as the same comparison")
  func json() throws {
    let comparison = try Comparisons.small()
    let data = try JSONEncoder().encode(comparison)
    #expect(try JSONDecoder().decode(ComparisonSummary.self, from: data) == comparison)
    let gate = GateSummary(
      limits: [.size(1, limit: 2)], comparison: comparison, confidence: 0.9,
      allowsInconclusive: false)
    let written = try JSONEncoder().encode(gate)
    #expect(try JSONDecoder().decode(GateSummary.self, from: written) == gate)
  }
}

@Suite("Intervals of metrics")
struct MetricIntervalTests {
  private func predictions(_ rows: Int, labels: Int = 3) throws -> Predictions {
    let answers = try Comparisons.answers(
      Comparisons.key(rows: rows, labels: (0..<labels).map { "label \($0)" }))
    return Predictions(outputs: answers.outputs, truths: try #require(answers.truths))
  }

  @Test("every metric has one that holds its value, the same each time")
  func all() throws {
    for labels in [2, 3] {
      let predictions = try predictions(300, labels: labels)
      let scores = Metrics.scores(of: predictions, confidence: 0.95)
      #expect(scores.count == Metrics.all.count)
      for score in scores {
        let interval = try #require(score.interval?.interval, "\(score.metric.name)")
        let value = try #require(score.value.value)
        #expect(interval.lower <= value && value <= interval.upper, "\(score.metric.name)")
        #expect(interval.lower < interval.upper)
      }
      let again = Metrics.scores(of: predictions, confidence: 0.95)
      #expect(again.map { $0.interval?.interval } == scores.map { $0.interval?.interval })
      let narrower = Metrics.scores(of: predictions, confidence: 0.8)
      for (narrow, wide) in zip(narrower, scores) {
        let (narrow, wide) = (
          try #require(narrow.interval?.interval), try #require(wide.interval?.interval)
        )
        #expect(wide.lower < narrow.lower && narrow.upper < wide.upper)
      }
    }
  }

  @Test("resampling gives a mean the interval that the central limit theorem gives it")
  func width() throws {
    let predictions = try predictions(2000)
    let score = try #require(
      Metrics.scores(of: predictions, confidence: 0.95).first { $0.metric == LogLoss.self })
    let losses = (0..<2000).map { LogLoss.loss(predictions, row: $0) }
    let mean = losses.reduce(0, +) / 2000
    let error = (losses.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 1999 / 2000).squareRoot()
    let interval = try #require(score.interval?.interval)
    #expect(score.interval?.method == .bootstrap)
    #expect(abs(interval.lower - (mean - 1.96 * error)) < 0.15 * error)
    #expect(abs(interval.upper - (mean + 1.96 * error)) < 0.15 * error)
  }

  @Test("rows that are all answered rightly say nothing by resampling; Wilson's interval does")
  func noVariation() throws {
    var predictions = try Predictions(labelCount: 2)
    for row in 0..<50 {
      try predictions.append(truth: row % 2, logits: row % 2 == 0 ? [2, 0] : [0, 2])
    }
    for score in Metrics.scores(of: predictions, confidence: 0.95) {
      let isClosed = score.metric == Accuracy.self || score.metric == WeightedRecall.self
      #expect((score.interval != nil) == isClosed, "\(score.metric.name)")
    }
  }
}
