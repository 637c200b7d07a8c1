import Foundation
import MBQTestSupport
import Testing

@Suite("mbq tune-threshold")
struct TuneThresholdTests {
  private let mbq = Program("mbq")
  private static let data = "Examples/tiny-news/test.csv"

  private func packed(_ scratch: Scratch) throws -> String {
    let path = scratch.path("model.mbq")
    let result = try mbq.run(["quantize", "Examples/tiny-news/model", "-o", path])
    try #require(result.code == 0, "\(result.errors)")
    return path
  }

  /// Three of five real articles are called fake: what is hardly likely to be fake is to be called so.
  private func biased(_ scratch: Scratch) throws -> String {
    let lines = try String(contentsOfFile: Repository.path(Self.data), encoding: .utf8)
      .split(separator: "\n", omittingEmptySubsequences: true)
    let changed = lines.enumerated().map { index, line in
      line.hasSuffix(",0") && index % 5 < 3 ? line.dropLast() + "1" : line
    }
    try #require(changed != lines)
    let path = scratch.path("biased.csv")
    try changed.joined(separator: "\n").write(toFile: path, atomically: true, encoding: .utf8)
    return path
  }

  private func facts(_ output: String) throws -> [String: Any] {
    let report = try JSONSerialization.jsonObject(with: Data(output.utf8)) as? [String: Any]
    return try #require(report?["facts"] as? [String: Any])
  }

  @Test("fits, stores, and what runs the file applies it")
  func tunes() throws {
    let scratch = try Scratch()
    let model = try packed(scratch)
    let data = try biased(scratch)
    let result = try mbq.run(["tune-threshold", model, "--data", data, "--for", "f1", "--json"])
    try #require(result.code == 0, "\(result.errors)")
    let tuned = scratch.path("model-tuned.mbq")
    let found = try facts(result.output)
    #expect(found["written"] as? String == tuned)
    let temperature = try #require(found["temperature"] as? Double)
    let threshold = try #require(found["threshold"] as? Double)
    #expect(temperature > 1.2 && temperature < 10 && threshold > 0 && threshold < 0.5)
    // The logits are the same bits, which `verify` compares.
    #expect(try mbq.run(["verify", tuned]).code == 0)
    let inspected = try facts(try mbq.run(["inspect", tuned, "--json"]).output)
    #expect(inspected["temperature"] as? Double == temperature)
    #expect(inspected["threshold"] as? Double == threshold)
    #expect(try facts(try mbq.run(["inspect", model, "--json"]).output)["temperature"] == nil)
    // Who fitted what is kept with what was said before.
    func provenance(_ path: String) throws -> [String: Any] {
      let text = try mbq.run(["inspect", path]).output
      let line = try #require(text.split(separator: "\n").last { $0.hasPrefix("{") })
      return try #require(
        try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
    }
    var said = try provenance(tuned)
    let fitted = try #require(said.removeValue(forKey: "tuned") as? [String: Any])
    #expect(fitted["data"] as? String == "biased.csv" && fitted["rows"] as? Int == 1000)
    #expect(fitted["for"] as? String == "f1")
    #expect(abs((fitted["temperature"] as? Double ?? 0) - temperature) < 1e-6)
    #expect(abs((fitted["threshold"] as? Double ?? 0) - threshold) < 1e-6)
    #expect(said as NSDictionary == (try provenance(model)) as NSDictionary)
    // Labels follow the threshold; probabilities the temperature.
    func answers(_ path: String) throws -> [[Substring]] {
      try mbq.run(["classify", path, "--data", Self.data]).output.split(separator: "\n").map {
        $0.split(separator: ",", omittingEmptySubsequences: false)
      }
    }
    #expect(try answers(model) != answers(tuned))
    // Tuned again on the same rows it is the same file, as the fit is to logits.
    let again = scratch.path("again.mbq")
    #expect(
      try mbq.run(["tune-threshold", tuned, "--data", data, "--for", "f1", "-o", again]).code == 0)
    #expect(
      try Data(contentsOf: URL(fileURLWithPath: again))
        == Data(contentsOf: URL(fileURLWithPath: tuned)))
  }

  @Test("reads in 80 columns, and says what the data cannot tell")
  func text() throws {
    let scratch = try Scratch()
    let model = try packed(scratch)
    let out = scratch.path("o.mbq")
    let result = try mbq.run(["tune-threshold", model, "--data", Self.data, "-o", out])
    #expect(result.code == 0)
    let lines = result.output.split(separator: "\n").filter { !$0.contains("/") }
    #expect(lines.allSatisfy { $0.count <= 80 })
    #expect(result.output.contains("on texts that took no part in the fit (5 folds)"))
    #expect(result.output.contains("note: the threshold stays at 0.5: another changes accuracy on"))
    // 300 other rows: what fits four fifths of them does not fit the last.
    let other = try mbq.run(
      ["tune-threshold", model, "--data", "Examples/tiny-news/validation.csv", "-o", out])
    #expect(
      other.output.contains("note: the temperature stays 1: another takes the log loss on texts"))
    let only = try mbq.run(
      ["tune-threshold", model, "--data", Self.data, "-o", out, "--temperature-only", "--json"])
    #expect(try facts(only.output)["threshold"] == nil)
  }

  @Test("a threshold that gains on texts it was not fitted to is stored, and moves labels")
  func threshold() throws {
    let scratch = try Scratch()
    let model = try packed(scratch)
    let biased = try biased(scratch)
    let result = try mbq.run(
      ["tune-threshold", model, "--data", biased, "--for", "f1", "--json"])
    try #require(result.code == 0, "\(result.errors)")
    let threshold = try #require(try facts(result.output)["threshold"] as? Double)
    #expect(threshold < 0.4)
    func fakes(_ path: String) throws -> Int {
      try mbq.run(["classify", path, "--data", Self.data]).output
        .split(separator: "\n").count { $0.contains("fake") }
    }
    #expect(try fakes(scratch.path("model-tuned.mbq")) > fakes(model) + 100)
  }

  @Test("too few rows, many labels a text and what is no model are refused, and nothing is written")
  func refused() throws {
    let scratch = try Scratch()
    let model = try packed(scratch)
    let few = scratch.path("few.csv")
    try "text,label\nthe news,0\nmore news,1\n".write(
      toFile: few, atomically: true, encoding: .utf8)
    let result = try mbq.run(["tune-threshold", model, "--data", few])
    #expect(result.code == 3)
    #expect(result.errors.contains("too few rows of a label (real 1, fake 1)"))
    let many = scratch.path("many.mbq")
    let checkpoint = "Formats/bert/golden/multi-label"
    try #require(try mbq.run(["quantize", checkpoint, "-o", many]).code == 0)
    let refusal = try mbq.run(["tune-threshold", many, "--data", few])
    #expect(refusal.code == 3 && refusal.errors.contains("any number of labels"))
    #expect(try mbq.run(["tune-threshold", few, "--data", few]).code == 3)
    #expect(try mbq.run(["tune-threshold", model, "--data", few, "--for", "fame"]).code == 2)
    #expect(try scratch.contents() == ["few.csv", "many.mbq", "model.mbq"])
  }
}
