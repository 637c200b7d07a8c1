import Foundation
import MBQCore
import MBQTestSupport
import Testing

@testable import MBQEvaluation

@Suite("JSON Lines")
struct JSONLinesTests {
  /// A file, and what Python's json makes of it; no rows where it is refused.
  private struct Golden: Decodable {
    var bytes: [UInt8]
    var columns: [String]?
    /// A list or an object is `nil`.
    var rows: [[String?]]?

    init(from decoder: any Decoder) throws {
      var container = try decoder.unkeyedContainer()
      bytes = Array(Data(base64Encoded: try container.decode(String.self)) ?? Data())
      columns = try container.decode([String]?.self)
      rows = try container.decode([[String?]]?.self)
    }
  }

  private func read(
    _ bytes: [UInt8], portion: Int = .max
  ) throws -> (columns: [String], rows: [[String?]]) {
    let reader = try JSONLinesReader(
      MemorySource(bytes, name: "data", portion: portion), limits: DatasetLimits())
    var row = DatasetRow()
    var rows: [[String?]] = []
    while try reader.next(into: &row) {
      rows.append((0..<row.count).map { row.nestedFields.contains($0) ? nil : row.text($0) })
    }
    return (reader.columns, rows)
  }

  /// Not `==` of texts, which takes canonically equivalent ones for equal.
  private func bytes(_ rows: [[String?]]) -> [[[UInt8]?]] {
    rows.map { $0.map { $0.map { Array($0.utf8) } } }
  }

  @Test(
    "values are those of Python's json, and what it refuses is refused", arguments: [Int.max, 1])
  func goldens(portion: Int) throws {
    let goldens = try Goldens.decode([Golden].self, from: "jsonl.json")
    #expect(goldens.count > 900)
    #expect(goldens.count { $0.rows != nil } > 550)
    for golden in goldens {
      let shown = String(decoding: golden.bytes.prefix(300), as: UTF8.self)
      do {
        let (columns, rows) = try read(golden.bytes, portion: portion)
        let expected = try #require(golden.rows, "\(shown) is refused by Python")
        #expect(columns == golden.columns, "\(shown)")
        #expect(bytes(rows) == bytes(expected), "\(shown)")
      } catch let error as DatasetError {
        #expect(golden.rows == nil, "\(shown): \(error.explanation)")
      }
    }
  }

  @Test("rows know their lines; order of keys and further keys do not matter")
  func lines() throws {
    let text = "\n{\"a\":1,\"b\":2}\r\n\r\n \t\n{\"c\":[],\"b\":4,\"a\":3}"
    let reader = try JSONLinesReader(
      MemorySource(Array(text.utf8), name: "x"), limits: DatasetLimits())
    var row = DatasetRow()
    var found: [String] = []
    while try reader.next(into: &row) { found.append("\(row.line): \(row.text(0)) \(row.text(1))") }
    #expect(found == ["2: 1 2", "5: 3 4"])
  }

  @Test("WELFake's layout reads as it does in CSV, texts of 130,000 characters included")
  func layout() throws {
    let long = String(repeating: "Wörter 漢字 \"x\"\\ \n", count: 8200)
    let rows = [
      ("Title", "Body", "1"), ("", "Body", "0"), (" ", "\u{A0}", "0"), ("a\r\nb", long, "1"),
    ]
    let csv =
      "title,text,label\r\n"
      + rows.map { "\"\($0.0)\",\"\($0.1.replacing("\"", with: "\"\""))\",\($0.2)\r\n" }.joined()
    func quoted(_ text: String) throws -> String {
      String(decoding: try JSONEncoder().encode(text), as: UTF8.self)
    }
    let json = try rows.map {
      "{\"title\": \($0.0.isEmpty ? "null" : try quoted($0.0)), \"label\": \($0.2), \"text\": "
        + "\(try quoted($0.1))}\r\n"
    }.joined()
    func texts(_ text: String, _ type: any DatasetReader.Type) throws -> [LabelledText] {
      let reader = try type.init(
        MemorySource(Array("\u{FEFF}\(text)".utf8), name: "x"), limits: DatasetLimits())
      var texts = try LabelledTexts(reader, labels: LabelVocabulary(names: ["real", "fake"]))
      var all: [LabelledText] = []
      while var text = try texts.next() {
        text.line = 0
        all.append(text)
      }
      #expect(texts.blankCount == 1 && texts.blankFieldCounts == [2, 1])
      return all
    }
    let fromCSV = try texts(csv, CSVReader.self)
    #expect(fromCSV == (try texts(json, JSONLinesReader.self)))
    #expect(fromCSV.map(\.text).map(\.count).max() ?? 0 > 130_000)
    #expect(fromCSV.map(\.label) == [1, 0, 0, 1])
  }

  private func error(_ text: String, limits: DatasetLimits = DatasetLimits()) -> String? {
    do {
      _ = try readAll(Array(text.utf8), as: JSONLinesReader.self, limits: limits)
      return nil
    } catch let error as DatasetError {
      return error.explanation
    } catch {
      return "\(error)"
    }
  }

  @Test("refusals name the file, the line, the byte, what was found and what to do")
  func refusals() {
    let start = "{\"a\": \"x\"}\n"
    for (text, message) in [
      (
        "",
        "'data' is empty; write one JSON object a line, such as {\"text\": \"...\", \"label\": 0}"
      ),
      (
        "[{\"a\": 1}]\n",
        "'data', line 1, byte 1: this line begins with '[', and each line must be one object; make "
          + "lines of the list (jq -c '.[]')"
      ),
      (
        start + " \"a\"\n",
        "'data', line 2, byte 2: found '\"', and each line must be one object, {...}"
      ),
      (
        start + "\n{\"b\": 1}",
        "'data', line 3: this object has no key 'a', which the first one has; write null for what is "
          + "missing"
      ),
      (
        start + "{\"a\": \"x\", \"a\": \"y\"}",
        "'data', line 2, byte 20: the key 'a' occurs twice in this object"
      ),
      ("{}", "'data', line 1, byte 2: the first object has no keys, which name the columns"),
      (
        "{\"a\": \"x",
        "'data', line 1, byte 9: the line ends in the middle of the object; an object may not span "
          + "lines"
      ),
      (
        start + "{\"a\": 'x'}", "'data', line 2, byte 7: found ''', needed a value"
      ),
      (
        start + "{\"a\": \"x\"}, ",
        "'data', line 2, byte 11: something follows the object; write one object a line"
      ),
      (
        "{\"a\": \"x\ty\"}",
        "'data', line 1, byte 9: a text has the control character the byte 0x09; write it as an "
          + "escape, such as \\n"
      ),
      (
        "{\"a\": \"xy\\z\"}",
        "'data', line 1, byte 10: a backslash is followed by something that is no escape"
      ),
      ("{\"a\": -01}", "'data', line 1, byte 7: a number is not written as JSON allows"),
      (
        "{\"a\": NaN}",
        "'data', line 1, byte 7: only true, false and null may stand without quotes (NaN is not JSON)"
      ),
      (
        "{\"a\": " + String(repeating: "[", count: 65) + "0",
        "'data', line 1, byte 71: lists and objects are nested more than 64 deep"
      ),
    ] {
      #expect(error(text) == message, "\(text)")
    }
    let limits = DatasetLimits(fieldBytes: 4, rowBytes: 40, columns: 2)
    #expect(
      error("{\"a\": \"12345\"}", limits: limits)
        == "'data', line 1, byte 14: the value of 'a' is longer than 4 bytes")
    #expect(
      error("{\"a\": 1, \"b\": 2, \"c\": 3}", limits: limits)
        == "'data', line 1, byte 24: more than 2 keys; is this a dataset of texts?")
    #expect(
      error("{\"a\": 1" + String(repeating: " ", count: 40) + "}", limits: limits)
        == "'data', line 1: this line is longer than 40 bytes; JSON Lines has one object a line")
  }

  @Test("a list or an object is refused only where it is used")
  func nested() throws {
    func texts(_ text: String, _ columns: LabelledTexts.Columns) throws -> [String] {
      let reader = try JSONLinesReader(
        MemorySource(Array(text.utf8), name: "x"), limits: DatasetLimits())
      var texts = try LabelledTexts(reader, columns: columns, labels: nil)
      var all: [String] = []
      while let text = try texts.next() { all.append(text.text) }
      return all
    }
    let text =
      "{\"text\": \"a\", \"n\": [1]}\n{\"text\": \"b\", \"n\": 2}\n{\"text\": {}, \"n\": 3}\n"
    #expect(
      explanation { try texts(text, .init(label: nil)) }
        == "'x', row 3 (line 3): the value of 'text' is a list or an object; write a text, a number, "
        + "true, false or null")
    #expect(
      explanation { try texts(text, .init(label: "n")) }.hasPrefix(
        "'x', row 1 (line 1): the value of 'n'"))
    let first = text.split(separator: "\n").prefix(2).joined(separator: "\n")
    #expect(try texts(first, .init(label: nil)) == ["a", "b"])
  }

  @Test("every byte of a file set to every value, and every prefix, is read or refused alike")
  func mutations() throws {
    let seed = Array(
      "\u{FEFF}{\"a\":\"x\\u00e9\\ud83d\\ude00\\n\",\"b\":[1,{\"k\":null}]}\r\n{\"b\":-1.5e3,\"a\":true}"
        .utf8)
    var accepted = 0
    func check(_ bytes: [UInt8]) throws {
      do {
        let rows = try read(bytes).rows
        accepted += 1
        #expect(try read(bytes, portion: 1).rows == rows)
      } catch let error as DatasetError {
        #expect(!error.explanation.isEmpty)
      }
    }
    for count in 0...seed.count { try check(Array(seed[..<count])) }
    for index in seed.indices {
      var bytes = seed
      for value in UInt8.min...UInt8.max {
        bytes[index] = value
        try check(bytes)
      }
    }
    #expect(accepted > 1000)
  }

  @Test("a line, a value or blank lines without end are refused within bounded memory")
  func endless() throws {
    let limits = DatasetLimits(fieldBytes: 1 << 20, rowBytes: 1 << 20, columns: 100)
    for (start, filler) in [
      ("{\"a\":\"", "x"), ("{\"a\":", "["), ("", "x"), ("", " "), ("{\"a\":1}\n", "1"),
      ("{\"a\":1}\n", " "), ("{", "\""),
    ] {
      let source = EndlessSource(start: Array(start.utf8), filler: Array(filler.utf8)[0])
      #expect(throws: DatasetError.self, "\(start) \(filler)") {
        let reader = try JSONLinesReader(source, limits: limits)
        var row = DatasetRow()
        while try reader.next(into: &row) {}
      }
      #expect(source.counter.bytes < 4 << 20)
    }
  }

  @Test("what a strict writer writes is read back, at any position in the buffer")
  func roundTrip() throws {
    var generator = SeededGenerator(seed: 6)
    let letters = ["a", "\"", "\\", "\n", "\r\n", " ", "é", "漢", "😀", "\u{0}", "tail of a word"]
    let rows = (0..<1500).map { _ in
      (0..<2).map { _ in
        (0..<Int.random(in: 0...200, using: &generator)).map { _ in
          letters[Int.random(in: 0..<letters.count, using: &generator)]
        }.joined()
      }
    }
    let encoder = JSONEncoder()
    let bytes = try rows.flatMap { try encoder.encode(["x": $0[0], "y": $0[1]]) + [0x0A] }
    #expect(bytes.count > 2 << 18, "the file must cross the reader's buffer")
    let read = try readAll(bytes, as: JSONLinesReader.self, portion: 100_003)
    let places = ["x", "y"].map { read.columns.firstIndex(of: $0) ?? -1 }
    #expect(read.rows.map { row in places.map { row[$0] } } == rows)
  }
}
