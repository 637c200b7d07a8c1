import Foundation
import MBQCheckpoints
import MBQQuantizer
import MBQReference
import MBQRuntime
import MBQTestSupport
import MBQTokenizer
import Testing

/// Whole texts: the checkpoint's tokenizer files, then its weights, against transformers in float64.
@Suite("The reference on whole texts")
struct GoldenTextTests {
  private static let tinyNews = Repository.root.appendingPathComponent("Examples/tiny-news")

  /// Every text of the example in a release build, some of them in a debug build.
  private static func share(_ goldens: [LogitGolden]) -> [LogitGolden] {
    #if DEBUG
    stride(from: 0, to: goldens.count, by: 29).map { goldens[$0] }
    #else
    goldens
    #endif
  }

  private func tokenizer(_ checkpoint: Checkpoint) throws -> WordPieceTokenizer {
    let file = try Packer(checkpoint, precision: .int8).pack(goldens: [])
    return try Model(bytes: file.bytes).tokenizer
  }

  @Test("tiny-news: every token id, and logits within 1e-4")
  func tinyNews() throws {
    let checkpoint = try Checkpoint.open(
      path: Self.tinyNews.appendingPathComponent("model").path)
    let goldens = try LogitGolden.read(Self.tinyNews.appendingPathComponent("golden.jsonl"))
    let tokenizer = try tokenizer(checkpoint)
    let limit = checkpoint.tokenizer.maximumLength
    for golden in goldens {
      #expect(tokenizer.encode(golden.text, limit: limit).ids == golden.inputIds)
    }
    let reference = Reference(checkpoint)
    var worst = 0.0
    for golden in Self.share(goldens) {
      worst = max(worst, relativeError(reference.logits(golden.inputIds), golden.logits))
    }
    #expect(worst < 1e-4, "\(worst)")
  }

  #if !DEBUG
  @Test(
    "the real checkpoints: every token id, and logits within 1e-4 on texts of every length",
    .enabled(if: Repository.shared != nil, "needs ../shared"),
    arguments: ["mobilebert-fakenews", "minilm-fakenews"])
  func real(name: String) throws {
    let folder = try #require(Repository.shared).appendingPathComponent("data/\(name)")
    let checkpoint = try Checkpoint.open(path: folder.path)
    let goldens = try LogitGolden.read(folder.appendingPathComponent("golden.jsonl"))
    let tokenizer = try tokenizer(checkpoint)
    for golden in goldens {
      #expect(tokenizer.encode(golden.text, limit: 512).ids == golden.inputIds)
    }
    let reference = Reference(checkpoint)
    let short = goldens.filter { $0.inputIds.count <= 64 }
    let long = goldens.filter { $0.inputIds.count > 64 }
      .sorted { $0.inputIds.count < $1.inputIds.count }
    let spread = [0.1, 0.35, 0.6, 1].map { long[Int(Double(long.count - 1) * $0)] }
    // MBQ_ALL=1 takes every text: some minutes.
    let all = ProcessInfo.processInfo.environment["MBQ_ALL"] == "1"
    var worst = 0.0
    for golden in all ? goldens : short + spread {
      worst = max(worst, relativeError(reference.logits(golden.inputIds), golden.logits))
    }
    #expect(worst < 1e-4, "\(worst)")
    if all { print("\(goldens.count) texts, largest relative error \(worst)") }
  }
  #endif
}
