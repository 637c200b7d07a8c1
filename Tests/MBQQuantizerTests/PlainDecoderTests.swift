import Foundation
import MBQCheckpoints
import MBQCore
import MBQFormat
import MBQModel
import MBQRuntime
import MBQSchemes
import MBQTestSupport
import MBQTokenizer
import Testing

@testable import MBQQuantizer

/// Packs the carried model and reads it with the decoder that knows only the specification.
@Suite("A packed checkpoint, read by the plain decoder")
struct PlainDecoderTests {
  private struct Packed: @unchecked Sendable {
    var packer: Packer
    var file: PackedFile
    var plain: PlainModel
  }

  private static let path = "Examples/tiny-news/model"

  /// Packing and reading take a moment: once each.
  private static let packed = Precision.allCases.map { precision in
    Result { try packAgain(precision) }
  }

  private static func pack(_ precision: Precision) throws -> Packed {
    try packed[try #require(Precision.allCases.firstIndex(of: precision))].get()
  }

  private static func packAgain(_ precision: Precision) throws -> Packed {
    let checkpoint = try Checkpoint.open(path: Repository.path(path))
    let packer = try Packer(checkpoint, precision: precision)
    let file = try packer.pack()
    return Packed(packer: packer, file: file, plain: try PlainModel(file.bytes))
  }

  /// The values a tensor should have, by doubles: what the checkpoint holds after the exact algebra.
  private static func exact(
    _ expression: TensorExpression, _ checkpoint: Checkpoint
  ) throws -> [Double] {
    switch expression {
    case .checkpoint(let name):
      return try #require(checkpoint.tensor(named: name)).floats().map(Double.init)
    case .rows(let parts): return try parts.flatMap { try exact($0, checkpoint) }
    case .scaled(let base, let factors):
      let values = try exact(base, checkpoint)
      let factors = try exact(factors, checkpoint)
      let width = values.count / factors.count
      return values.indices.map { values[$0] * factors[$0 / width] }
    case .sum(let first, let second):
      return zip(try exact(first, checkpoint), try exact(second, checkpoint)).map { $0 + $1 }
    case .zeros: return []
    }
  }

  private static func isStored(_ expression: TensorExpression) -> Bool {
    switch expression {
    case .checkpoint: true
    case .rows(let parts): parts.allSatisfy { isStored($0) }
    default: false
    }
  }

  @Test("holds the checkpoint's values", arguments: Precision.allCases)
  func values(_ precision: Precision) throws {
    let packed = try Self.pack(precision)
    let graph = packed.packer.graph
    #expect(packed.plain.tensors.count == graph.tensors.count)
    var stored = 0
    for (tensor, found) in zip(graph.tensors, packed.plain.tensors) {
      let rows = tensor.shape.count == 2 ? tensor.shape[0] : 1
      #expect(found.rows == rows && found.rows * found.columns == tensor.shape.reduce(1, *))
      #expect(found.hasCleanPadding)
      let expected = try Self.exact(tensor.expression, packed.packer.checkpoint)
      // Folding is one rounding to fp32 a product and a sum; what is only copied is exact.
      let isCopy = Self.isStored(tensor.expression)
      if isCopy { stored += 1 }
      for row in 0..<rows {
        let range = (row * found.columns)..<((row + 1) * found.columns)
        let largest = expected[range].map(\.magnitude).max() ?? 0
        let share =
          switch found.scheme {
          case "float32", "float32-panels": 0.0
          case "float16", "float16-panels": 0x1p-11
          default: 0.5 / 127 * (1 + 0x1p-7) * 1.0001
          }
        for index in range {
          let value = expected[index]
          let error = (value - Double(found.values[index])).magnitude
          // Half floats round each value for itself; int8 has one step a row.
          let scheme =
            found.scheme.hasPrefix("float16") ? share * value.magnitude + 0x1p-25 : share * largest
          let folding = isCopy ? 0 : 4 * 0x1p-24 * max(largest, value.magnitude)
          if !(error <= scheme + folding) {
            Issue.record("\(tensor.name)[\(index)] is \(found.values[index]), not \(value)")
          }
        }
      }
    }
    #expect(stored > 20)
  }

  @Test("stores what each precision promises")
  func schemes() throws {
    for (precision, weights, tables) in [
      (Precision.float32, "float32-panels", "float32"), (.float16, "float16-panels", "float16"),
      (.int8, "int8-channel", "int8-rows"),
    ] {
      let packed = try Self.pack(precision)
      for (tensor, found) in zip(packed.packer.graph.tensors, packed.plain.tensors) {
        switch tensor.role {
        case .weight: #expect(found.scheme == weights)
        case .table: #expect(found.scheme == tables)
        case .headWeight: #expect(found.scheme == "float32-panels")
        case .vector:
          #expect(found.scheme == "float32" || (found.scheme == "float16" && precision == .int8))
        }
      }
      #expect(packed.plain.activationScheme == (precision == .int8 ? 1 : 0))
    }
  }

  @Test("has its labels, pieces, operations and lengths", arguments: Precision.allCases)
  func header(_ precision: Precision) throws {
    let packed = try Self.pack(precision)
    let (checkpoint, plain) = (packed.packer.checkpoint, packed.plain)
    #expect(plain.labels == ["real", "fake"])
    #expect(plain.maximumTokens == 256)
    #expect(plain.vocabularyCount == 2400)
    #expect(plain.pieces.map { Array($0.utf8) } == checkpoint.tokenizer.pieces)
    let vocabulary = String(
      decoding: try Repository.bytes("\(Self.path)/vocab.txt"), as: UTF8.self)
    #expect(plain.pieces == vocabulary.split(separator: "\n").map(String.init))
    let graph = packed.packer.graph
    #expect(plain.names == graph.steps.map(\.site.name))
    #expect(plain.operations.map(\.layer) == graph.steps.map(\.site.layer))
    #expect(plain.operations.map(\.kind) == graph.steps.map { Self.kind($0.operation) })
    #expect(plain.operations.filter { $0.kind == 3 }.count == 6)
    #expect(plain.operations.first { $0.kind == 3 }?.heads == 4)
    #expect(plain.buffers.map(\.width) == graph.buffers.map(\.width))
    #expect(plain.logits.width == 2 && plain.buffers[plain.logits.buffer].isTexts)
    #expect(plain.version.major == 1 && plain.version.minor == 0)
  }

  private static func kind(_ operation: MBQModel.Operation) -> Int {
    switch operation {
    case .embed: 1
    case .linear: 2
    case .attention: 3
    case .normalize: 4
    case .pool: 5
    }
  }

  @Test("has golden vectors that a fresh model repeats to the bit", arguments: Precision.allCases)
  func goldens(_ precision: Precision) throws {
    let packed = try Self.pack(precision)
    let model = try Model(bytes: packed.file.bytes)
    let state = RunState(model: model)
    #expect(packed.plain.goldens.map(\.text) == GoldenTexts.all)
    #expect(packed.file.report.goldenCount == GoldenTexts.all.count)
    for golden in packed.plain.goldens {
      #expect(model.tokenizer.encode(golden.text, limit: 256).ids == golden.tokens)
      let logits = try state.logits([golden.tokens])
      #expect(logits.map(\.bitPattern) == golden.logitBits)
      #expect(logits.allSatisfy { $0.isFinite && $0.magnitude < 100 })
    }
  }

  @Test("states where it came from, the same way every time", arguments: Precision.allCases)
  func provenance(_ precision: Precision) throws {
    let packed = try Self.pack(precision)
    let again = try Packer(
      Checkpoint.open(path: Repository.path(Self.path)), precision: precision
    ).pack()
    #expect(packed.file.bytes == again.bytes)
    let text = packed.plain.provenance
    var rest = text[...]
    for key in ["tool", "family", "bits", "recipe", "parameters", "layers", "sources", "schemes"] {
      let place = try #require(rest.range(of: "\"\(key)\":"), "\(key), in order")
      rest = rest[place.upperBound...]
    }
    #expect(text.hasPrefix("{\"tool\":\"mbq ") && text.hasSuffix("}]}"))
    #expect(text.contains("\"bits\":\(precision.bits),"))
    #expect(!text.contains("/"), "no path of this machine")
    for name in ["config.json", "model.safetensors", "tokenizer.json"] {
      let bytes = try Repository.bytes("\(Self.path)/\(name)")
      let digest = bytes.withUnsafeBytes { hexadecimal(sha256($0)) }
      #expect(
        text.contains("{\"file\":\"\(name)\",\"bytes\":\(bytes.count),\"sha256\":\"\(digest)\"}"))
    }
    #expect(packed.plain.digest == Array(packed.file.bytes[64...]).withUnsafeBytes { sha256($0) })
  }

  @Test("is as small as its precision")
  func sizes() throws {
    let sizes = try Precision.allCases.map { try Self.pack($0).file }
    for (file, precision) in zip(sizes, Precision.allCases) {
      let report = file.report
      #expect(report.byteCount == file.bytes.count)
      #expect(report.parameterCount == 800_898)
      // Weights, plus tenths for scales, padding, vocabulary and the rest.
      let weights = report.parameterCount * precision.bits / 8
      #expect(file.bytes.count > weights && file.bytes.count < weights * 5 / 4)
      #expect(report.schemes.reduce(0) { $0 + $1.tensors } > 50)
      let stored = try PlainModel(file.bytes).sections.first { $0.kind == "WIGT" }?.length ?? 0
      #expect(report.schemes.reduce(0) { $0 + $1.byteCount } <= stored)
    }
    #expect(sizes[2].bytes.count * 3 < sizes[0].bytes.count)
  }
}
