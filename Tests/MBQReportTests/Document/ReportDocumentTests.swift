import Foundation
import MBQCore
import MBQTestSupport
import Testing

@testable import MBQEvaluation
@testable import MBQReport

@Suite("Figures of a report")
struct ReportDocumentTests {
  private static func schema() throws -> JSONSchema {
    try JSONSchema(
      Data(contentsOf: URL(fileURLWithPath: Repository.path("Formats/report/report.schema.json"))))
  }

  @Test("the JSON is as its schema says, and reads back")
  func json() throws {
    let report = try SampleReport.usual()
    let text = try JSONText.encode(report)
    let problems = try Self.schema().problems(try .parse(Data(text.utf8)))
    #expect(problems == [])
    #expect(try JSONDecoder().decode(ReportDocument.self, from: Data(text.utf8)) == report)
  }

  @Test("hostile words stay words in the JSON")
  func hostileJSON() throws {
    for word in SampleReport.hostile where !word.isEmpty {
      let report = try SampleReport.make(
        [(word, 100, []), ("b", 50, [3])], labels: [word, "other"], excerpt: word)
      let text = try JSONText.encode(report)
      #expect(try Self.schema().problems(try .parse(Data(text.utf8))) == [])
      #expect(try JSONDecoder().decode(ReportDocument.self, from: Data(text.utf8)) == report)
    }
  }

  @Test("the schema refuses a document that lacks any member, at any depth")
  func missing() throws {
    let whole = try AnyJSON.parse(Data(try JSONText.encode(SampleReport.usual()).utf8))
    let schema = try Self.schema()
    let smaller = whole.withOneMemberLess
    #expect(smaller.count > 60)
    #expect(smaller.filter { schema.problems($0.value).isEmpty }.map(\.place) == [])
  }

  @Test("the schema refuses what it does not describe")
  func unknown() throws {
    guard
      case .object(var members) = try AnyJSON.parse(
        Data(try JSONText.encode(SampleReport.usual()).utf8))
    else { return }
    let schema = try Self.schema()
    members["extra"] = .null
    #expect(schema.problems(.object(members)) == ["$: extra is not known"])
    members["extra"] = nil
    members["schema"] = .string("mbq-report/2")
    #expect(schema.problems(.object(members)).count == 1)
    members["schema"] = .string("mbq-report/1")
    members["notes"] = .string("one")
    #expect(schema.problems(.object(members)) == ["$: $.notes: is no array"])
  }

  @Test("every length is in the bin that says so, and in no other")
  func lengths() {
    var generator = SeededGenerator(seed: 3)
    for limit in [2, 16, 100, 128, 512] {
      for spread in [1, 3, 30, 700] as [UInt64] {
        let lengths = (0..<300).map { _ in 1 + Int(generator.next() % spread) }
        let histogram = LengthHistogram(lengths: lengths, limit: limit)
        #expect(histogram.bins.count <= 22)
        #expect(histogram.truncatedRows == lengths.count { $0 > limit })
        #expect(histogram.bins.reduce(0) { $0 + $1.rows } == 300)
        for bin in histogram.bins {
          #expect(bin.rows == lengths.count { $0 >= bin.from && $0 <= bin.to ?? .max })
        }
        #expect(histogram.longest == lengths.max())
      }
    }
    let none = LengthHistogram(lengths: [], limit: 8)
    #expect(none.bins.count == 1 && none.median == 0)
  }

  @Test("flips are counted by what they do, and the harmful ones come first")
  func flips() throws {
    let report = try SampleReport.make([
      ("fp32", 9, [1, 2, 3]), ("int8", 5, [2, 3, 10, 11]), ("same", 4, [1, 2, 3]),
    ])
    let comparison = try #require(report.variants[1].comparison)
    #expect(comparison.flips == 3)
    #expect(comparison.lost == 2)
    #expect(comparison.gained == 1)
    #expect(Set(comparison.shownFlips.prefix(2).map(\.row)) == [10, 11])
    #expect(comparison.shownFlips.last?.row == 1)
    #expect(comparison.shownFlips.map(\.effect) == [.lost, .lost, .gained])
    #expect(abs(comparison.accuracyChange + 1.0 / 200) < 1e-15)
    #expect(abs(comparison.agreement - 197.0 / 200) < 1e-15)
    #expect(report.variants[2].comparison?.flips == 0)
    #expect(report.variants[0].comparison == nil)
  }

  @Test("the smallest variant within the accepted drop is the one to take")
  func recommendation() throws {
    // 200 rows: one row is half a point.
    let variants: [(String, Int, Set<Int>)] = [
      ("fp32", 98_000_000, [1, 2]), ("int8", 25_000_000, [1, 2]), ("int4", 13_000_000, [1, 2, 3]),
      ("tiny", 1_000_000, [1, 2, 3, 4, 5]),
    ]
    let half = try SampleReport.make(variants, acceptedDrop: 0.005).recommendation
    #expect(half.variant == "int4")
    #expect(
      half.sentence
        == "Take int4: 13.0 MB to download instead of 98.0 MB, 2 times as fast on one text. It costs "
        + "0.5 points of accuracy: 98.50 % (95 %: 95.68 % to 99.49 %), fp32 99.00 %; rows like these "
        + "leave the change between -2.78 and +1.39 points. 1 of 200 texts "
        + "change their label: 1 from right to wrong, none from wrong to right.")
    #expect(try SampleReport.make(variants, acceptedDrop: 0).recommendation.variant == "int8")
    #expect(try SampleReport.make(variants, acceptedDrop: 0.02).recommendation.variant == "tiny")
    let none = try SampleReport.make(
      [("fp32", 98_000_000, [1]), ("int2", 10_000_000, [1, 2, 3, 4])], acceptedDrop: 0.005)
    #expect(
      none.recommendation.sentence
        == "Keep fp32: 98.0 MB to download, 99.50 % accurate; no smaller variant stays within 0.5 "
        + "points of its accuracy and changes at most 50 % of its answers on these texts.")
    // As accurate, but by luck: a tenth of the answers are others.
    let lucky: [(String, Int, Set<Int>)] = [
      ("fp32", 98_000_000, Set(1...10)), ("int8", 25_000_000, Set(1...10)),
      ("int4", 13_000_000, Set(11...20)),
    ]
    for (flips, expected) in [(0.0, "int8"), (0.099, "int8"), (0.1, "int4")] {
      let found = try SampleReport.make(lucky, acceptedFlips: flips).recommendation
      #expect(found.variant == expected)
    }
    #expect(try SampleReport.make([("one", 5, [])]).recommendation.variant == "one")
  }
}
