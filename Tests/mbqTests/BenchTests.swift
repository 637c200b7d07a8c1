import Foundation
import MBQTestSupport
import Testing

/// `mbq-bench`, which the scripts in Benchmarks drive; what it measures is not judged here.
@Suite("mbq-bench")
struct BenchTests {
  private let bench = Program("mbq-bench")

  private func objects(_ text: String) throws -> [[String: Any]] {
    try text.split(separator: "\n").map {
      try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
    }
  }

  @Test("kernels: every set counts the products of the definition, and a share of a peak")
  func kernels() throws {
    // The message names the sets of this processor.
    let refusal = try bench.run(["kernels", "--kernels", "none"])
    #expect(refusal.code == 2)
    let names = try #require(refusal.errors.components(separatedBy: "this processor runs: ").last)
    for name in names.split(whereSeparator: { ", \n".contains($0) }) {
      let result = try bench.run([
        "kernels", "--kernels", String(name), "--rows", "3", "--rounds", "1", "--json",
      ])
      // A set may have no peak to compare with; then it says so.
      if result.code == 2, result.errors.contains("has no peak") { continue }
      #expect(result.code == 0, "\(name): \(result.errors)")
      let object = try JSONSerialization.jsonObject(with: Data(result.output.utf8))
      let results = try #require((object as? [String: Any])?["results"] as? [[String: Any]])
      #expect(!results.isEmpty)
      for row in results {
        let share = try #require(row["share_of_peak"] as? Double)
        #expect(share > 0 && share.isFinite)
        let shape = try #require(row["shape"] as? String)
        let sizes = shape.split(separator: "→").compactMap { Int($0) }
        guard sizes.count == 2 else { continue }
        #expect(row["multiplications"] as? Int == 3 * sizes[0] * sizes[1], "\(name) \(shape)")
      }
    }
  }

  @Test("worker: a pass counts the ids of its lines, and bad requests get an answer")
  func worker() throws {
    let scratch = try Scratch()
    let model = scratch.path("tiny.mbq")
    let made = try Program("mbq").run(["quantize", "Examples/tiny-news/model", "-o", model])
    try #require(made.code == 0, "\(made.errors)")
    let texts = scratch.path("some texts")
    // Punctuation is a word of its own, known or not; two special tokens a text.
    try Data(". . .\n\n. .\n".utf8).write(to: URL(fileURLWithPath: texts))
    let result = try bench.run(
      ["worker", model],
      input: """
        encode 512 0 \(texts)
        encode 3 0 \(texts)
        ids 1 2 3
        encode 512 0 \(scratch.path("none"))
        encode 1 0 \(texts)
        run 0 1 1
        sing

        """)
    #expect(result.code == 0, "\(result.errors)")
    let answers = try objects(result.output)
    try #require(answers.count == 7)
    #expect(answers[0]["texts"] as? Int == 2)
    #expect(answers[0]["bytes"] as? Int == 11)
    #expect(answers[0]["tokens"] as? Int == 5 + 4)
    #expect(answers[1]["tokens"] as? Int == 3 + 3)
    #expect((answers[2]["logits"] as? [Double])?.count == 2)
    for answer in answers[3...] {
      #expect((answer["error"] as? String)?.isEmpty == false, "\(answer)")
    }
  }
}
