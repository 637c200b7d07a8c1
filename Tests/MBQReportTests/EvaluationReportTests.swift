import Foundation
import MBQCore
import MBQTestSupport
import Testing

@testable import MBQEvaluation
@testable import MBQReport

@Suite("Reports of an evaluation")
struct EvaluationReportTests {
  /// 200 rows of which 20 are wrong, three of them shown.
  private func summary(labels: [String] = ["real", "fake"]) throws -> EvaluationSummary {
    var predictions = try Predictions(labelCount: 2)
    var mistakes = Mistakes(limit: 3)
    let texts = [
      "Minister \u{1B}[31mopens\u{1B}[0m the new bridge,\nsays \"it will hold\" for a hundred years "
        + "to come and more",
      "短い記事：首相は水曜日に東京で新しい政策を発表し、記者団の質問に答えた。詳細は後日公表される",
      "| pipes | and `ticks` | @somebody #1",
    ]
    for row in 1...200 {
      let truth = row % 2
      let isWrong = row % 10 == 0
      let margin = Float(row % 16) / 4 + 0.25
      let answer = isWrong ? 1 - truth : truth
      let predicted = try predictions.append(
        truth: truth, logits: answer == 1 ? [0, margin] : [margin, 0])
      if isWrong {
        mistakes.add(
          row: row, truth: truth, predicted: predicted,
          probability: predictions.outputs.probability(of: predicted, row: row - 1),
          margin: predictions.outputs.probability(of: predicted, row: row - 1)
            - predictions.outputs.probability(of: truth, row: row - 1),
          text: texts[row / 10 % 3])
      }
    }
    return try EvaluationSummary(
      model: .init(path: "models/news-int8.mbq", scheme: "int8", fileBytes: 25_100_000),
      dataset: .init(
        path: "news_test.csv", textColumns: ["title", "text"], labelColumn: "label", rows: 200,
        blankRows: 1),
      run: .init(tokens: 86_800, tokenLimit: 512, truncatedRows: 61),
      timing: .init(
        seconds: 12.3456, rows: 200, tokens: 86_800, threads: 1, kernels: "avx512-vnni"),
      predictions: predictions, labelNames: labels, mistakes: mistakes)
  }

  @Test("text, Markdown and JSON are the snapshots", arguments: ["text", "markdown", "json"])
  func snapshots(name: String) throws {
    let summary = try summary()
    let found: String
    if name == "json" {
      found = try JSONText.encode(summary)
    } else {
      let renderer = try #require(Renderers.all.first { $0.name == name })
      found = renderer.render(summary.report(), width: 80)
    }
    let path = Repository.path("Tests/Oracles/evaluation/Snapshots/summary.\(name)")
    if ProcessInfo.processInfo.environment["MBQ_RECORD"] != nil {
      try found.write(toFile: path, atomically: true, encoding: .utf8)
    }
    let stored = try String(contentsOfFile: path, encoding: .utf8)
    #expect(rounded(found) == rounded(stored))
  }

  /// Numbers cut after 12 decimals: exp and log differ in the last bit from system to system.
  private func rounded(_ text: String) -> String {
    text.replacing(#/(\.\d{12})\d+/#) { $0.output.1 }
  }

  @Test("the text keeps to 80 columns and steers no terminal")
  func width() throws {
    for labels in [["real", "fake"], [String(repeating: "long ", count: 8), "漢字漢字漢字"]] {
      let text = TextRenderer.render(try summary(labels: labels).report(), width: 80)
      #expect(!text.contains("\u{1B}"))
      for line in text.split(separator: "\n") {
        #expect(DisplayText.width(line) <= 80, "\(line)")
      }
    }
  }

  @Test("a metric that is not defined says why")
  func undefined() throws {
    var predictions = try Predictions(labelCount: 2)
    try predictions.append(truth: 0, logits: [1, 0])
    let summary = try EvaluationSummary(
      model: .init(path: "m", scheme: "s", fileBytes: 1),
      dataset: .init(path: "d", textColumns: ["text"], labelColumn: nil, rows: 1, blankRows: 0),
      run: .init(tokens: 2, tokenLimit: 2, truncatedRows: 0),
      predictions: predictions, labelNames: ["real", "fake"], mistakes: Mistakes(limit: 0))
    #expect(TextRenderer.render(summary.report()).contains("needs rows of both labels"))
    #expect(try JSONText.encode(summary).contains("\"value\": null"))
  }

  @Test("a confusion matrix falls back to numbers and then to a list as labels grow")
  func confusion() {
    func text(_ count: Int, name: (Int) -> String) -> String {
      var confusion = ConfusionMatrix(labelCount: count)
      for truth in 0..<count {
        confusion.count(truth: truth, predicted: truth, times: 100)
        confusion.count(truth: truth, predicted: (truth + 1) % count, times: truth + 1)
      }
      return ConfusionTable.text(confusion, labels: (0..<count).map(name))
    }
    #expect(
      text(2) { ["real", "fake"][$0] } == """
               predicted
        truth  real  fake
        real    100     1
        fake      2   100

        """)
    #expect(
      text(3) { _ in "a label with a long name" } == """
                                    predicted
        truth                         0    1    2
        0 a label with a long name  100    1    0
        1 a label with a long name    0  100    2
        2 a label with a long name    3    0  100

        """)
    let list = text(40) { "label \($0)" }
    #expect(list.hasPrefix("most frequent confusions\nrows  truth     predicted\n"))
    #expect(list.contains("\n  40  label 39  label 0\n  39  label 38  label 39\n"))
    #expect(list.split(separator: "\n").count == 23)
  }
}
