import MBQCheckpoints
import MBQCore
import MBQModel
import MBQRuntime
import MBQTestSupport
import Testing

@testable import MBQQuantizer

/// Texts of random tokens.
func someTexts(_ count: Int, vocabulary: Int, longest: Int = 12, seed: UInt64 = 3) -> [[UInt32]] {
  var generator = SeededGenerator(seed: seed)
  return (0..<count).map { _ in
    let length = 2 + Int(generator.next() % UInt64(longest - 1))
    return (0..<length).map { _ in UInt32(generator.next() % UInt64(vocabulary)) }
  }
}

/// A golden checkpoint; of the family "example", the one in Examples/`name`, which has six layers and four
/// heads of 16 columns.
func workingModel(_ family: String, _ name: String) throws -> (Checkpoint, WorkingModel) {
  let path =
    family == "example"
    ? Repository.path("Examples/\(name)/model") : GoldenCheckpoint(family, name).path
  let checkpoint = try Checkpoint.open(path: path)
  return (checkpoint, try WorkingModel(checkpoint))
}

@Suite("Structured pruning")
struct StructureTests {
  static let checkpoints = [
    ("mobilebert", "standard"), ("mobilebert", "no-bottleneck"), ("mobilebert", "layer-norm"),
    ("bert", "standard"), ("distilbert", "standard"), ("example", "tiny-news"),
  ]

  private func texts(_ model: WorkingModel) -> [[UInt32]] {
    someTexts(5, vocabulary: model.tokenizer.pieces.count)
  }

  @Test("keeping everything is the same model", arguments: checkpoints)
  func nothing(family: String, name: String) throws {
    let (_, model) = try workingModel(family, name)
    let kept = try model.keepingLayers(model.graph.layers)
    #expect(kept.graph == model.graph)
    #expect(kept.values == model.values)
    #expect(try model.droppingHeads([0: []]).graph == model.graph)
    #expect(ModelRunner(kept).logits(texts(model)) == ModelRunner(model).logits(texts(model)))
  }

  /// A dropped layer hands on what it read; that is compared with a model whose layer is skipped by hand.
  @Test("a model without a layer computes what the others compute", arguments: checkpoints)
  func layer(family: String, name: String) throws {
    let (checkpoint, model) = try workingModel(family, name)
    let layers = model.graph.layers
    try #require(layers.count >= 2)
    for dropped in layers {
      let kept = layers.filter { $0 != dropped }
      let small = try model.keepingLayers(kept)
      #expect(small.configuration.layerCount == kept.count)
      #expect(small.graph.layers == kept)
      let runner = ModelRunner(model)
      let states = HiddenStates(texts(model))
      let stream = try #require(model.graph.stream(ofLayer: dropped))
      for (index, step) in model.graph.steps.enumerated() {
        runner.run(index, states)
        if step.operation.output.buffer == stream.output.buffer {
          states.replace(stream.output.buffer, by: states.rows(stream.input))
        }
      }
      #expect(ModelRunner(small).logits(texts(model)) == runner.logits(states))
      // The packed file runs and says the same to fp32's rounding.
      let packed = try Packer(checkpoint, precision: .float32, model: small.folded()).pack()
      let loaded = try Model(bytes: packed.bytes, name: "dropped")
      let logits = try RunState(model: loaded).logits(texts(model))
      for (found, expected) in zip(logits, ModelRunner(small).logits(texts(model))) {
        #expect(abs(found - expected) < 1e-3 * max(1, abs(expected)))
      }
      _ = try Packer(checkpoint, precision: .int8, model: small.folded()).pack()
    }
  }

  /// A head whose columns of `attention.output` are zero adds nothing, and neither does one that is gone.
  @Test("a dropped head is one whose output weights are zero", arguments: checkpoints)
  func heads(family: String, name: String) throws {
    let (checkpoint, model) = try workingModel(family, name)
    let attention = try #require(
      model.graph.steps.lazy.compactMap { step -> Operation.Attention? in
        if case .attention(let o) = step.operation { o } else { nil }
      }.first)
    let width = attention.query.width / attention.heads
    let kept = (1..<attention.heads).first { ($0 * width).isMultiple(of: 16) }
    // Only the example's heads are wide enough.
    guard let kept else {
      #expect(family != "example")
      #expect(throws: StructureError.self) { try model.droppingHeads([0: [0]]) }
      return
    }
    let dropped = Set(0..<(attention.heads - kept))
    let small = try model.droppingHeads([0: dropped])
    var zeroed = model
    for step in model.graph.steps {
      guard case .linear(let linear) = step.operation,
        linear.input.buffer == attention.output.buffer
      else { continue }
      for row in 0..<linear.output.width {
        for head in dropped {
          for column in 0..<width {
            zeroed.values[linear.weight][row * linear.input.width + head * width + column] = 0
          }
        }
      }
    }
    for (found, expected) in zip(
      ModelRunner(small.folded()).logits(texts(model)), ModelRunner(zeroed).logits(texts(model)))
    {
      #expect(abs(found - expected) < 1e-4 * max(1, abs(expected)))
    }
    #expect(small.parameterCount < model.parameterCount)
    let packed = try Packer(checkpoint, precision: .int8, model: small.folded()).pack()
    _ = try RunState(model: try Model(bytes: packed.bytes, name: "heads")).logits(texts(model))
  }

  @Test("a dropped network hands on what it read")
  func stacks() throws {
    let (checkpoint, model) = try workingModel("mobilebert", "standard")
    let known = model.graph.stacks(ofLayer: 0)
    try #require(known.count > 1)
    for stack in known {
      let small = try model.droppingStacks([0: [stack]])
      #expect(small.graph.stacks(ofLayer: 0) == known.filter { $0 != stack })
      let runner = ModelRunner(model)
      let states = HiddenStates(texts(model))
      var input: Operand?
      for (index, step) in model.graph.steps.enumerated() {
        runner.run(index, states)
        guard step.site.layer == 0, step.site.stack == stack else { continue }
        if step.site.role.hasSuffix("up") { input = step.operation.inputs.first }
        if step.site.role.hasSuffix("down"), let input {
          states.replace(step.operation.output.buffer, by: states.rows(input))
        }
      }
      #expect(ModelRunner(small).logits(texts(model)) == runner.logits(states))
      _ = try Packer(checkpoint, precision: .int8, model: small.folded()).pack()
    }
  }

  @Test("what cannot be dropped is refused")
  func refusals() throws {
    let (_, model) = try workingModel("mobilebert", "standard")
    let count = model.graph.layers.count
    #expect(throws: StructureError.layers(found: [], count: count)) {
      try model.keepingLayers([])
    }
    #expect(throws: StructureError.layers(found: [1, 0], count: count)) {
      try model.keepingLayers([1, 0])
    }
    #expect(throws: StructureError.noLayer(77, known: model.graph.layers)) {
      try model.keepingLayers([0, 77])
    }
    let all = model.graph.stacks(ofLayer: 0)
    #expect(throws: StructureError.stacks(layer: 0, found: all, known: all)) {
      try model.droppingStacks([0: Set(all)])
    }
    let (_, bert) = try workingModel("bert", "standard")
    #expect(throws: StructureError.noStacks(layer: 0)) { try bert.droppingStacks([0: [0]]) }
    let heads = bert.configuration.headCount
    #expect(throws: StructureError.heads(layer: 0, found: [heads], count: heads)) {
      try bert.droppingHeads([0: [heads]])
    }
    #expect(throws: StructureError.headWidth(layer: 0, heads: heads - 1, headWidth: 8)) {
      try bert.droppingHeads([0: [0]])
    }
  }

  @Test(
    "what adds nothing is found", arguments: [("mobilebert", "standard"), ("bert", "standard")])
  func contributions(family: String, name: String) throws {
    var (_, model) = try workingModel(family, name)
    let layer = model.graph.layers[1]
    // The second head of a layer, and in MobileBERT a network of it, are made to add nothing.
    for step in model.graph.steps(ofLayer: layer) {
      guard case .linear(let linear) = step.operation else { continue }
      let width = linear.input.width / model.configuration.headCount
      for row in 0..<linear.output.width {
        for column in 0..<linear.input.width {
          let gone =
            step.site.role == "attention.output"
            ? (width..<(2 * width)).contains(column) : step.site.role == "ffn.0.down"
          if gone { model.values[linear.weight][row * linear.input.width + column] = 0 }
        }
      }
      if step.site.role == "ffn.0.down", let bias = linear.bias {
        model.values[bias] = model.values[bias].map { _ in 0 }
      }
    }
    let found = Contributions(of: model, texts: texts(model))
    #expect(Set(found.heads.keys) == Set(model.graph.layers))
    #expect(Set(found.blockInfluence.keys) == Set(model.graph.layers))
    #expect(found.heads[layer]?[1] == 0)
    #expect(found.weakestHeads(1, headWidth: 16) == [layer: [1]])
    #expect(found.blockInfluence.values.allSatisfy { (0...2).contains($0) })
    if family == "mobilebert" {
      #expect(found.weakestStacks(1) == [layer: [0]])
      #expect((found.stacks[layer]?[1] ?? 0) > 0)
    } else {
      #expect(found.stacks.isEmpty)
    }
  }
}
