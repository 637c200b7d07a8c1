import Foundation
import MBQTestSupport
import Testing

@Suite("mbq data")
struct DataTests {
  private let mbq = Program("mbq")
  private static let dataset = "Tests/Oracles/description/description.csv"
  private static let model = ["--checkpoint", "Examples/tiny-news/model", "--max-tokens", "64"]

  /// What Tests/Oracles/description/make_description.py counted.
  private struct Golden: Decodable {
    struct Lengths: Decodable {
      var total: Int
      var mean: Double
      var median: Double
      var p90: Double
      var p99: Double
      var longestRow: Int
      var longest: Int
      var histogram: [Bin]
    }

    var rows: Int
    var blankTexts: Int
    var blankFields: [Int]
    var blankLabels: Int
    var classes: [String: Int]
    var characters: Lengths
    var tokens: Lengths
    var limit: Int
    var truncated: Int
    var cut: Int
    var unknown: Int
    var textsWithUnknown: Int
    var duplicates: Int
    var firstDuplicate: [Int]
    var contradictoryTexts: Int
    var contradictoryRows: Int
  }

  private struct Bin: Decodable, Equatable {
    var low: Int
    var high: Int
    var texts: Int
  }

  /// The keys of `--json`.
  private struct Summary: Decodable {
    struct Class: Decodable {
      var label: String
      var rows: Int
      var share: Double
      var modelLabel: String?
    }

    struct Longest: Decodable {
      var row: Int
      var length: Int
    }

    struct Lengths: Decodable {
      var total: Int
      var mean: Double
      var median: Double
      var p90: Double
      var p99: Double
      var longest: Longest
      var histogram: [Bin]
    }

    struct Tokens: Decodable {
      var lengths: Lengths
      var limit: Int
      var truncatedTexts: Int
      var truncatedShare: Double
      var cutTokens: Int
      var unknownTokens: Int
      var unknownShare: Double
      var textsWithUnknown: Int
    }

    struct Duplicates: Decodable {
      var rows: Int
      var firstRow: Int?
      var firstOriginalRow: Int?
      var contradictoryTexts: Int
      var contradictoryRows: Int
    }

    var rows: Int
    var blankTexts: Int
    var blankFields: [Int]
    var blankLabels: Int
    var classes: [Class]
    var characters: Lengths
    var tokens: Tokens?
    var duplicates: Duplicates
    var notes: [String]
  }

  private func golden() throws -> Golden {
    let bytes = try Repository.bytes("Tests/Oracles/description/description.json")
    return try JSONDecoder().decode(Golden.self, from: Data(bytes))
  }

  private func summary(_ arguments: [String], input: String = "") throws -> Summary {
    let result = try mbq.run(["data", "describe", "--json"] + arguments, input: input)
    #expect(result.code == 0 && result.errors == "", "\(result.errors)")
    return try JSONDecoder().decode(Summary.self, from: Data(result.output.utf8))
  }

  private func compare(
    _ found: Summary.Lengths, _ expected: Golden.Lengths,
    _ location: SourceLocation = #_sourceLocation
  ) {
    #expect(found.total == expected.total, sourceLocation: location)
    #expect(found.longest.row == expected.longestRow, sourceLocation: location)
    #expect(found.longest.length == expected.longest, sourceLocation: location)
    #expect(found.histogram == expected.histogram, sourceLocation: location)
    for (a, b) in [
      (found.mean, expected.mean), (found.median, expected.median), (found.p90, expected.p90),
      (found.p99, expected.p99),
    ] { #expect(abs(a - b) <= 1e-12 * abs(b), sourceLocation: location) }
  }

  @Test("describe counts what pandas, numpy and Hugging Face tokenizers count")
  func figures() throws {
    let expected = try golden()
    let found = try summary([Self.dataset] + Self.model)
    #expect(found.rows == expected.rows && found.blankTexts == expected.blankTexts)
    #expect(found.blankFields == expected.blankFields && found.blankLabels == expected.blankLabels)
    #expect(
      Dictionary(uniqueKeysWithValues: found.classes.map { ($0.label, $0.rows) })
        == expected.classes)
    #expect(found.classes.map(\.label) == ["0", "1", "2"])
    #expect(found.classes.map(\.modelLabel) == ["real", "fake", nil])
    compare(found.characters, expected.characters)
    let tokens = try #require(found.tokens)
    compare(tokens.lengths, expected.tokens)
    #expect(tokens.limit == expected.limit && tokens.truncatedTexts == expected.truncated)
    #expect(tokens.truncatedShare == Double(expected.truncated) / Double(expected.rows))
    #expect(tokens.cutTokens == expected.cut && tokens.unknownTokens == expected.unknown)
    #expect(tokens.unknownShare == Double(expected.unknown) / Double(expected.tokens.total))
    #expect(tokens.textsWithUnknown == expected.textsWithUnknown)
    #expect(found.duplicates.rows == expected.duplicates)
    #expect(found.duplicates.firstRow == expected.firstDuplicate[0])
    #expect(found.duplicates.firstOriginalRow == expected.firstDuplicate[1])
    #expect(found.duplicates.contradictoryTexts == expected.contradictoryTexts)
    #expect(found.duplicates.contradictoryRows == expected.contradictoryRows)
    #expect(
      found.notes.first
        == "the same text under different labels: \(expected.contradictoryTexts) texts in "
        + "\(expected.contradictoryRows) rows; no model can be right about all of them")
    #expect(
      found.notes.contains { $0.hasPrefix("the model has no label '2'; allowed are 0 ('real')") })
  }

  @Test("describe reads in 80 columns, as Markdown, and needs neither labels nor a model")
  func forms() throws {
    let result = try mbq.run(["data", "describe", Self.dataset] + Self.model)
    #expect(result.code == 0 && result.errors == "")
    for line in result.output.split(separator: "\n") { #expect(line.count <= 80, "\(line)") }
    for text in [
      "the same text under different labels", "note: blank texts: 2 rows", "cut to 64 tokens",
      "##############################", "model's label",
    ] {
      #expect(result.output.contains(text), "\(text)")
    }
    let markdown = try mbq.run(["data", "describe", Self.dataset, "--markdown"])
    #expect(markdown.code == 0 && markdown.output.contains("| ---: |"))
    let unlabelled = try summary(["-"], input: "text\nHello world\n\n\"Hello  world\"\n")
    #expect(unlabelled.rows == 2 && unlabelled.classes.isEmpty && unlabelled.tokens == nil)
    #expect(unlabelled.duplicates.rows == 1 && unlabelled.duplicates.contradictoryTexts == 0)
    let names = try summary(
      ["-", "--format", "jsonl", "--label-column", "l"],
      input: "{\"text\": \"a\", \"l\": \"no\"}\n{\"l\": true, \"text\": \"b\"}\n")
    #expect(names.classes.map(\.label) == ["no", "true"])
  }

  @Test("split writes the parts, says what is in them, and gives the rows' numbers")
  func split() throws {
    let folder = try ScratchFolder()
    let parts = "\(folder.path)/parts"
    let arguments = [
      "data", "split", "Examples/tiny-news/test.csv", "--test", "0.15", "--validation", "0.1765",
      "--stratify", "label",
    ]
    let result = try mbq.run(arguments + ["-o", parts])
    #expect(result.code == 0 && result.errors == "", "\(result.errors)")
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: parts).sorted()
        == ["test.csv", "train.csv", "validation.csv"])
    #expect(result.output.contains("wrote \(parts)/train.csv\n"))
    // Again, over what is there.
    let json = try mbq.run(arguments + ["-o", parts, "--json"])
    let object = try #require(
      try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any])
    let written = try #require(object["parts"] as? [[String: Any]])
    #expect(written.map { $0["name"] as? String } == ["train", "validation", "test"])
    let rows = written.compactMap { $0["rows"] as? Int }
    #expect(rows.reduce(0, +) == object["rows"] as? Int)
    for (part, count) in zip(written, rows) {
      let classes = try #require(part["classes"] as? [[String: Any]])
      #expect(classes.compactMap { $0["rows"] as? Int }.reduce(0, +) == count)
    }
    let indices = try mbq.run(arguments + ["--indices"])
    let numbers = try #require(
      try JSONSerialization.jsonObject(with: Data(indices.output.utf8)) as? [String: [Int]])
    #expect(numbers["train"]?.count == rows[0])
    #expect(numbers.values.flatMap(\.self).sorted() == Array(0..<rows.reduce(0, +)))
    let kept = try mbq.run(arguments + ["--indices", "-o", folder.path])
    #expect(kept.code == 0 && folder.names == ["indices.json", "parts"])
    #expect(
      try String(contentsOfFile: "\(folder.path)/indices.json", encoding: .utf8) == indices.output)
  }

  @Test(
    "says what is wrong with a request",
    arguments: [
      (
        ["describe", "x.csv", "--model", "a", "--checkpoint", "b"], 2,
        "Error: Give either --model or"
      ),
      (
        ["describe", "x.csv", "--json", "--markdown"], 2, "Error: Give either --json or --markdown"
      ),
      (["describe", "x.csv", "--max-tokens", "3"], 2, "Error: --max-tokens needs --model or"),
      (["describe", "x.csv", "--label-map", "a=0"], 2, "Error: --label-map needs --model or"),
      (["describe", "x.csv"], 3, "error: cannot open 'x.csv': No such file"),
      (
        [
          "describe", "Examples/tiny-news/test.csv", "--checkpoint", "Examples/tiny-news/model",
          "--max-tokens", "1",
        ], 2, "error: --max-tokens is 1; this model takes 2 to "
      ),
      (
        ["describe", "Examples/tiny-news/test.csv", "--label-column", "lable"], 3,
        "has no column 'lable'; it has 'title', 'text', 'label'; did you mean 'label'?"
      ),
      (
        ["split", "x.csv", "--test", "0.1"], 2,
        "Error: Give a folder to write to (-o), or --indices."
      ),
      (
        ["split", "x.csv", "--test", "0.1", "--indices", "--json"], 2, "Error: --indices without -o"
      ),
      (
        ["split", "x.csv", "--test", "2.5", "--indices"], 2, "error: --test is '2.5'; give a share"
      ),
      (
        ["split", "x.csv", "--test", "0.1", "--validation", "1.0", "--indices"], 2,
        "error: --validation is '1.0'; give a share"
      ),
      (
        ["split", "x.csv", "--test", "0.1", "--seed", "4294967296", "--indices"], 2,
        "error: --seed is 4294967296; allowed: 0 to 4294967295\n"
      ),
      (
        [
          "split", "Examples/tiny-news/test.csv", "--test", "1", "--stratify", "label", "--indices",
        ], 3,
        "error: --stratify: the test part would get 1 row and there are 2 classes"
      ),
      (
        ["split", "Examples/tiny-news/test.csv", "--test", "0.1", "-o", "no/such"], 3,
        "cannot create"
      ),
    ])
  func wrong(_ arguments: [String], _ code: Int32, _ message: String) throws {
    let result = try mbq.run(["data"] + arguments)
    #expect(result.code == code && result.output == "", "\(result.errors)")
    #expect(result.errors.contains(message), "\(result.errors)")
  }

  @Test("a compressed dataset is described as it is, and one cut short is refused")
  func compressed() throws {
    struct Golden: Decodable {
      var text: String
      var files: [String: String]
    }
    let bytes = try Repository.bytes("Tests/Oracles/evaluation/gzip.json")
    let golden = try JSONDecoder().decode(Golden.self, from: Data(bytes))
    let folder = try ScratchFolder()
    let path = "\(folder.path)/x.csv.gz"
    let packed = try #require(golden.files["two members"])
    let data = try #require(Data(base64Encoded: packed))
    try data.write(to: URL(fileURLWithPath: path))
    let whole = try summary([path])
    let plain = try summary(["-"], input: golden.text)
    #expect(whole.rows == plain.rows && whole.characters.total == plain.characters.total)
    try data.prefix(data.count - 9).write(to: URL(fileURLWithPath: path))
    let result = try mbq.run(["data", "describe", path])
    #expect(result.code == 3 && result.output == "")
    #expect(
      result.errors
        == "error: '\(path)', byte \(data.count - 9) of the compressed file: the gzip data ends "
        + "early; copy or download the file again\n")
  }

  @Test("a split does not overwrite the dataset it splits")
  func overwriting() throws {
    let folder = try ScratchFolder()
    let path = "\(folder.path)/train.csv"
    try Data("text\na\nb\nc\n".utf8).write(to: URL(fileURLWithPath: path))
    let result = try mbq.run(["data", "split", path, "--test", "1", "-o", "\(folder.path)/."])
    #expect(result.code == 2 && folder.names == ["train.csv"])
    #expect(
      result.errors
        == "error: '\(folder.path)/./train.csv' is the dataset itself; choose another folder with "
        + "-o\n")
  }

  @Test("a split that fails leaves nothing behind")
  func nothingLeft() throws {
    let folder = try ScratchFolder()
    let input = "text,label\na,0\n\"b,1\n"
    let result = try mbq.run(
      ["data", "split", "-", "--test", "1", "-o", "\(folder.path)/parts"], input: input)
    #expect(result.code == 3 && result.errors.contains("is never closed"), "\(result.errors)")
    #expect(folder.names == [])
  }
}
