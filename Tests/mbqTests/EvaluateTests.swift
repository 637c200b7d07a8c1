import Foundation
import MBQTestSupport
import Testing

/// `mbq evaluate` on the model the repository carries: parts, resuming, texts without labels.
@Suite("evaluate")
struct EvaluateTests {
  private let mbq = Program("mbq")
  private let data = "Examples/tiny-news/test.csv"

  private func packed(_ bits: Int, in scratch: Scratch) throws -> String {
    let path = scratch.path("tiny-\(bits).mbq")
    let result = try mbq.run([
      "quantize", "Examples/tiny-news/model", "--bits", "\(bits)", "-o", path,
    ])
    try #require(result.code == 0, "\(result.errors)")
    return path
  }

  private func succeed(_ arguments: [String]) throws -> Program.Result {
    let result = try mbq.run(arguments)
    try #require(result.code == 0, "\(arguments): \(result.errors)")
    return result
  }

  @Test("parts 1/7 to 7/7, one of them killed and resumed, give the bytes of one run")
  func parts() async throws {
    let scratch = try Scratch()
    let (model, baseline) = (try packed(8, in: scratch), try packed(32, in: scratch))
    let common = ["evaluate", model, "--data", data, "--baseline", baseline]
    let whole = scratch.path("whole.answers")
    let printed = try succeed(common + ["-o", whole, "--json", "--no-timing"]).output
    var names: [String] = []
    for index in 1...7 {
      let path = scratch.path("part\(index).answers")
      names.append(path)
      let arguments = common + ["--shard", "\(index)/7", "-o", path]
      if index == 3 {
        try await kill(arguments, once: path)
        let early = try mbq.run(["evaluate", "--merge"] + names)
        #expect(early.code == 3)
        let resumed = try succeed(arguments)
        #expect(resumed.errors.contains("rows were answered in '\(path)' already"))
      } else {
        _ = try succeed(arguments)
      }
    }
    let merged = scratch.path("merged.answers")
    let result = try succeed(
      ["evaluate", "--merge"] + names.reversed() + ["-o", merged, "--json"])
    let bytes = { (path: String) in try Data(contentsOf: URL(fileURLWithPath: path)) }
    #expect(try bytes(merged) == bytes(whole))
    #expect(result.output == printed)
    // What is kept is shown again without a model.
    #expect(try succeed(["evaluate", "--merge", whole, "--json"]).output == printed)
    let missing = try mbq.run(["evaluate", "--merge"] + names.dropLast())
    #expect(missing.code == 3)
    #expect(missing.errors.hasPrefix("error: of 7 parts 7/7 is missing; "))
  }

  /// Starts the command and ends it with SIGKILL as soon as it has kept something.
  private func kill(_ arguments: [String], once path: String) async throws {
    let process = Process()
    process.executableURL = mbq.url
    process.arguments = arguments
    process.currentDirectoryURL = Repository.root
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    while process.isRunning && !FileManager.default.fileExists(atPath: path) {
      try await Task.sleep(for: .milliseconds(2))
    }
    Foundation.kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
  }

  @Test("another model or other data start anew; a file that is something else stays")
  func otherAnswers() throws {
    let scratch = try Scratch()
    let model = try packed(8, in: scratch)
    let path = scratch.path("kept.answers")
    _ = try succeed(["evaluate", model, "--data", "Examples/tiny-news/validation.csv", "-o", path])
    let again = try succeed(["evaluate", model, "--data", data, "-o", path])
    #expect(
      again.errors
        == "note: the answers in '\(path)' differ in the rows of the dataset; starting anew\n")
    let other = scratch.path("notes.txt")
    try Data("mine".utf8).write(to: URL(fileURLWithPath: other))
    let refused = try mbq.run(["evaluate", model, "--data", data, "-o", other])
    #expect(refused.code == 3)
    #expect(refused.errors.contains("exists and is not a file of answers"))
    #expect(try String(contentsOfFile: other, encoding: .utf8) == "mine")
    var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
    bytes[bytes.count / 2] ^= 1
    try bytes.write(to: URL(fileURLWithPath: path))
    let damaged = try succeed(["evaluate", model, "--data", data, "-o", path])
    #expect(damaged.errors.contains("is damaged"))
    let merged = try succeed(["evaluate", "--merge", path])
    #expect(merged.output.contains("947 of 1,000 right"))
  }

  @Test("texts without labels are compared, and not scored")
  func unlabelled() throws {
    let scratch = try Scratch()
    let (model, baseline) = (try packed(8, in: scratch), try packed(32, in: scratch))
    let texts = scratch.path("texts.csv")
    try Data("text\nfirst text\nsecond \u{E9}\n".utf8).write(to: URL(fileURLWithPath: texts))
    let result = try succeed([
      "evaluate", model, "--data", texts, "--baseline", baseline, "--json",
    ])
    let object = try #require(
      try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
    #expect(object["evaluation"] == nil)
    let comparison = try #require(object["comparison"] as? [String: Any])
    #expect(comparison["rows"] as? Int == 2)
    #expect(comparison["accuracy"] == nil)
    let labelled = try succeed([
      "evaluate", model, "--data", data, "--baseline", baseline, "--unlabelled",
    ])
    #expect(labelled.output.contains("without labels") && !labelled.output.contains("McNemar"))
    let refused = try mbq.run(["evaluate", model, "--data", texts])
    #expect(refused.code == 3)
    #expect(
      refused.errors.hasSuffix(
        "; without labels there is no accuracy, but --baseline compares two models on such texts\n")
    )
    let misspelt = try mbq.run([
      "evaluate", model, "--data", texts, "--baseline", baseline, "--label-column", "lable",
    ])
    #expect(misspelt.code == 3)
    #expect(misspelt.errors.contains("has no column 'lable'"))
  }

  @Test("every wrong answer is written with its text, as CSV and as JSON Lines")
  func mistakes() throws {
    let scratch = try Scratch()
    let model = try packed(8, in: scratch)
    let (csv, lines) = (scratch.path("m.csv"), scratch.path("m.jsonl"))
    let common = ["evaluate", model, "--data", data, "--mistakes-file"]
    _ = try succeed(common + [csv])
    _ = try succeed(common + [lines])
    let objects = try String(contentsOfFile: lines, encoding: .utf8).split(separator: "\n").map {
      try #require(
        try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
    }
    #expect(objects.count == 53)
    #expect(
      Set(objects[0].keys) == ["row", "truth", "predicted", "probability", "margin", "text"])
    let rows = objects.compactMap { $0["row"] as? Int }
    #expect(rows == rows.sorted())
    // The CSV is a dataset that mbq itself reads: every text in it is answered wrongly.
    let again = try succeed([
      "evaluate", model, "--data", csv, "--label-column", "truth", "--json",
    ])
    let summary = try #require(
      try JSONSerialization.jsonObject(with: Data(again.output.utf8)) as? [String: Any])
    #expect(summary["correct"] as? Int == 0)
    let dataset = try #require(summary["dataset"] as? [String: Any])
    #expect(dataset["rows"] as? Int == 53)
    let failed = try mbq.run(
      ["evaluate", model, "--data", "none.csv", "--mistakes-file", scratch.path("none.csv")])
    #expect(failed.code == 3)
    #expect(!FileManager.default.fileExists(atPath: scratch.path("none.csv")))
  }

  @Test("a larger confidence widens the intervals, and is named")
  func confidence() throws {
    let scratch = try Scratch()
    let model = try packed(8, in: scratch)
    let kept = scratch.path("kept.answers")
    _ = try succeed(["evaluate", model, "--data", data, "-o", kept])
    let wide = try succeed(["evaluate", "--merge", kept, "--confidence", "99%"])
    #expect(wide.output.contains("99 % interval"))
    // scipy: binomtest(947, 1000).proportion_ci(0.99, method="wilson")
    #expect(wide.output.contains("92.56 % to 96.25 %"))
    let markdown = try succeed(["evaluate", "--merge", kept, "--markdown"])
    #expect(markdown.output.contains("| accuracy | 94.70 % | 93.13 % to 95.93 % |"))
  }
}
