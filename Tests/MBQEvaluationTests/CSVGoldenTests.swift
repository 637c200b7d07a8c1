import Foundation
import MBQTestSupport
import Testing

@testable import MBQEvaluation

/// A value as make_csv.py stores it.
private enum Value: Decodable {
  case text(String)
  case hash(String)

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let hash = try? container.decode([String: String].self) {
      self = .hash(hash["sha256"] ?? "")
    } else {
      self = .text(try container.decode(String.self))
    }
  }

  func matches(_ text: String) -> Bool {
    switch self {
    // Not ==, which takes canonically equivalent texts for equal.
    case .text(let expected): return Array(expected.utf8) == Array(text.utf8)
    case .hash(let expected):
      var hash = SHA256()
      hash.update(text.utf8)
      return hash.hexDigest() == expected
    }
  }
}

private struct Golden: Decodable {
  struct Case: Decodable {
    var name: String
    var separator: String
    var parts: [Part]
    var columns: [String]
    var count: Int
    var sha256: String
    var rows: [[Value]]?
  }

  struct Part: Decodable {
    var bytes: [UInt8]
    init(from decoder: any Decoder) throws {
      var container = try decoder.unkeyedContainer()
      let data = Data(base64Encoded: try container.decode(String.self)) ?? Data()
      let times = try container.decode(Int.self)
      bytes = (0..<times).flatMap { _ in data }
    }
  }

  struct Random: Decodable {
    var bytes: [UInt8]
    var rows: [[String]]?
    init(from decoder: any Decoder) throws {
      var container = try decoder.unkeyedContainer()
      bytes = Array(Data(base64Encoded: try container.decode(String.self)) ?? Data())
      rows = try container.decode([[String]]?.self)
    }
  }

  var cases: [Case]
  var random: [Random]
}

/// Columns and rows of a whole file in memory, read `portion` bytes at a time.
func readAll(
  _ bytes: [UInt8], as type: any DatasetReader.Type = CSVReader.self, portion: Int = .max,
  limits: DatasetLimits = DatasetLimits()
) throws -> (columns: [String], rows: [[String]]) {
  let reader = try type.init(MemorySource(bytes, name: "data", portion: portion), limits: limits)
  var row = DatasetRow()
  var rows: [[String]] = []
  while try reader.next(into: &row) { rows.append((0..<row.count).map { row.text($0) }) }
  return (reader.columns, rows)
}

@Suite("CSV against pandas")
struct CSVGoldenTests {
  @Test("awkward files have the values pandas finds", arguments: [Int.max, 1, 7])
  func awkward(portion: Int) throws {
    let golden = try Goldens.decode(Golden.self, from: "csv.json")
    #expect(golden.cases.count >= 30)
    for item in golden.cases {
      let bytes = item.parts.flatMap(\.bytes)
      if portion == 1 && bytes.count > 10_000 { continue }
      let type: any DatasetReader.Type = item.separator == "," ? CSVReader.self : TSVReader.self
      let (columns, rows) = try readAll(bytes, as: type, portion: portion)
      #expect(columns == item.columns, "\(item.name)")
      #expect(rows.count == item.count, "\(item.name)")
      if let expected = item.rows {
        #expect(rows.map(\.count) == expected.map(\.count), "\(item.name)")
        for (row, values) in zip(rows, expected) {
          let equal = zip(row, values).allSatisfy { $1.matches($0) }
          #expect(equal, "\(item.name): \(row.map { $0.prefix(50) })")
        }
      }
      var hash = SHA256()
      for value in rows.joined() { hash.update(value: Array(value.utf8)) }
      #expect(hash.hexDigest() == item.sha256, "\(item.name)")
    }
  }

  @Test("random mixes of quotes, separators and line ends agree with pandas where both accept")
  func random() throws {
    let golden = try Goldens.decode(Golden.self, from: "csv.json")
    var accepted = 0
    for item in golden.random {
      let description = "\(String(decoding: item.bytes, as: UTF8.self).debugDescription)"
      do {
        let (_, rows) = try readAll(item.bytes)
        accepted += 1
        #expect(rows == item.rows, "\(description)")
      } catch let error as DatasetError {
        // pandas fills short rows and cuts long ones: that much stricter we are, and no more.
        switch error {
        case .raggedRow: break
        case .unterminatedQuote: #expect(item.rows == nil, "\(description)")
        default: Issue.record("\(description): \(error)")
        }
      }
    }
    #expect(golden.random.count == 2000 && accepted > 100, "\(accepted)")
  }

  struct SharedFile: Decodable {
    var file: String
    var rows: Int
    var columns: Int
    var values: String
    var texts: String
    var blank: Int
    var labels: [Int]
    var longest: Int
  }

  @Test(
    "the datasets beside the repository have pandas' rows, values and texts",
    .enabled(if: Repository.shared != nil, "../shared is not on this machine"))
  func shared() throws {
    for golden in try Goldens.decode([SharedFile].self, from: "shared_csv.json") {
      guard let path = sharedDataset(golden.file) else { continue }
      let reader = try DatasetReaders.open(path: path)
      #expect(reader.columns.count == golden.columns)
      var row = DatasetRow()
      var values = SHA256()
      var count = 0
      while try reader.next(into: &row) {
        count += 1
        for field in 0..<row.count { values.update(value: row[field]) }
      }
      #expect(count == golden.rows, "\(golden.file)")
      #expect(values.hexDigest() == golden.values, "\(golden.file)")

      var texts = try LabelledTexts(
        DatasetReaders.open(path: path), labels: LabelVocabulary(names: ["real", "fake"]))
      var hash = SHA256()
      var labels = [0, 0]
      var longest = 0
      while let text = try texts.next() {
        hash.update(value: Array(text.text.utf8))
        labels[try #require(text.label)] += 1
        longest = max(longest, text.text.unicodeScalars.count)
      }
      #expect(hash.hexDigest() == golden.texts, "\(golden.file)")
      #expect(texts.rowCount == golden.rows && texts.blankCount == golden.blank)
      #expect(labels == golden.labels && longest == golden.longest, "\(golden.file)")
    }
  }

  @Test("the test's own SHA-256 knows the standard's examples")
  func hash() {
    var empty = SHA256()
    #expect(
      empty.hexDigest() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    var long = SHA256()
    long.update("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq".utf8)
    #expect(long.hexDigest() == "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1")
  }
}
