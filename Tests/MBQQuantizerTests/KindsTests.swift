import Foundation
import MBQCheckpoints
import MBQCore
import MBQFormat
import MBQModel
import MBQRuntime
import MBQTestSupport
import Testing

@testable import MBQQuantizer

/// One model, saved by torch, transformers, numpy, TensorFlow and two ONNX exporters
/// (Tests/Oracles/checkpoints/make_kinds.py).
@Suite("The same model in every format")
struct KindsTests {
  private static let tiny = "Formats/huggingface/golden/tiny"
  private static let kinds = "Formats/huggingface/kinds"

  static let files = [
    "zip.bin", "legacy.bin", "deflated.bin", "parallel.pth", "doubles.pt", "transposed.pt",
    "gamma.safetensors", "plain.npz", "compressed.npz", "shards.index.json",
    "tensorflow/mobilebert_variables.ckpt", "script.onnx", "dynamo.onnx", "outside.onnx",
  ]

  private func open(_ file: String) throws -> Checkpoint {
    try Checkpoint.open(
      path: Repository.path("\(Self.kinds)/\(file)"),
      configuration: Repository.path(Self.tiny))
  }

  /// The bytes of every section but the one that says where the model came from.
  private func sections(_ checkpoint: Checkpoint, _ precision: Precision) throws -> [String:
    [UInt8]]
  {
    let bytes = try Packer(checkpoint, precision: precision).pack().bytes
    let model = try Model(bytes: bytes, name: "packed")
    var result: [String: [UInt8]] = [:]
    for section in model.packed.sections where section.kind != .provenance {
      result[section.kind.name.text] = Array(
        bytes[section.offset..<(section.offset + section.length)])
    }
    return result
  }

  @Test("gives the same packed file, up to its provenance", arguments: files)
  func packed(_ file: String) throws {
    for precision in [Precision.int8, .float32] {
      let expected = try sections(
        Checkpoint.open(path: Repository.path(Self.tiny)), precision)
      #expect(expected.count >= 8)
      #expect(try sections(open(file), precision) == expected)
    }
  }

  @Test("has nothing missing, and nothing that is not used but positions", arguments: files)
  func audit(_ file: String) throws {
    let checkpoint = try open(file)
    let audit = CheckpointAudit(
      checkpoint, ModelFamilies.lower(checkpoint.configuration).requirements)
    #expect(audit.problems == [])
    #expect(checkpoint.warnings == [])
  }

  @Test("converts to the same folder, byte for byte", arguments: files)
  func converted(_ file: String) throws {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("mbq-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    let requirements = ModelFamilies.lower(try open(file).configuration).requirements
    let original = try Checkpoint.open(path: Repository.path(Self.tiny))
    for (name, checkpoint) in [("one", original), ("two", try open(file))] {
      _ = try FolderWriter(checkpoint, requirements, elementType: .float32)
        .write(to: folder.path + name)
    }
    for name in ["model.safetensors", "config.json", "tokenizer.json", "tokenizer_config.json"] {
      let one = try Data(contentsOf: URL(fileURLWithPath: folder.path + "one/\(name)"))
      #expect(try one == Data(contentsOf: URL(fileURLWithPath: folder.path + "two/\(name)")))
    }
    for name in ["one", "two"] { try FileManager.default.removeItem(atPath: folder.path + name) }
  }

  @Test("google-research's configuration, which names no model and no labels, is completed")
  func googleConfiguration() throws {
    let checkpoint = try Checkpoint.open(path: Repository.path("\(Self.kinds)/tensorflow"))
    #expect(checkpoint.configuration.family == .mobileBERT)
    #expect(checkpoint.labels == ["LABEL_0", "LABEL_1"])
    #expect(checkpoint.format == "tensorflow")
    let packed = try Packer(checkpoint, precision: .float32).pack()
    #expect(packed.report.parameterCount > 0)
  }
}
