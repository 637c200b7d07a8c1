import Foundation
import MBQCore
import MBQEvaluation
import MBQTestSupport
import Testing

@testable import MBQReport

/// Every renderer with as little, as much and as odd data as it can get.
@Suite("Reports of degenerate data")
struct DegenerateReportTests {
  /// One column of each kind of cell.
  private static func table(_ rows: Int, words: String = "a", value: Double = 0.5) -> ReportTable {
    ReportTable(
      title: words,
      columns: [
        .text("text", words), .text("excerpt", overflow: .shorten), .number("integer"),
        .number("count"), .number("number"), .number("percent"), .number("bytes"),
        .number("time"), .number("missing"),
      ],
      rows: Array(
        repeating: [
          .text(words), .excerpt(words), .integer(-7), .count(.max), .number(value, digits: 2),
          .percent(value, digits: 2), .bytes(.max), .milliseconds(nanoseconds: value), .missing,
        ], count: rows))
  }

  @Test("tables of no rows, one, and many equal ones have a line a row in every form")
  func rows() throws {
    for count in [0, 1, 2, 300] {
      let report = Report(Self.table(count))
      #expect(TextRenderer.render(report).split(separator: "\n").count == count + 3)
      #expect(MarkdownRenderer.render(report).split(separator: "\n").count == count + 3)
      let json = try #require(
        try JSONSerialization.jsonObject(with: Data(JSONRenderer.render(report).utf8))
          as? [String: Any])
      let table = try #require((json["tables"] as? [[String: Any]])?.first)
      #expect((table["rows"] as? [[String: Any]])?.count == count)
    }
  }

  @Test(
    "what is no number is a dash to people and null to programs",
    arguments: [Double.nan, .infinity, -.infinity, .signalingNaN])
  func notNumbers(value: Double) throws {
    for cell in [
      .number(value, digits: 3), .percent(value, digits: 1), .milliseconds(nanoseconds: value),
    ] as [ReportCell] {
      #expect(["-", "- ms"].contains(cell.display), "\(cell)")
    }
    let report = Report([
      .facts([.init("x", .percent(value, digits: 1))]), .table(Self.table(1, value: value)),
    ])
    for text in [TextRenderer.render(report), MarkdownRenderer.render(report)] {
      let words = text.lowercased().split { !$0.isLetter }
      #expect(!words.contains("nan") && !words.contains("inf"), "\(text)")
    }
    let json = try #require(
      try JSONSerialization.jsonObject(with: Data(JSONRenderer.render(report).utf8))
        as? [String: Any])
    #expect((json["facts"] as? [String: Any])?["x"] is NSNull)
    let row = try #require(
      ((json["tables"] as? [[String: Any]])?.first?["rows"] as? [[String: Any]])?.first)
    for key in ["number", "percent", "time", "missing"] { #expect(row[key] is NSNull, "\(key)") }
    #expect(row["integer"] as? Int == -7 && row["bytes"] as? Int == .max)
  }

  @Test("hostile words steer nothing and stay one cell", arguments: SampleReport.hostile.indices)
  func hostile(index: Int) throws {
    let word = SampleReport.hostile[index]
    let report = Report([
      .heading(word), .facts([.init(word, word)]), .note(word),
      .table(Self.table(2, words: word)),
    ])
    let steering: (Unicode.Scalar) -> Bool = {
      $0.value < 32 && $0 != "\n" || (0x7F...0x9F).contains($0.value) || $0.value == 0x202E
    }
    for renderer in Renderers.all {
      // A program gets every character; JSON itself keeps control characters out.
      let text = renderer.render(report, width: 80)
        .filter { renderer != JSONRenderer.self || $0 != "\u{202E}" }
      #expect(!text.unicodeScalars.contains(where: steering), "\(renderer.name)")
    }
    let lines = MarkdownRenderer.render(report).split(separator: "\n").filter { $0.hasPrefix("|") }
    #expect(lines.count == 4)
    for line in lines {
      let bars = line.replacing("\\\\", with: "").replacing("\\|", with: "").count { $0 == "|" }
      #expect(bars == 10, "\(line.prefix(200))")
    }
    let json = try #require(
      try JSONSerialization.jsonObject(with: Data(JSONRenderer.render(report).utf8))
        as? [String: Any])
    #expect(
      (json["notes"] as? [String])?.first.map { Array($0.unicodeScalars) }
        == Array(word.unicodeScalars))
  }

  @Test("tables of words keep to 80 columns, whatever the words", arguments: SampleReport.hostile)
  func columns(word: String) {
    let table = ReportTable(
      title: word,
      columns: [.text("a", word), .text("b", overflow: .shorten), .number("n"), .text("c")],
      rows: [[.text(word), .excerpt(word), .integer(7), .text(word)], [], [.text("x")]])
    for line in TextTable.render(table, width: 80).split(separator: "\n") {
      #expect(DisplayText.width(line) <= 80, "\(line.prefix(200))")
    }
    let report = Report([.facts([.init("name", word)]), .note(word)])
    for line in TextRenderer.render(report, width: 80).split(separator: "\n") {
      #expect(DisplayText.width(line) <= 80, "\(line.prefix(200))")
    }
  }

  @Test(
    "reports of evaluations and comparisons keep to 80 columns with hostile labels",
    arguments: SampleReport.hostile.indices)
  func labels(index: Int) throws {
    let word = SampleReport.hostile[index]
    let answers = try Comparisons.answers(
      Comparisons.key(rows: 40, labels: [word + "1", word + "2", word + "3"]))
    let evaluation = try #require(try answers.evaluation())
    let comparison = try #require(try answers.comparison())
    for report in [evaluation.report(), comparison.report()] {
      for line in TextRenderer.render(report).split(separator: "\n") {
        #expect(DisplayText.width(line) <= 80, "\(line.prefix(200))")
      }
    }
  }

  @Test("an evaluation and a comparison of one row")
  func oneRow() throws {
    let answers = try Comparisons.answers(Comparisons.key(rows: 1))
    let evaluation = try #require(try answers.evaluation())
    let comparison = try #require(try answers.comparison())
    for report in [evaluation.report(), comparison.report()] {
      for renderer in Renderers.all {
        let words = renderer.render(report, width: 80).lowercased().split { !$0.isLetter }
        #expect(!words.contains("nan") && !words.contains("inf"), "\(renderer.name)")
      }
      for line in TextRenderer.render(report).split(separator: "\n") {
        #expect(DisplayText.width(line) <= 80, "\(line)")
      }
    }
  }

  @Test("a page, a pull request's text and a document of one row, of equal variants, of no excerpt")
  func documents() throws {
    let equal = (1...6).map { ("variant \($0)", 1000, Set([1])) }
    for report in [
      try SampleReport.make([("only", 1, [])], rows: 1),
      try SampleReport.make(equal), try SampleReport.make(equal, excerpt: ""),
      try SampleReport.make([("a", 0, []), ("b", 0, Set(1...200))]),
    ] {
      for text in [ReportPage.render(report), ReportMarkdown.render(report)] {
        let words = text.lowercased().split { !$0.isLetter }
        #expect(!words.contains("nan") && !words.contains("inf"))
        #expect(report.variants.allSatisfy { text.contains($0.name) })
      }
    }
  }
}
