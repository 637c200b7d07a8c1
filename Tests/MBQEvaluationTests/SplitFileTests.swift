import Foundation
import MBQCore
import MBQTestSupport
import Testing

@testable import MBQEvaluation

@Suite("Files of a split")
struct SplitFileTests {
  private struct Golden: Decodable {
    var file: String
    var stratify: String?
    var test: String
    var validation: String
    var seed: UInt32
    var sha256: [String: String]
  }

  /// The parts' files, by name.
  private func files(
    _ reader: any DatasetReader, _ options: DatasetSplit.Options
  ) throws -> [String: [UInt8]] {
    let folder = try ScratchFolder()
    let split = try DatasetSplit(reader, options: options, spoolFolder: folder.path)
    #expect(folder.names == [], "the rows are kept in a file without a name")
    var files: [String: [UInt8]] = [:]
    for part in split.parts {
      let path = "\(folder.path)/\(part.name)"
      try PendingFile.commit([try split.pending(part, at: path)])
      files[part.name] = try Array(Data(contentsOf: URL(fileURLWithPath: path)))
    }
    return files
  }

  @Test("the files are those that pandas and scikit-learn write, byte for byte")
  func goldens() throws {
    let bytes = try Repository.bytes("Tests/Oracles/splits/files.json")
    let goldens = try JSONDecoder().decode([Golden].self, from: Data(bytes))
    #expect(goldens.count >= 5)
    for golden in goldens {
      let made = try files(
        try DatasetReaders.open(path: Repository.path(golden.file)),
        .init(
          test: try SplitSize(golden.test, option: "--test"),
          validation: try SplitSize(golden.validation, option: "--validation"),
          stratify: golden.stratify, seed: golden.seed))
      let hashes = made.mapValues { bytes in
        var hash = SHA256()
        hash.update(bytes)
        return hash.hexDigest()
      }
      #expect(hashes == golden.sha256, "\(golden.file)")
    }
  }

  @Test("parts of awkward rows read back as the rows they are, in every format")
  func roundTrip() throws {
    var generator = SeededGenerator(seed: 8)
    let letters = [
      "a", "\"", ",", "\t", "\n", "\r", "\r\n", " ", "é", "漢", "\u{0}", "\u{FEFF}", "PAR1",
    ]
    func field() -> String {
      (0..<Int.random(in: 0...4, using: &generator)).map { _ in
        letters[Int.random(in: 0..<letters.count, using: &generator)]
      }.joined()
    }
    for round in 0..<60 {
      let width = round % 3 + 1
      let header = (0..<width).map { "\(field())\($0)" }
      let rows = (0..<30).map { _ in (0..<width).map { _ in field() } }
      for (type, delimiter) in [(CSVReader.self, ","), (TSVReader.self, "\t")]
        as [(any DatasetReader.Type, String)]
      {
        let bytes = ([header] + rows).map { row in
          row.map { "\"\($0.replacing("\"", with: "\"\""))\"" }.joined(separator: delimiter) + "\n"
        }.joined()
        func reader() throws -> any DatasetReader {
          try type.init(MemorySource(Array(bytes.utf8), name: "x"), limits: DatasetLimits())
        }
        let options = DatasetSplit.Options(
          test: .share(0.3), validation: .rows(5), seed: UInt32(round))
        let parts = try DatasetSplit(try reader(), options: options, spoolFolder: nil).parts
        let made = try files(try reader(), options)
        for part in parts {
          let read = try readAll(try #require(made[part.name]), as: type)
          #expect(read.columns.map { Array($0.utf8) } == header.map { Array($0.utf8) })
          #expect(
            read.rows.map { $0.map { Array($0.utf8) } }
              == part.rows.map { rows[Int($0)].map { Array($0.utf8) } })
        }
      }
    }
  }

  @Test("bytes that are not UTF-8 pass through")
  func invalidBytes() throws {
    let text: [UInt8] = Array("a,b\n".utf8) + [0xFF, 0x2C, 0x80, 0x0A] + Array("x,y\n".utf8)
    let reader = try CSVReader(MemorySource(text, name: "x"), limits: DatasetLimits())
    let made = try files(reader, .init(test: .rows(1), seed: 0))
    let all = (made["train"] ?? []) + (made["test"] ?? []).dropFirst(4)
    #expect(Set(all.split(separator: 0x0A)) == Set(text.split(separator: 0x0A)))
  }

  private func refusal(_ csv: String, _ options: DatasetSplit.Options) -> String {
    explanation {
      let reader = try CSVReader(
        MemorySource(Array(csv.utf8), name: "news.csv"), limits: DatasetLimits())
      _ = try DatasetSplit(reader, options: options, spoolFolder: nil)
    }
  }

  @Test("what scikit-learn refuses is refused with what to do about it")
  func refusals() throws {
    let half = SplitSize.share(0.5)
    #expect(
      refusal("a,label\n1,x\n2,x\n3,y\n4,\n", .init(test: half, stratify: "label"))
        == "'news.csv', row 4 (line 5): 'label' is blank; --stratify needs the class of every row")
    #expect(
      refusal("a,label\n1,x\n2,x\n3,y\n", .init(test: half, stratify: "label"))
        == "--stratify: 'y' has only 1 row where the test part is taken from, and each class needs 2; "
        + "add rows, leave the class out, or split without --stratify")
    #expect(
      refusal("a,l\n1,x\n2,x\n3,y\n4,y\n", .init(test: .rows(1), stratify: "l"))
        == "--stratify: the test part would get 1 row and there are 2 classes; it needs one of each: "
        + "change its size, or split without --stratify")
    #expect(
      refusal("a\n1\n2\n", .init(test: .rows(2)))
        == "--test is 2, and there are 2 rows to take from; give a share between 0 and 1, such as "
        + "0.15, or fewer rows than that")
    #expect(
      refusal("a\n1\n", .init(test: half))
        == "of 1 row --test 0.5 leaves none to train on; hold back less")
    #expect(
      refusal("a\n1\n2\n", .init(test: half, stratify: "lable"))
        == "'news.csv' has no column 'lable'; it has 'a'; choose with --stratify")
    #expect(refusal("a\n", .init(test: half)).contains("has no rows"))
    for text in ["0", "1.0", "0.0", "-1", "-0.5", "1.5", "nan", "inf", "", "x", "1e3", "0.5.", "１"]
    {
      #expect(
        explanation { try SplitSize(text, option: "--test") }
          == "--test is '\(text)'; give a share between 0 and 1, such as 0.15, or a number of rows")
    }
    #expect(try SplitSize("1000", option: "") == .rows(1000))
    #expect(try SplitSize("1e-1", option: "") == .share(0.1))
    let many = "l\n" + (0...ClassTable.limit).map { "\($0)\n" }.joined()
    #expect(
      refusal(many, .init(test: half, stratify: "l"))
        == "--stratify: the column 'l' has more than 65536 different values; is it a label?")
  }
}
