import Foundation
import MBQTestSupport
import Testing

@testable import MBQEvaluation
@testable import MBQReport

@Suite("Reports of a comparison")
struct ComparisonReportTests {
  @Test("the text keeps to 80 columns; Markdown leaves nothing that mentions or links")
  func forms() throws {
    let report = try Comparisons.small().report()
    for line in TextRenderer.render(report).split(separator: "\n") {
      #expect(DisplayText.width(line) <= 80, "\(line)")
    }
    #expect(MarkdownRenderer.render(report).contains("| `text "))
  }

  @Test("the JSON form is read back as the same comparison")
  func json() throws {
    let comparison = try Comparisons.small()
    let text = try JSONText.encode(comparison)
    #expect(
      try JSONDecoder().decode(ComparisonSummary.self, from: Data(text.utf8)) == comparison)
  }

  @Test("without labels nothing is said of accuracy, and flips are of the label before")
  func unlabelled() throws {
    let answers = try Comparisons.answers(Comparisons.key(rows: 60, isLabelled: false))
    let comparison = try #require(try answers.comparison())
    let text = TextRenderer.render(comparison.report())
    #expect(!text.contains("accuracy") && !text.contains("McNemar") && !text.contains("recall"))
    let (listed, total) = (comparison.listedFlips.count, comparison.flips.total)
    try #require(listed > 1)
    #expect(text.contains("largest flips, \(listed) of \(total); p is that of the label before"))
  }
}
