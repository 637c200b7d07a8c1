import Foundation
import MBQModel
import MBQTestSupport
import Testing

@testable import MBQCheckpoints

@Suite("The real checkpoint", .enabled(if: Repository.shared != nil, "needs ../shared"))
struct RealCheckpointTests {
  private func open() throws -> Checkpoint {
    let shared = try #require(Repository.shared)
    return try Checkpoint.open(
      path: shared.appendingPathComponent("data/mobilebert-fakenews").path)
  }

  @Test("it opens with 24,582,914 parameters, all finite")
  func parameters() throws {
    let checkpoint = try open()
    let summary = try CheckpointSummary(checkpoint, withRanges: true)
    #expect(summary.parameterCount == 24_582_914)
    #expect(summary.byteCount == 4 * 24_582_914)
    let requirements = summary.tensors.map { TensorRequirement($0.name, $0.shape) }
    try checkpoint.require(requirements)
    try checkpoint.checkFinite(requirements)
    #expect(summary.tensors.allSatisfy { $0.range?.nonFiniteCount == 0 })
    #expect(checkpoint.labels == ["real", "fake"])
    #expect(checkpoint.warnings == [])
  }

  @Test("vocab.txt and tokenizer.json say the same")
  func tokenizer() throws {
    let shared = try #require(Repository.shared)
    let folder = try TemporaryFolder()
    for name in ["vocab.txt", "tokenizer_config.json"] {
      try FileManager.default.copyItem(
        atPath: shared.appendingPathComponent("data/mobilebert-fakenews/\(name)").path,
        toPath: folder.path(name))
    }
    let fromText = try TokenizerReader.read(
      CheckpointFolder(path: folder.path).tokenizer(), maximumPositions: 512)
    #expect(try open().tokenizer == fromText)
    #expect(fromText.pieces.count == 30522)
  }
}
