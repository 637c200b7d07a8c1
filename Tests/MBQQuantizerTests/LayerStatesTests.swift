import CZlib
import Foundation
import MBQCheckpoints
import MBQCore
import MBQFormat
import MBQKernels
import MBQModel
import MBQRuntime
import MBQTestSupport
import Testing

@testable import MBQQuantizer

/// Looking into packed models: what `mbq report` shows of them.
@Suite("Inside packed models")
struct LayerStatesTests {
  private func packed(
    _ golden: GoldenCheckpoint, _ change: (inout Recipe) -> Void = { _ in }
  ) throws -> [UInt8] {
    let (checkpoint, _) = try workingModel(golden.family, golden.name)
    var recipe = Recipe()
    recipe.weights = .init()
    change(&recipe)
    let plan = try Plan(recipe, hasText: true)
    var compressor = Compressor(plan)
    compressor.texts = someTexts(20, vocabulary: checkpoint.tokenizer.pieces.count)
    let model = try compressor.compress(checkpoint).model
    return try Packer(checkpoint, plan: plan, model: model).pack().bytes
  }

  private func change(_ kind: String) -> (inout Recipe) -> Void {
    { recipe in
      switch kind {
      case "fp32": recipe.weights?.bits = 32
      case "fp16": recipe.weights?.bits = 16
      case "int4":
        recipe.weights?.bits = 4
        recipe.weights?.rounding = .gptq
      case "static":
        recipe.activations = .init()
        recipe.activations?.scheme = .isStatic
      case "pruned":
        recipe.weights?.bits = 4
        recipe.prune = .init()
        recipe.prune?.method = .magnitude
        recipe.prune?.sparsity = 0.5
        recipe.compress = true
      default: break
      }
    }
  }

  private static let kinds = ["fp32", "fp16", "int8", "int4", "static", "pruned"]

  @Test(
    "run step by step they give the runtime's logits, to the bit", arguments: kinds,
    [GoldenCheckpoint("mobilebert", "standard"), GoldenCheckpoint("bert", "standard")])
  func sameBits(kind: String, golden: GoldenCheckpoint) throws {
    let model = try Model(bytes: packed(golden, change(kind)))
    let texts = someTexts(5, vocabulary: model.vocabularyCount, longest: model.maximumTokens)
    let found = try withExtendedLifetime(model) {
      try #require(LayerStates(model.packed, texts: texts))
    }
    let expected = try RunState(model: model).logits(texts)
    #expect(found.logits.map(\.bitPattern) == expected.map(\.bitPattern))
    #expect(found.states.map(\.layer) == Array(0..<model.packed.header.layerCount))
  }

  @Test("after each layer fp32 has transformers' hidden states")
  func transformers() throws {
    for family in [
      "mobilebert", "bert",
    ] {
      let golden = GoldenCheckpoint(family, "standard")
      let model = try Model(bytes: packed(golden, change("fp32")))
      let texts = try golden.texts().filter { $0.taps != nil }
      try #require(!texts.isEmpty)
      for text in texts {
        let found = try withExtendedLifetime(model) {
          try #require(LayerStates(model.packed, texts: [text.inputIds]))
        }
        for state in found.states {
          let name = "layer.\(state.layer)"
          let truth = try #require(text.taps?[name], "\(name) of \(text.taps?.keys.sorted() ?? [])")
          #expect(state.values.count == truth.count * state.width)
          #expect(relativeError(state.values, truth.flatMap { $0 }) < 2e-5)
        }
      }
    }
  }

  @Test("rescaled channels count as equal where they may be rescaled, and only there")
  func rescaling() {
    let values: [Float] = [1, -2, 3, 0.5, 4, -1, 2, 2, -3]
    let scaled = values.enumerated().map { $1 * [8, 1, 0.125][$0 % 3] }
    func error(_ one: [Float], _ rescales: Bool) -> Double {
      LayerStates.relativeError(one, against: values, width: 3, rescales: rescales)
    }
    #expect(error(scaled, true) == 0)
    #expect(error(values, false) == 0)
    // By hand: 7 of (1, 0.5, 2) and -0.875 of (3, -1, -3), of a sum of squares of 48.25.
    let expected = ((49 * 5.25 + 0.765_625 * 19) / 48.25).squareRoot()
    #expect(abs(error(scaled, false) - expected) < 1e-12)
    // 5 % off is 5 % off either way.
    let off = values.map { $0 * 1.05 }
    #expect(abs(error(off, true) - 0.05) < 1e-6 && abs(error(off, false) - 0.05) < 1e-6)
  }

  @Test("a file that shares buffers between steps is left alone")
  func sharedBuffers() throws {
    let model = try Model(bytes: packed(GoldenCheckpoint("mobilebert", "standard")))
    let header = model.packed.header
    #expect(LayerStates.canRun(header))
    var twice = header
    twice.steps.append(header.steps[header.steps.count - 1])
    #expect(!LayerStates.canRun(twice))
    var early = header
    early.steps.reverse()
    #expect(!LayerStates.canRun(early))
    var wide = header
    wide.buffers[header.steps[0].operation.output.buffer].width += 16
    #expect(!LayerStates.canRun(wide))
    var silent = header
    silent.steps.removeLast()
    #expect(!LayerStates.canRun(silent))
  }

  @Test("fewer bits cost more after every layer")
  func order() throws {
    let golden = GoldenCheckpoint("mobilebert", "standard")
    let texts = someTexts(6, vocabulary: 50, longest: 20)
    let states = try ["fp32", "fp16", "int8", "pruned"].map { kind in
      let model = try Model(bytes: packed(golden, change(kind)))
      return try withExtendedLifetime(model) {
        try #require(LayerStates(model.packed, texts: texts))
      }
    }
    let errors = states.map { $0.relativeErrors(against: states[0]).map(\.error) }
    #expect(errors[0].allSatisfy { $0 == 0 })
    for layer in errors[0].indices {
      #expect(errors[1][layer] > 0 && errors[1][layer] < 0.01)
      #expect(errors[1][layer] < errors[2][layer] && errors[2][layer] < errors[3][layer])
    }
  }

  @Test("zeros are counted as a reader of the specification finds them", arguments: kinds)
  func zeros(kind: String) throws {
    let bytes = try packed(GoldenCheckpoint("mobilebert", "standard"), change(kind))
    let plain = try PlainModel(bytes)
    // Kind 2 is a linear, whose first tensor is its weight (Formats/mbq/mbq.md).
    let weights = Set(plain.operations.filter { $0.kind == 2 }.compactMap { $0.tensors[0] })
    let values = weights.flatMap { plain.tensors[$0].values }
    let expected = Double(values.count { $0 == 0 }) / Double(values.count)
    let model = try Model(bytes: bytes)
    // The model owns the bytes.
    let found = withExtendedLifetime(model) { model.packed.zeroShare }
    #expect(abs(found - expected) < 1e-12)
    if kind == "pruned" { #expect(found > 0.45) }
  }

  @Test("download sizes are those of zlib's own one call")
  func deflated() {
    var generator = SeededGenerator(seed: 1)
    for count in [0, 1, 1000, (1 << 20) - 1, 1 << 20, 3_000_001] {
      let bytes = (0..<count).map { _ in UInt8(truncatingIfNeeded: generator.next() % 23) }
      var size = compressBound(uLong(count))
      var target = [UInt8](repeating: 0, count: Int(size))
      #expect(compress2(&target, &size, bytes, uLong(count), 9) == Z_OK)
      var shares: [Double] = []
      let found = bytes.withUnsafeBytes { raw in
        deflatedByteCount(of: raw) { shares.append($0) }
      }
      #expect(found == Int(size))
      #expect(shares.last == 1 && shares == shares.sorted())
    }
  }
}

extension PackedHeader {
  fileprivate var layerCount: Int { (steps.compactMap(\.layer).max() ?? -1) + 1 }
}
