import Foundation
import MBQTestSupport
import Testing

#if canImport(FoundationXML)
import FoundationXML
#endif

/// `mbq search`, `mbq sensitivity` and `--target-size`.
@Suite("mbq search")
struct SearchTests {
  private let mbq = Program("mbq")
  private static let checkpoint = "Formats/mobilebert/golden/standard"
  private static let text = ["--text", "Calibration/corpus/corpus.csv", "--texts", "16"]

  private func search(_ folder: String, _ options: [String]) throws -> (code: Int32, text: String) {
    let result = try mbq.run(
      ["search", Self.checkpoint, "-o", folder, "--text-tokens", "32"] + Self.text + options)
    return (result.code, result.output + result.errors)
  }

  @Test("keeps to its size, goes on where it stopped, and draws what it tried")
  func goesOn() throws {
    let scratch = try Scratch()
    let (one, two) = (scratch.path("one"), scratch.path("two"))
    let limit = ["--max-size", "100kB"]
    let whole = try search(one, limit + ["--points", "4"])
    try #require(whole.code == 0, "\(whole.text)")
    #expect(try search(two, limit + ["--points", "2"]).code == 0)
    let rest = try search(two, limit + ["--points", "4"])
    #expect(rest.code == 0)
    #expect(rest.text.contains("going on after 2 points in \(two)/search.json"))
    let models = try [one, two].map {
      try Data(contentsOf: URL(fileURLWithPath: "\($0)/best.mbq"))
    }
    #expect(models[0] == models[1])
    #expect(models[0].count <= 100_000)
    #expect(try mbq.run(["verify", "\(one)/best.mbq"]).code == 0)
    let plot = try Data(contentsOf: URL(fileURLWithPath: "\(one)/front.svg"))
    #expect(XMLParser(data: plot).parse())
    #expect(String(decoding: plot, as: UTF8.self).components(separatedBy: "<circle").count == 5)
  }

  @Test("what cannot be had is said")
  func refusals() throws {
    let scratch = try Scratch()
    let small = try search(scratch.path("s"), ["--max-size", "1kB"])
    #expect(small.code == 2)
    #expect(small.text.contains("error: --max-size is 1000 bytes; the smallest of "))
    let slow = try search(
      scratch.path("s"), ["--max-size", "1MB", "--points", "1", "--max-p95", "0.000001"])
    #expect(slow.code == 1)
    #expect(slow.text.contains("no point tried is within 1000000 bytes and 1e-06 ms"))
    for size in ["-1MB", "banana", "0", "nan", "1e99GB"] {
      #expect(try search(scratch.path("s"), ["--max-size=\(size)"]).code == 2)
    }
  }

  @Test("quantize --target-size uses what sensitivity measured, and keeps to the size")
  func targetSize() throws {
    let scratch = try Scratch()
    let (kept, model) = (scratch.path("s.json"), scratch.path("m.mbq"))
    let text = Array(Self.text.prefix(2))
    let measured = try mbq.run(["sensitivity", Self.checkpoint, "-o", kept, "--json"] + text)
    try #require(measured.code == 0, "\(measured.errors)")
    let before = try Data(contentsOf: URL(fileURLWithPath: kept))
    let int8 = scratch.path("8.mbq")
    #expect(try mbq.run(["quantize", Self.checkpoint, "-o", int8]).code == 0)
    let target = try Data(contentsOf: URL(fileURLWithPath: int8)).count * 8 / 10
    let options = ["--sensitivity", kept, "-o", model] + text
    let result = try mbq.run(
      ["quantize", Self.checkpoint, "--target-size", "\(target)"] + options)
    try #require(result.code == 0, "\(result.errors)")
    #expect(try Data(contentsOf: URL(fileURLWithPath: model)).count <= target)
    // Its own measuring would have left other texts' figures.
    #expect(try Data(contentsOf: URL(fileURLWithPath: kept)) == before)
    let small = try mbq.run(["quantize", Self.checkpoint, "--target-size", "1kB"] + options)
    #expect(small.code == 2)
    #expect(small.errors.contains("no choice of bits gives 1000 bytes: the smallest is "))
  }
}
