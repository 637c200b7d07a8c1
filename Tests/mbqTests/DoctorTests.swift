import Foundation
import MBQTestSupport
import Testing

#if canImport(FoundationXML)
import FoundationXML
#endif

@Suite("mbq doctor")
struct DoctorTests {
  private let mbq = Program("mbq")
  private static let checkpoint = "Examples/tiny-news/model"
  private static let text = ["--text", "Examples/tiny-news/test.csv", "--texts", "3"]

  /// The example with one channel of the first position's embedding at `value`.
  private func outlier(_ scratch: Scratch, value: Float) throws -> String {
    let folder = scratch.path("model")
    let converted = try mbq.run(["convert", Self.checkpoint, "-o", folder, "--dtype", "f32"])
    try #require(converted.code == 0, "\(converted.errors)")
    let url = URL(fileURLWithPath: "\(folder)/model.safetensors")
    var bytes = try Data(contentsOf: url)
    let length = bytes.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
    let header = try JSONSerialization.jsonObject(with: bytes[8..<(8 + length)]) as? [String: Any]
    let entry = try #require(
      header?["mobilebert.embeddings.position_embeddings.weight"] as? [String: Any])
    let start = try #require((entry["data_offsets"] as? [Int])?.first) + 8 + length
    let place = start + 5 * 4
    try #require(entry["dtype"] as? String == "F32")
    for byte in 0..<4 {
      bytes[place + byte] = UInt8(truncatingIfNeeded: value.bitPattern >> (8 * UInt32(byte)))
    }
    try bytes.write(to: url)
    return folder
  }

  private func json(_ arguments: [String]) throws -> [String: Any] {
    let result = try mbq.run(["doctor"] + arguments + ["--json"])
    try #require(result.code == 0, "\(result.errors)")
    return try #require(
      try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
  }

  @Test("a healthy checkpoint needs nothing; every site is in the JSON; the plot is SVG")
  func healthy() throws {
    let scratch = try Scratch()
    let plot = scratch.path("plot.svg")
    let result = try mbq.run(
      ["doctor", Self.checkpoint, "--plot", plot, "--fail-on", "warning"] + Self.text)
    #expect(result.code == 0 && result.errors == "")
    #expect(result.output.contains("verdict     healthy: int8 fits every site as it is"))
    #expect(result.output.contains("linears: the worst 12 of 73"))
    #expect(result.output.contains("residual adds: the worst 12 of 37"))
    #expect(!result.output.contains("equalize ("))
    #expect(!result.output.contains("equalize: 2^"))
    #expect(result.output.split(separator: "\n").allSatisfy { $0.count <= 80 })
    let svg = try Data(contentsOf: URL(fileURLWithPath: plot))
    #expect(XMLParser(data: svg).parse())
    #expect(String(decoding: svg, as: UTF8.self).contains("65504"))
    let all = try mbq.run(["doctor", Self.checkpoint, "--all"] + Self.text)
    #expect(all.output.contains("linears, the worst first"))
    let report = try json([Self.checkpoint] + Self.text)
    #expect((report["linears"] as? [Any])?.count == 73)
    #expect((report["adds"] as? [Any])?.count == 37)
    #expect(report["health"] as? String == "healthy")
    #expect(report["randomTexts"] as? Bool == false)
  }

  @Test("a channel beyond fp16 is named, with what mends it; --fail-on warning exits with 1")
  func outliers() throws {
    let scratch = try Scratch()
    let folder = try outlier(scratch, value: -3e6)
    let result = try mbq.run(["doctor", folder, "--fail-on", "warning"] + Self.text)
    #expect(result.code == 1)
    #expect(result.output.contains("fp16 overflows in"))
    #expect(result.output.contains("1 add of scales more than 2^10 apart"))
    #expect(result.output.contains("(embeddings.transformation): fixed-point runtimes"))
    #expect(result.errors.contains("sites are not healthy (--fail-on warning)"))
    #expect(try mbq.run(["doctor", folder] + Self.text).code == 0)
    let report = try json([folder] + Self.text)
    let adds = try #require(report["adds"] as? [[String: Any]])
    #expect(adds.first?["health"] as? String == "warning")
    #expect((adds.first?["halfOverflows"] as? Int ?? 0) > 0)
  }

  @Test("of a file of few texts, all are looked at")
  func fewTexts() throws {
    let scratch = try Scratch()
    let few = scratch.path("few.csv")
    let rows = (1...10).map { "the news of day \($0)" }
    try (["text"] + rows).joined(separator: "\n").write(
      toFile: few, atomically: true, encoding: .utf8)
    let report = try json([Self.checkpoint, "--text", few, "--texts", "16"])
    #expect(report["texts"] as? Int == 10)
  }

  @Test("without texts, it says that random word pieces stand in")
  func random() throws {
    let result = try mbq.run(["doctor", "Formats/bert/golden/standard"])
    #expect(result.code == 0)
    #expect(result.output.contains("seeded random word pieces stand in"))
  }

  @Test("bad requests and bad files are told apart")
  func errors() throws {
    #expect(try mbq.run(["doctor", Self.checkpoint, "--texts", "0"] + ["--text", "x"]).code == 2)
    #expect(try mbq.run(["doctor", Self.checkpoint, "--fail-on", "sometimes"]).code == 2)
    #expect(try mbq.run(["doctor", "/nowhere"]).code == 3)
    #expect(try mbq.run(["doctor", Self.checkpoint, "--text", "/nowhere.csv"]).code == 3)
    let scratch = try Scratch()
    let plot = scratch.path("missing/plot.svg")
    #expect(
      try mbq.run(["doctor", "Formats/bert/golden/standard", "--plot", plot]).code == 3)
  }
}
