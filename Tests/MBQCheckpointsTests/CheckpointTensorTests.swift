import Foundation
import MBQCore
import MBQModel
import MBQTestSupport
import Testing

@testable import MBQCheckpoints

@Suite("The tensors of a checkpoint")
struct CheckpointTensorTests {
  @Test("missing, mis-shaped and mis-typed tensors are listed at once")
  func wrongTensors() throws {
    let folder = try TemporaryFolder(copying: "tiny")
    try TinyModel.rewrite(folder) { tensors in
      for index in tensors.indices {
        switch tensors[index].name {
        case "classifier.weight": tensors[index].shape = [16, 2]
        case "classifier.bias":
          tensors[index] = .init(
            "classifier.bias", .int64, [2], bytes: Array(repeating: 0, count: 16))
        case "mobilebert.embeddings.LayerNorm.weight":
          tensors[index].name = "mobilebert.embeddings.LayerNorm.gain"
        case "mobilebert.encoder.layer.1.output.dense.bias": tensors[index].name = "x"
        default: break
        }
      }
    }
    let checkpoint = try Checkpoint.open(path: folder.path)
    #expect(
      folder.short(message { try checkpoint.require(TinyModel.requirements()) }) == """
        'DIR/model.safetensors' does not hold the model its config.json describes; 4 tensors are wrong:
          'classifier.bias' is of type I64, needed F32, F16, BF16 or F64
          'classifier.weight' is [16, 2], needed [2, 16]
          'mobilebert.embeddings.LayerNorm.weight' [16] is missing; the most similar name is \
        'mobilebert.embeddings.LayerNorm.gain'
          'mobilebert.encoder.layer.1.output.dense.bias' [8] is missing
        use the weights and the config.json of one `model.save_pretrained(dir)`
        """)
    #expect(checkpoint.tensor(named: "classifier.bias") == nil)
  }

  @Test("a long list of wrong tensors is cut at 20")
  func longList() throws {
    let checkpoint = try Checkpoint.open(
      path: Repository.path("Formats/huggingface/golden/tiny"))
    let wrong = try TinyModel.requirements().map { TensorRequirement($0.name, $0.shape + [1]) }
    let found = message { try checkpoint.require(wrong) }.split(separator: "\n")
    #expect(found.count == 23)
    #expect(found[0].hasSuffix("; \(wrong.count) tensors are wrong:"))
    #expect(found[21] == "  and \(wrong.count - 20) more")
  }

  @Test("names without the family's prefix are accepted")
  func withoutPrefix() throws {
    let folder = try TemporaryFolder(copying: "tiny")
    try TinyModel.rewrite(folder) { tensors in
      for index in tensors.indices {
        tensors[index].name = tensors[index].name.replacingOccurrences(of: "mobilebert.", with: "")
      }
    }
    let checkpoint = try Checkpoint.open(path: folder.path)
    #expect(checkpoint.omitsFamilyPrefix)
    try checkpoint.require(TinyModel.requirements())
    let name = "mobilebert.embeddings.LayerNorm.weight"
    #expect(checkpoint.tensor(named: name)?.name == "embeddings.LayerNorm.weight")
    let wrong = [TensorRequirement("mobilebert.embeddings.LayerNorm.weights", [16])]
    #expect(
      message { try checkpoint.require(wrong) }
        .contains("most similar name is 'embeddings.LayerNorm.weight'"))
  }

  @Test(
    "NaN and infinities are refused with tensor, count and place",
    arguments: [ElementType.float32, .float16, .bfloat16])
  func notFinite(_ type: ElementType) throws {
    let folder = try TemporaryFolder(copying: "tiny")
    let count = 5000
    func encoded(_ value: Float) -> [UInt8] {
      switch type {
      case .float16: withUnsafeBytes(of: half(from: value), Array.init)
      case .bfloat16: withUnsafeBytes(of: bfloat16(from: value), Array.init)
      default: withUnsafeBytes(of: value, Array.init)
      }
    }
    // The largest finite value of each type must pass.
    let largest: Float = type == .float16 ? 65504 : 0x1.FEp127
    var values = [Float](repeating: -largest, count: count)
    let write = {
      try TinyModel.rewrite(folder) {
        $0.append(.init("w", type, [50, 100], bytes: values.flatMap(encoded)))
        $0.append(.init("v", type, [], bytes: encoded(values[4444])))
      }
      return try Checkpoint.open(path: folder.path)
    }
    let requirements = [TensorRequirement("w", [50, 100]), TensorRequirement("v", [])]
    try write().checkFinite(requirements)
    let original = try TemporaryFolder(copying: "tiny").read("model.safetensors")
    try folder.write("model.safetensors", original)
    values[4321] = .nan
    values[4444] = -.infinity
    values[4999] = .infinity
    let checkpoint = try write()
    #expect(
      folder.short(message { try checkpoint.checkFinite(requirements) }) == """
        'DIR/model.safetensors' has values that are NaN or infinite in 2 tensors:
          'w' has 3, the first at [43, 21]
          'v' has 1, the first at []
        the training diverged, or F16 was too small for the weights; use an earlier checkpoint, or \
        save it as F32
        """)
    let summary = try CheckpointSummary(checkpoint, withRanges: true)
    let range = try #require(summary.tensors.first { $0.name == "w" }?.range)
    #expect(range.nonFiniteCount == 3)
    #expect(range.minimum == -largest && range.maximum == -largest)
  }

  @Test("a signalling NaN whose fraction is small is found")
  func smallestNaN() throws {
    let folder = try TemporaryFolder(copying: "tiny")
    try TinyModel.rewrite(folder) {
      $0.append(.init("w", .float32, [1], bytes: [1, 0, 0x80, 0xFF]))
    }
    let checkpoint = try Checkpoint.open(path: folder.path)
    #expect(throws: CheckpointError.self) {
      try checkpoint.checkFinite([TensorRequirement("w", [1])])
    }
  }

  @Test("the summary counts parameters and bytes and finds the ranges")
  func summary() throws {
    let folder = try TemporaryFolder(copying: "tiny")
    var generator = SeededGenerator(seed: 7)
    let values = (0..<3333).map { _ in Float.random(in: -5...3, using: &generator) }
    try TinyModel.rewrite(folder) { tensors in
      tensors.append(.init("w", [3333], values))
      tensors.append(.init("ids", .int64, [4], bytes: Array(repeating: 1, count: 32)))
      tensors.append(.init("none", [0], []))
    }
    let checkpoint = try Checkpoint.open(path: folder.path)
    let summary = try CheckpointSummary(checkpoint, withRanges: true)
    let tiny = try TinyModel.requirements().reduce(0) { $0 + $1.shape.reduce(1, *) }
    #expect(summary.parameterCount == tiny + 3333 + 4)
    #expect(summary.byteCount == 4 * (tiny + 3333) + 32)
    #expect(summary.tensors.map(\.name) == checkpoint.tensorNames)
    let range = try #require(summary.tensors.first { $0.name == "w" }?.range)
    #expect(range.minimum == values.min() && range.maximum == values.max())
    let mean = values.reduce(0.0) { $0 + Double(abs($1)) } / 3333
    #expect(abs(range.meanMagnitude - mean) < 1e-6)
    #expect(summary.tensors.first { $0.name == "ids" }?.range == nil)
    let none = try #require(summary.tensors.first { $0.name == "none" }?.range)
    #expect(none.minimum == 0 && none.maximum == 0 && none.meanMagnitude == 0)
    #expect(
      try CheckpointSummary(checkpoint, withRanges: false).tensors.allSatisfy { $0.range == nil })
  }
}
