import Foundation
import MBQCore
import MBQTestSupport
import Testing

@testable import MBQEvaluation
@testable import MBQReport

@Suite("Tables and reports")
struct ReportTests {
  private let table = ReportTable(
    title: "models",
    columns: [
      .text("name"), .number("size"), .number("p50", "p50 (ms)"), .number("accuracy"),
      .text("remark", overflow: .shorten),
    ],
    rows: [
      [
        .text("fp32"), .bytes(98_331_656), .milliseconds(nanoseconds: 35.94e6),
        .percent(0.874, digits: 2), .excerpt("a|b `c` *d* @e"),
      ],
      [.text("漢字 int8"), .bytes(25_100_000), .milliseconds(nanoseconds: 5_812_345), .missing],
    ])

  @Test("text: aligned by what a terminal shows")
  func text() {
    #expect(
      TextTable.render(table) == """
        models
        name          size  p50 (ms)  accuracy  remark
        ---------  -------  --------  --------  --------------
        fp32       98.3 MB   35.9 ms   87.40 %  a|b `c` *d* @e
        漢字 int8  25.1 MB   5.81 ms         -  -

        """)
  }

  @Test("markdown: nothing in a cell can mean anything")
  func markdown() {
    #expect(
      MarkdownTable.render(table) == """
        **models**

        | name | size | p50 (ms) | accuracy | remark |
        | --- | ---: | ---: | ---: | --- |
        | fp32 | 98.3 MB | 35.9 ms | 87.40 % | `a\\|b 'c' *d* @e` |
        | 漢字 int8 | 25.1 MB | 5.81 ms | - | - |

        """)
    #expect(MarkdownRenderer.escaped("<a_b>|\\`") == "\\<a\\_b\\>\\|\\\\\\`")
    // Nobody is called, and no address becomes a link.
    #expect(
      MarkdownRenderer.escaped("@all http://a WWW.b")
        == "@&#8203;all http:&#8203;//a WWW.&#8203;b")
  }

  @Test("json: values as they are, under the columns' keys")
  func json() throws {
    #expect(
      JSONRenderer.render(Report([.heading("x"), .facts([.init("a", "b")]), .table(table)])) == """
        {
          "facts": {
            "a": "b"
          },
          "tables": [
            {
              "title": "models",
              "rows": [
                {
                  "name": "fp32",
                  "size": 98331656,
                  "p50": 35940000,
                  "accuracy": 0.874,
                  "remark": "a|b `c` *d* @e"
                },
                {
                  "name": "漢字 int8",
                  "size": 25100000,
                  "p50": 5812345,
                  "accuracy": null,
                  "remark": null
                }
              ]
            }
          ],
          "notes": []
        }

        """)
  }

  @Test("every renderer survives every kind of block, empty ones too")
  func renderers() {
    let hostile = "\u{1B}[31m\r\nred\u{7}\u{202E}|`\""
    let report = Report([
      .heading(hostile), .facts([]), .facts([.init(hostile, hostile)]), .verbatim("a\n```\nb"),
      .note(hostile), .note("second"), .table(ReportTable(columns: [], rows: [[], []])),
      .table(ReportTable(columns: [.text(hostile)], rows: [[], [.text(hostile), .integer(1)]])),
    ])
    for renderer in Renderers.all {
      for width in [1, 20, 80] {
        let text = renderer.render(report, width: width)
        #expect(text.hasSuffix("\n") && !text.contains("\u{1B}") && !text.contains("\u{7}"))
      }
      #expect(renderer.render(Report(), width: 80).count < 50)
    }
    #expect(
      MarkdownRenderer.render(Report([.verbatim("a\n```\nb")])) == "````text\na\n```\nb\n````\n")
    #expect(Set(Renderers.all.map { $0.name }).count == Renderers.all.count)
  }

  @Test("a long title is broken into lines of the page")
  func longTitle() {
    var titled = ReportTable(columns: [.text("a")])
    titled.title = Array(repeating: "word", count: 40).joined(separator: " ")
    let lines = TextTable.render(titled, width: 30).split(separator: "\n")
    #expect(lines.allSatisfy { $0.count <= 30 })
    #expect(lines.dropLast(2).joined(separator: " ") == titled.title)
  }

  @Test("tables give way to the page: words wrap or are shortened, numbers never")
  func fitting() {
    var wide = ReportTable(
      columns: [.text("wrapped"), .text("shortened", overflow: .shorten), .number("number")])
    wide.rows = [
      [
        .text("some words that have to be wrapped somewhere"),
        .text("some words that have to be cut somewhere"), .integer(123_456_789),
      ]
    ]
    for width in [40, 50, 60, 80] {
      let lines = TextTable.render(wide, width: width).split(separator: "\n")
      #expect(lines.allSatisfy { DisplayText.width($0) <= width }, "\(width)")
      #expect(lines[2].hasSuffix("123456789") && lines[2].contains("..."))
    }
    // Every word of the wrapped column is still there.
    let narrow = TextTable.render(wide, width: 1)
    for word in ["some", "words", "wrapped", "somewher", "123456789"] {
      #expect(narrow.contains(word))
    }
  }

  @Test("random tables keep to their width and lose no wrapped word")
  func randomTables() {
    var generator = SeededGenerator(seed: 9)
    let words = ["a", "word", "漢字漢字", "👩‍👩‍👧", "e\u{301}e\u{301}", "averylongwordindeed", "\u{200B}"]
    for _ in 0..<200 {
      let text = (0..<Int.random(in: 0...30, using: &generator)).map { _ in
        words[Int.random(in: 0..<words.count, using: &generator)]
      }.joined(separator: " ")
      let width = Int.random(in: 30...90, using: &generator)
      let table = ReportTable(
        columns: [.text("a"), .number("n"), .text("b", overflow: .shorten)],
        rows: [[.text(text), .integer(7), .text(text)]])
      for line in TextTable.render(table, width: width).split(separator: "\n") {
        #expect(DisplayText.width(line) <= width)
      }
      let columns = Int.random(in: 2...40, using: &generator)
      let lines = DisplayText.wrapped(text, to: columns)
      #expect(lines.allSatisfy { DisplayText.width($0) <= columns })
      #expect(lines.joined().filter { $0 != " " } == text.filter { $0 != " " })
      #expect(DisplayText.width(DisplayText.shortened(text, to: columns)) <= columns)
    }
  }
}

@Suite("Text on a terminal")
struct DisplayTextTests {
  @Test("East Asian wide characters are those of Unicode's table")
  func wide() throws {
    var expected = Set<UInt32>()
    let table = try String(
      contentsOfFile: Repository.path("Tests/Oracles/evaluation/width.txt"), encoding: .utf8)
    for line in table.split(separator: "\n") where !line.hasPrefix("#") {
      let ends = line.split(separator: " ").compactMap { UInt32($0, radix: 16) }
      expected.formUnion(ends[0]...ends[1])
    }
    #expect(expected.count > 130_000)
    var wrong: [String] = []
    for value in UInt32(0)...0x10FFFF {
      guard let scalar = Unicode.Scalar(value) else { continue }
      let properties = scalar.properties
      // Assigned after Python's Unicode 14: not in its table.
      let age = properties.age ?? (0, 0)
      if age.major == 0 || age.major > 14 || properties.generalCategory == .privateUse { continue }
      let found = isWide(scalar) || properties.isEmojiPresentation
      let isFlag = (0x1F1E6...0x1F1FF).contains(value)  // two of them are one wide character
      if found != expected.contains(value) && !isFlag && !(0x4DC0...0x4DFF).contains(value) {
        wrong.append(String(value, radix: 16))
      }
    }
    #expect(wrong.isEmpty, "\(wrong.prefix(20))")
  }

  @Test(
    "characters are as wide as terminals show them",
    arguments: [
      ("", 0), ("abc", 3), ("é", 1), ("e\u{301}", 1), ("漢字", 4), ("ｆｕｌｌ", 8), ("한국어", 6),
      ("😀", 2), ("👩‍👩‍👧", 2), ("🇩🇪", 2), ("❤️", 2), ("1️⃣", 2), ("☃", 1), ("\u{200B}", 0),
      ("क्षि", 1), ("ﬁ", 1), ("Ω≈", 2), ("\u{AD}", 0),
    ])
  func width(text: String, columns: Int) {
    #expect(DisplayText.width(text) == columns)
  }

  @Test("nothing in a text can steer the terminal")
  func clean() {
    #expect(DisplayText.clean("  a\r\n\t b \u{2028}c  ") == "a b c")
    #expect(
      DisplayText.clean("x\u{1B}[2J\u{9B}31m\u{0}\u{7F}")
        == "x\u{FFFD}[2J\u{FFFD}31m\u{FFFD}\u{FFFD}")
    #expect(DisplayText.clean("a\u{202E}b\u{2066}") == "a\u{FFFD}b\u{FFFD}")
    #expect(DisplayText.clean("👩‍👩‍👧 é") == "👩‍👩‍👧 é")
    #expect(DisplayText.clean(String(repeating: "x", count: 10_000), limit: 10) == "xxxxxxxxxx")
  }

  @Test("shortening keeps whole characters")
  func shorten() {
    #expect(DisplayText.shortened("abcdef", to: 6) == "abcdef")
    #expect(DisplayText.shortened("abcdefg", to: 6) == "abc...")
    #expect(DisplayText.shortened("漢字漢字", to: 6) == "漢...")
    #expect(DisplayText.shortened("👩‍👩‍👧👩‍👩‍👧👩‍👩‍👧", to: 5) == "👩‍👩‍👧...")
    #expect(
      DisplayText.shortened("abc", to: 2) == "ab" && DisplayText.shortened("abc", to: 0) == "")
  }
}

@Suite("Quantities")
struct HumanTests {
  @Test(
    "bytes",
    arguments: [
      (0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (25_100_000, "25.1 MB"), (999_949, "999.9 kB"),
      (999_950, "1.0 MB"), (98_331_656, "98.3 MB"), (1_500_000_000, "1.5 GB"), (-2000, "-2.0 kB"),
      (Int.max, "9223372.0 TB"),
    ])
  func bytes(count: Int, text: String) {
    #expect(Human.bytes(count) == text)
  }

  @Test(
    "durations",
    arguments: [
      (0, "0 ns"), (850, "850 ns"), (12_345, "12.3 µs"), (999_400, "999 µs"), (999_600, "1.00 ms"),
      (5_812_345, "5.81 ms"), (123_456_789, "123 ms"), (4.56e9, "4.56 s"), (59.96e9, "1 min 00 s"),
      (125e9, "2 min 05 s"), (3720e9, "1 h 02 min"), (Double.nan, "-"), (.infinity, "-"), (-1, "-"),
      (1e300, "over 30 years"),
    ] as [(Double, String)])
  func durations(nanoseconds: Double, text: String) {
    #expect(Human.duration(nanoseconds: nanoseconds) == text)
  }

  @Test("milliseconds, shares, counts and rates")
  func others() {
    #expect(Human.milliseconds(nanoseconds: 35.94e6) == "35.9 ms")
    #expect(Human.milliseconds(nanoseconds: 1_043.4e6) == "1043 ms")
    #expect(Human.milliseconds(nanoseconds: 12_345) == "0.0123 ms")
    #expect(Human.percent(0.874) == "87.40 %" && Human.percent(1, digits: 0) == "100 %")
    #expect(Human.percent(.nan) == "-")
    #expect(Human.count(0) == "0" && Human.count(1234) == "1,234" && Human.count(-100) == "-100")
    #expect(Human.count(.min) == "-9,223,372,036,854,775,808")
    #expect(Human.rate(40.72) == "40.7" && Human.rate(14_712.4) == "14,712")
    #expect(Human.rate(.infinity) == "-" && Human.rate(0) == "0" && Human.rate(0.0312) == "0.0312")
  }
}
