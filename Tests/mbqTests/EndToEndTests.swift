import Foundation
import MBQTestSupport
import Testing

/// `quantize`, `evaluate`, `classify`, `verify`, `inspect`, `benchmark` and `demo` on the model the
/// repository carries.
@Suite("end to end")
struct EndToEndTests {
  private let mbq = Program("mbq")
  private let checkpoint = "Examples/tiny-news/model"
  private let data = "Examples/tiny-news/test.csv"

  private func packed(_ bits: Int, in scratch: Scratch) throws -> String {
    let path = scratch.path("tiny-\(bits).mbq")
    let result = try mbq.run(["quantize", checkpoint, "--bits", "\(bits)", "-o", path])
    try #require(result.code == 0, "\(result.errors)")
    return path
  }

  private func json(_ text: String) throws -> [String: Any] {
    let value = try JSONSerialization.jsonObject(with: Data(text.utf8))
    return try #require(value as? [String: Any])
  }

  @Test("quantize, then evaluate: 8 bits answer as 32 do, and 32 as transformers did")
  func accuracy() throws {
    let scratch = try Scratch()
    let fp32 = try packed(32, in: scratch)
    let int8 = try packed(8, in: scratch)
    let result = try mbq.run([
      "evaluate", int8, "--data", data, "--baseline", fp32, "--threads", "2", "--json",
    ])
    try #require(result.code == 0, "\(result.errors)")
    let both = try json(result.output)
    let comparison = try #require(both["comparison"] as? [String: Any])
    let accuracy = try #require(comparison["accuracy"] as? [String: Any])
    // 947 of 1,000, as Examples/tiny-news/README.md has it from transformers.
    #expect(accuracy["baseline"] as? Double == 0.947)
    #expect(abs(try #require(accuracy["drop"] as? Double)) <= 0.003)
    let agreement = try #require(comparison["agreement"] as? [String: Any])
    #expect(try #require(agreement["value"] as? Double) >= 0.997)
  }

  @Test("the same texts get the same answers from arguments, standard input and a dataset")
  func classify() throws {
    let scratch = try Scratch()
    let model = try packed(8, in: scratch)
    let texts = ["Council approves budget", "SHOCKING truth they hide!!!", "naïve café 中文"]
    let arguments = try mbq.run(["classify", model] + texts)
    #expect(arguments.code == 0)
    #expect(arguments.output.split(separator: "\n").count == 3)
    let lines = try mbq.run(["classify", model], input: texts.joined(separator: "\n") + "\n")
    #expect(lines.output == arguments.output)
    let file = scratch.path("texts.csv")
    try Data(("text\n" + texts.joined(separator: "\n") + "\n").utf8).write(
      to: URL(fileURLWithPath: file))
    let rows = try mbq.run(["classify", model, "--data", file, "--threads", "2"])
    #expect(rows.output == arguments.output)
    let objects = try mbq.run(["classify", model, "--json"] + texts)
    for line in objects.output.split(separator: "\n") {
      let object = try json(String(line))
      let probabilities = try #require(object["probabilities"] as? [String: Double])
      #expect(abs(probabilities.values.reduce(0, +) - 1) < 1e-5)
    }
  }

  @Test("an empty text and texts over the limit are classified; the long ones are announced")
  func oddLengths() throws {
    let scratch = try Scratch()
    let model = try packed(8, in: scratch)
    let empty = try mbq.run(["classify", model, ""])
    #expect(empty.code == 0 && empty.errors == "")
    let long = String(repeating: "word ", count: 5000)
    let one = try mbq.run(["classify", model, long])
    #expect(one.code == 0)
    #expect(
      one.errors == "note: 1 text was longer than 256 tokens; the model did not see its end\n")
    let three = try mbq.run(["classify", model, long, "short", long, long, "--max-tokens", "64"])
    #expect(three.code == 0)
    #expect(
      three.errors
        == "note: 3 texts were longer than 64 tokens; the model did not see their ends\n")
  }

  @Test("every command has a JSON form that is JSON")
  func jsonForms() throws {
    let scratch = try Scratch()
    let model = try packed(8, in: scratch)
    for arguments in [
      ["quantize", checkpoint, "--dry-run"], ["inspect", checkpoint], ["inspect", model],
      ["verify", model], ["evaluate", model, "--data", "Examples/tiny-news/validation.csv"],
      ["benchmark", model, "--batch", "1,2", "--tokens", "16", "--rounds", "2"],
    ] {
      let result = try mbq.run(arguments + ["--json"])
      #expect(result.code == 0, "\(arguments): \(result.errors)")
      _ = try JSONSerialization.jsonObject(with: Data(result.output.utf8))
    }
  }

  @Test("a dry run writes nothing")
  func dryRun() throws {
    let scratch = try Scratch()
    let result = try mbq.run([
      "quantize", checkpoint, "--dry-run", "-o", scratch.path("none.mbq"),
    ])
    #expect(result.code == 0)
    #expect(try scratch.contents() == [])
  }

  @Test("tables fit 80 columns")
  func width() throws {
    let scratch = try Scratch()
    _ = try packed(8, in: scratch)
    _ = try packed(4, in: scratch)
    // Under a short name: a path is never cut, and the repository's may be long.
    try FileManager.default.copyItem(
      atPath: Repository.path("Examples/tiny-news/validation.csv"),
      toPath: scratch.path("validation.csv"))
    for arguments in [
      ["inspect", "tiny-8.mbq"], ["verify", "tiny-8.mbq"],
      ["benchmark", "tiny-8.mbq", "--batch", "1", "--tokens", "8", "--rounds", "1"],
      ["benchmark", "tiny-8.mbq", "--profile", "--batch", "1,2", "--rounds", "1"],
      ["evaluate", "tiny-8.mbq", "--data", "validation.csv"],
      ["evaluate", "tiny-4.mbq", "--data", "validation.csv", "--baseline", "tiny-8.mbq"],
    ] {
      let result = try mbq.run(arguments, folder: scratch.url)
      #expect(result.code == 0, "\(result.errors)")
      // Provenance is one line of JSON, to be read by programs.
      let wide = result.output.split(separator: "\n").filter { $0.count > 80 && $0.first != "{" }
      #expect(wide == [], "\(arguments): \(wide)")
    }
  }

  @Test("demo prints the three variants")
  func demo() throws {
    let result = try mbq.run([
      "demo", "--checkpoint", checkpoint, "--data", "Examples/tiny-news/validation.csv", "--json",
    ])
    #expect(result.code == 0, "\(result.errors)")
    for name in ["fp32", "fp16", "int8"] { #expect(result.output.contains("\"\(name)\"")) }
  }

  @Test("mbq-classify gives mbq's labels")
  func smallProgram() throws {
    let scratch = try Scratch()
    let model = try packed(8, in: scratch)
    let texts = ["Council approves budget", "SHOCKING truth they hide!!!"]
    let small = try Program("mbq-classify").run([model] + texts)
    let large = try mbq.run(["classify", model] + texts)
    let labels = { (text: String) in
      text.split(separator: "\n").map { $0.split(separator: "\t")[0] }
    }
    #expect(small.code == 0)
    #expect(labels(small.output) == labels(large.output))
  }
}
