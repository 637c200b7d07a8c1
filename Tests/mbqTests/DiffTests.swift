import Foundation
import MBQTestSupport
import Testing

@Suite("mbq diff")
struct DiffTests {
  private let mbq = Program("mbq")
  private static let checkpoint = "Formats/mobilebert/golden/standard"

  private func packed(_ scratch: Scratch, _ name: String, _ options: [String]) throws -> String {
    let path = scratch.path(name)
    let result = try mbq.run(["quantize", Self.checkpoint, "-o", path] + options)
    try #require(result.code == 0, "\(result.errors)")
    return path
  }

  @Test("a checkpoint and its int8 form, with answers and times; 0 unless --exit-code")
  func compares() throws {
    let scratch = try Scratch()
    let int8 = try packed(scratch, "int8.mbq", ["--bits", "8"])
    let arguments = ["diff", Self.checkpoint, int8, "--rounds", "2", "--tokens", "16"]
    let result = try mbq.run(arguments + ["--text", "Calibration/corpus/corpus.csv"])
    try #require(result.code == 0, "\(result.errors)")
    for expected in [
      "they differ", "32 → 8", "size by section", "one text of 16 tokens", "same label",
      "weights",
    ] {
      #expect(result.output.contains(expected), "\(expected)\n\(result.output)")
    }
    #expect(
      result.output.split(separator: "\n").filter { !$0.contains("/") }
        .allSatisfy { $0.count <= 80 })
    let failed = try mbq.run(arguments + ["--exit-code"])
    #expect(failed.code == 1 && failed.errors == "")
    let json = try mbq.run(arguments + ["--json"])
    let report = try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any]
    #expect((report?["facts"] as? [String: Any])?["verdict"] as? String == "they differ")
  }

  @Test("a model and itself are the same")
  func same() throws {
    let scratch = try Scratch()
    let int8 = try packed(scratch, "int8.mbq", [])
    let result = try mbq.run(["diff", int8, int8, "--exit-code", "--rounds", "0"])
    #expect(result.code == 0)
    #expect(result.output.contains("verdict     the same"))
  }

  @Test("what cannot be read or compared is refused")
  func refused() throws {
    let scratch = try Scratch()
    let int8 = try packed(scratch, "int8.mbq", [])
    #expect(try mbq.run(["diff", int8, "/nowhere.mbq"]).code == 3)
    #expect(try mbq.run(["diff", int8, "/nowhere"]).code == 3)
    #expect(try mbq.run(["diff", int8, int8, "--rounds", "-1"]).code == 2)
    #expect(try mbq.run(["diff", int8, int8, "--text", "-"]).code == 2)
    let many = scratch.path("many.mbq")
    try #require(
      try mbq.run(["quantize", "Formats/bert/golden/multi-label", "-o", many]).code == 0)
    let text = ["--text", "Calibration/corpus/corpus.csv", "--rounds", "0"]
    let refusal = try mbq.run(["diff", int8, many] + text)
    #expect(refusal.code == 3 && refusal.errors.contains("any number of labels"))
    let five = scratch.path("five.mbq")
    try #require(
      try mbq.run(["quantize", "Formats/bert/golden/five-labels", "-o", five]).code == 0)
    let labels = try mbq.run(["diff", int8, five] + text)
    #expect(labels.code == 3)
    #expect(labels.errors.contains("'\(int8)' has the labels real, fake and '\(five)' has "))
    // What only one of them has is told without what it has not.
    let others = try mbq.run(["diff", int8, five, "--rounds", "0", "--all"])
    #expect(others.code == 0)
    #expect(!others.output.contains("activation none") && !others.output.contains("inputs ,"))
  }
}
