import Foundation
import MBQCore
import Testing

@testable import MBQEvaluation

private struct Golden: Decodable {
  var seed: UInt64
  var labels: Int
  var rows: Int
  var kind: String
  var names: [String]
  var confusion: [[Int]]
  var scores: Scores
  var metrics: [String: Double?]
  var digits: Int
  var report: String
  var agreement: Agreed

  struct Scores: Decodable {
    var labels: [[Double]]
    var macro: [Double]
    var weighted: [Double]
  }

  struct Agreed: Decodable {
    var flips: [Int]
    var largest: Double
    var mean: Double
    var kl: Double
  }

  /// The predictions make_metrics.py makes from the same seed, and the other model's outputs.
  func make() throws -> (Predictions, Outputs) {
    var generator = SeededGenerator(seed: seed)
    func draw(_ bound: Int) -> Int { Int(generator.next() % UInt64(bound)) }
    var predictions = try Predictions(labelCount: labels)
    var others = try Outputs(labelCount: labels)
    for _ in 0..<rows {
      var truth = draw(labels)
      if kind == "truth missing" && truth == labels - 1 { truth = 0 }
      if kind == "skewed" && draw(8) != 0 { truth = 1 }
      var logits = (0..<labels).map { _ in Float(draw(1024) - 512) / 64 }
      logits[truth] += 4
      if kind == "never predicted" { logits[labels - 1] = -20 }
      if kind == "one answer" { logits[0] = 20 }
      if kind == "sure" { logits = logits.map { $0 * 16 } }
      try predictions.append(truth: truth, logits: logits)
      try others.append(logits: logits.map { $0 + Float(draw(64) - 32) / 64 })
    }
    return (predictions, others)
  }
}

private func isClose(_ a: Double, _ b: Double) -> Bool { abs(a - b) <= 1e-12 * max(1, abs(b)) }

@Suite("Metrics against scikit-learn")
struct MetricsTests {
  private let goldens = Result { try Goldens.decode([Golden].self, from: "metrics.json") }

  @Test("confusion, precision, recall and F1 of each label and their means")
  func scores() throws {
    for golden in try goldens.get() {
      let (predictions, _) = try golden.make()
      let confusion = predictions.confusion
      for truth in 0..<golden.labels {
        for predicted in 0..<golden.labels {
          #expect(
            confusion[truth: truth, predicted: predicted] == golden.confusion[truth][predicted])
        }
      }
      let scores = confusion.classScores
      for (part, expected) in zip([\ClassScores.precision, \.recall, \.f1], golden.scores.labels) {
        let close = zip(scores, expected).allSatisfy { isClose($0[keyPath: part], $1) }
        #expect(close, "\(golden.seed)")
      }
      let means = [
        (ClassScores.macroMean(scores), golden.scores.macro),
        (ClassScores.weightedMean(scores), golden.scores.weighted),
      ]
      for (mean, expected) in means {
        #expect(isClose(mean.precision, expected[0]), "\(golden.seed)")
        #expect(isClose(mean.recall, expected[1]), "\(golden.seed)")
        #expect(isClose(mean.f1, expected[2]), "\(golden.seed)")
        #expect(mean.support == golden.rows)
      }
    }
  }

  @Test("every metric of the registry")
  func metrics() throws {
    let goldens = try goldens.get()
    #expect(goldens.count >= 90)
    for golden in goldens {
      let (predictions, _) = try golden.make()
      var expected = golden.metrics
      expected["weighted-precision"] = golden.scores.weighted[0]
      expected["weighted-recall"] = golden.scores.weighted[1]
      expected["weighted-f1"] = golden.scores.weighted[2]
      expected["macro-precision"] = golden.scores.macro[0]
      expected["macro-recall"] = golden.scores.macro[1]
      expected["macro-f1"] = golden.scores.macro[2]
      for metric in Metrics.all {
        let value = metric.value(of: predictions)
        let known = try #require(expected[metric.name], "no golden for \(metric.name)")
        if let known {
          let found = try #require(value.value, "\(metric.name) of case \(golden.seed)")
          #expect(isClose(found, known), "\(metric.name) of case \(golden.seed)")
        } else {
          #expect(value.value == nil && value.note != nil, "\(metric.name) of case \(golden.seed)")
        }
      }
    }
  }

  @Test("the registry's names are unique and plain")
  func names() {
    #expect(Set(Metrics.all.map { $0.name }).count == Metrics.all.count)
    #expect(Set(Metrics.all.map { $0.title }).count == Metrics.all.count)
    for metric in Metrics.all {
      #expect(metric.name.allSatisfy { $0.isLowercase || $0.isNumber || $0 == "-" })
    }
  }

  @Test("the classification report is scikit-learn's, character for character")
  func report() throws {
    for golden in try goldens.get() {
      let (predictions, _) = try golden.make()
      let report = ClassificationReport(predictions.confusion, labels: golden.names)
      let found = report.text(digits: golden.digits)
      #expect(found == golden.report && found.utf8.count == golden.report.utf8.count)
    }
  }

  @Test("agreement, flips, differences and divergence of two models")
  func agreement() throws {
    for golden in try goldens.get() {
      let (predictions, others) = try golden.make()
      let agreement = try Agreement(baseline: predictions.outputs, candidate: others)
      #expect(agreement.flips.map(\.row) == golden.agreement.flips, "case \(golden.seed)")
      #expect(agreement.largestLogitDifference == golden.agreement.largest)
      #expect(isClose(agreement.meanLogitDifference, golden.agreement.mean))
      #expect(isClose(agreement.meanKLDivergence, golden.agreement.kl), "case \(golden.seed)")
      #expect(
        isClose(agreement.share, 1 - Double(golden.agreement.flips.count) / Double(golden.rows)))
      for flip in agreement.flips {
        #expect(Int(predictions.outputs.predicted[flip.row - 1]) == flip.baseline)
        #expect(Int(others.predicted[flip.row - 1]) == flip.candidate)
      }
    }
  }

  @Test("quotients with zero below the line are 0 and say so")
  func undefined() throws {
    var confusion = ConfusionMatrix(labelCount: 4)
    confusion.count(truth: 0, predicted: 0, times: 3)
    confusion.count(truth: 1, predicted: 0)
    confusion.count(truth: 0, predicted: 2)
    let scores = confusion.classScores
    #expect(scores.map(\.undefined) == [[], [.precision], [.recall], [.precision, .recall, .f1]])
    #expect(ClassScores.macroMean(scores).undefined == [.precision, .recall, .f1])
    var predictions = try Predictions(labelCount: 2)
    try predictions.append(truth: 0, logits: [1, 0])
    #expect(
      WeightedF1.value(of: predictions).note
        == "a label without rows that is never predicted counts as 0")
    #expect(MacroRecall.value(of: predictions).note == "a label without rows counts as 0")
    #expect(
      MacroPrecision.value(of: predictions).note == "a label that is never predicted counts as 0")
  }
}

@Suite("Predictions")
struct PredictionsTests {
  @Test("an answer that is not a number names its row and label")
  func notFinite() throws {
    var outputs = try Outputs(labelCount: 3)
    try outputs.append(logits: [1, 2, 3])
    for bad in [Float.nan, .infinity, -.infinity] {
      let error = #expect(throws: EvaluationError.self) { try outputs.append(logits: [0, bad, 0]) }
      #expect(
        error?.explanation
          == "row 2: the logit of label 1 is not a finite number; the model is damaged or "
          + "overflows, run mbq verify on it")
    }
    #expect(outputs.rowCount == 1 && outputs.logits.count == 3, "a refused row leaves nothing")
  }

  @Test("a model with absurdly many labels is refused before anything is allocated")
  func tooManyLabels() {
    let error = #expect(throws: EvaluationError.self) {
      _ = try Predictions(labelCount: 1 << 40)
    }
    #expect(
      error?.explanation == "the model has 1099511627776 labels; at most 2048 can be scored")
  }

  @Test("of equal logits the first label is the answer, as argmax has it")
  func ties() throws {
    var outputs = try Outputs(labelCount: 3)
    #expect(try outputs.append(logits: [1, 1, 1]) == 0)
    #expect(try outputs.append(logits: [-5, 2, 2]) == 1)
    #expect(try outputs.append(logits: [-.greatestFiniteMagnitude, -1, -2]) == 1)
  }

  @Test("extreme logits give probabilities that sum to one")
  func extremes() throws {
    var outputs = try Outputs(labelCount: 2)
    let largest = Float.greatestFiniteMagnitude
    for row in [
      [largest, -largest], [-largest, -largest], [.leastNonzeroMagnitude, 0], [88, -88],
    ] {
      try outputs.append(logits: row)
      let last = outputs.rowCount - 1
      let sum = outputs.probability(of: 0, row: last) + outputs.probability(of: 1, row: last)
      #expect(abs(sum - 1) < 1e-15)
    }
  }

  @Test("outputs of different texts or tasks are not compared")
  func incomparable() throws {
    var (two, three) = (try Outputs(labelCount: 2), try Outputs(labelCount: 3))
    let empty = #expect(throws: EvaluationError.self) {
      _ = try Agreement(baseline: two, candidate: two)
    }
    #expect(empty?.explanation == "there is no answer to score; give at least one text")
    try two.append(logits: [0, 1])
    try three.append(logits: [0, 1, 2])
    let labels = #expect(throws: EvaluationError.self) {
      _ = try Agreement(baseline: two, candidate: three)
    }
    #expect(
      labels?.explanation
        == "the baseline has 2 labels and the candidate 3 labels; compare models of the same task")
    let once = two
    try two.append(logits: [0, 1])
    let rows = #expect(throws: EvaluationError.self) {
      _ = try Agreement(baseline: once, candidate: two)
    }
    #expect(
      rows?.explanation
        == "the baseline answered 1 row and the candidate 2 rows; compare answers to the same texts"
    )
  }

  @Test("the surest mistakes are kept, the earlier of equals first")
  func mistakes() {
    var mistakes = Mistakes(limit: 3)
    let probabilities = [0.6, 0.9, 0.7, 0.9, 0.5, 0.8]
    for (index, probability) in probabilities.enumerated() {
      mistakes.add(
        row: index + 1, truth: 0, predicted: 1, probability: probability, margin: 0, text: "x")
    }
    #expect(mistakes.count == 6 && mistakes.shown.map(\.row) == [2, 4, 6])
    var none = Mistakes(limit: 0)
    none.add(row: 1, truth: 0, predicted: 1, probability: 1, margin: 1, text: "")
    #expect(none.count == 1 && none.shown.isEmpty)
    var long = Mistakes(limit: 1)
    let marks = "e" + String(repeating: "\u{301}", count: 100_000)
    long.add(row: 1, truth: 0, predicted: 1, probability: 1, margin: 1, text: marks + marks)
    #expect(long.shown[0].excerpt.utf8.count < 4000)
  }
}
