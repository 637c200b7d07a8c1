import Foundation
import MBQCore
import MBQTestSupport
import Testing

@testable import MBQEvaluation

@Suite("The summary of an evaluation")
struct EvaluationSummaryTests {
  @Test("the JSON form is read back as the same summary")
  func roundTrip() throws {
    let answers = try Comparisons.answers(Comparisons.key(rows: 200))
    let summary = try #require(
      try answers.evaluation(
        timing: .init(seconds: 2.5, rows: 200, tokens: 9000, threads: 1, kernels: "generic")))
    #expect(!summary.mistakes.isEmpty && summary.timing != nil)
    let data = try JSONEncoder().encode(summary)
    #expect(try JSONDecoder().decode(EvaluationSummary.self, from: data) == summary)
    #expect(summary.confusionMatrix.total == 200)
  }

  @Test("a metric that is not defined is null, not missing")
  func undefined() throws {
    var predictions = try Predictions(labelCount: 2)
    try predictions.append(truth: 0, logits: [1, 0])
    let summary = try EvaluationSummary(
      model: .init(path: "m", scheme: "s", fileBytes: 1),
      dataset: .init(path: "d", textColumns: ["text"], labelColumn: nil, rows: 1, blankRows: 0),
      run: .init(tokens: 2, tokenLimit: 2, truncatedRows: 0),
      predictions: predictions, labelNames: ["real", "fake"], mistakes: Mistakes(limit: 0))
    #expect(summary.notes == ["no row is labelled 'fake'"])
    #expect(summary.timing == nil)
    // One row says nothing about others; Wilson's intervals know that by themselves.
    #expect(
      summary.scores.filter { $0.interval != nil }.map(\.name) == ["accuracy", "weighted-recall"])
    #expect(summary.scores.compactMap(\.note).contains("needs rows of both labels"))
    let data = try JSONEncoder().encode(summary)
    #expect(String(decoding: data, as: UTF8.self).contains("\"value\":null"))
    #expect(try JSONDecoder().decode(EvaluationSummary.self, from: data) == summary)
  }

  @Test("notes say what makes the figures doubtful")
  func notes() throws {
    var predictions = try Predictions(labelCount: 2)
    for row in 0..<40 {
      try predictions.append(truth: row % 2, logits: row % 2 == 0 ? [0, 1] : [1, 0])
    }
    func make(_ predictions: Predictions) throws -> [String] {
      try EvaluationSummary(
        model: .init(path: "m", scheme: "s", fileBytes: 1),
        dataset: .init(path: "d", textColumns: [], labelColumn: nil, rows: 1, blankRows: 2),
        run: .init(tokens: 2, tokenLimit: 2, truncatedRows: 0),
        predictions: predictions, labelNames: ["real", "fake"], mistakes: Mistakes(limit: 0)
      ).notes
    }
    #expect(
      try make(predictions) == [
        "2 rows with an empty text were scored too",
        "fewer than half of the answers are right: if the dataset numbers its labels the other way "
          + "round, add --label-map 0=1,1=0",
      ])
    var one = try Predictions(labelCount: 2)
    for row in 0..<4 { try one.append(truth: row % 2, logits: [0, 1]) }
    #expect(try make(one).first == "every answer is 'fake'")
    #expect(throws: EvaluationError.self) { _ = try make(Predictions(labelCount: 2)) }
  }

}
