import Foundation
import MBQCheckpoints
import MBQCore
import MBQModel
import MBQRuntime
import MBQTestSupport
import Testing

@testable import MBQQuantizer

@Suite("Equalization")
struct EqualizationTests {
  private func texts(_ model: WorkingModel, _ count: Int = 8) -> [[UInt32]] {
    someTexts(count, vocabulary: model.tokenizer.pieces.count)
  }

  private func logits(_ model: WorkingModel) -> [UInt32] {
    ModelRunner(model).logits(texts(model)).map(\.bitPattern)
  }

  private func packedLogits(_ checkpoint: Checkpoint, _ model: WorkingModel) throws -> [UInt32] {
    let packed = try Packer(checkpoint, precision: .float32, model: model).pack(goldens: [])
    let state = RunState(model: try Model(bytes: packed.bytes, name: "scaled"))
    return try state.logits(texts(model)).map(\.bitPattern)
  }

  private func randomExponents(_ count: Int, _ generator: inout SeededGenerator) -> [Int] {
    (0..<count).map { _ in Int.random(in: -8...8, using: &generator) }
  }

  @Test(
    "every group scaled by powers of two is the same function to the bit",
    arguments: GoldenCheckpoint.all)
  func groups(variant: GoldenCheckpoint) throws {
    let (checkpoint, model) = try workingModel(variant.family, variant.name)
    let folded = model.folded()
    let groups = folded.graph.scalingGroups()
    // Values and query-key pairs move in any model.
    #expect(groups.count >= 2 * folded.configuration.layerCount)
    let before = logits(folded)
    var generator = SeededGenerator(seed: 7)
    var all = folded
    for group in groups {
      let exponents = randomExponents(group.width, &generator)
      var scaled = folded
      let changed = scaled.scale(group, by: exponents)
      #expect(changed.contains { scaled.values[$0] != folded.values[$0] })
      all.scale(group, by: exponents)
    }
    #expect(logits(all) == before)
    #expect(try packedLogits(checkpoint, all) == packedLogits(checkpoint, folded))
  }

  @Test("one group alone is, too")
  func alone() throws {
    for (family, name) in [("mobilebert", "standard"), ("bert", "standard")] {
      let folded = try workingModel(family, name).1.folded()
      let before = logits(folded)
      var generator = SeededGenerator(seed: 8)
      for group in folded.graph.scalingGroups() {
        var scaled = folded
        scaled.scale(group, by: randomExponents(group.width, &generator))
        #expect(logits(scaled) == before, "\(folded.graph.producer(of: group.states[0].buffer))")
      }
    }
  }

  /// The states themselves move, or nothing would have been tested.
  @Test("a group's states are scaled by its factors, and no others are")
  func states() throws {
    let folded = try workingModel("mobilebert", "standard").1.folded()
    var generator = SeededGenerator(seed: 9)
    for group in folded.graph.scalingGroups() {
      let exponents = randomExponents(group.width, &generator)
      var scaled = folded
      scaled.scale(group, by: exponents)
      let runners = [ModelRunner(folded), ModelRunner(scaled)]
      let states = [HiddenStates(texts(folded, 3)), HiddenStates(texts(folded, 3))]
      for index in folded.graph.steps.indices {
        for (runner, states) in zip(runners, states) { runner.run(index, states) }
      }
      for step in folded.graph.steps {
        for operand in step.operation.inputs {
          let (a, b) = (states[0].rows(operand), states[1].rows(operand))
          let sign = group.states.contains(operand) ? 1 : group.inverse.contains(operand) ? -1 : 0
          for row in 0..<a.count {
            for column in 0..<operand.width {
              let exponent = sign == 0 ? 0 : sign * exponents[column]
              let factor = Float(sign: .plus, exponent: exponent, significand: 1)
              #expect(
                a.row(row)[operand.column + column] * factor
                  == b.row(row)[operand.column + column])
            }
          }
        }
      }
    }
  }

  @Test(
    "equalizing leaves fp32 logits as they are, with texts and without",
    arguments: GoldenCheckpoint.all)
  func equalize(variant: GoldenCheckpoint) throws {
    let folded = try workingModel(variant.family, variant.name).1.folded()
    let before = logits(folded)
    for (given, isStatic) in [([], false), (texts(folded, 4), false), (texts(folded, 4), true)] {
      let (model, sites) = Equalizer.equalize(folded, texts: given, isStatic: isStatic)
      #expect(logits(model) == before)
      #expect(sites.allSatisfy { $0.errorShare <= 1 })
      #expect(sites.allSatisfy { ($0.alpha == nil) == ($0.exponents == 0...0) || $0.alpha != nil })
    }
  }

  @Test(
    "what LayerNorm and GELU give is smoothed, never scaled",
    arguments: [
      ("bert", "standard"), ("distilbert", "standard"),
    ])
  func smoothing(family: String, name: String) throws {
    let folded = try workingModel(family, name).1.folded()
    let groups = folded.graph.scalingGroups()
    let moved = Set(groups.flatMap { $0.states + $0.inverse })
    for step in folded.graph.steps {
      switch step.operation {
      case .linear(let o):
        if let residual = o.residual { #expect(!moved.contains(residual)) }
        if o.activation == .gelu || o.activation == .tanh { #expect(!moved.contains(o.output)) }
      case .normalize(let o): #expect(!moved.contains(o.input))
      case .embed, .attention, .pool: break
      }
    }
    let places = folded.smoothableLinears(groups)
    #expect(places.count >= 2 * folded.configuration.layerCount)
    let before = logits(folded)
    var generator = SeededGenerator(seed: 10)
    var smoothed = folded
    for place in places {
      let isExact = smoothed.smooth(
        place.step, by: randomExponents(place.linear.input.width, &generator))
      #expect(isExact)
    }
    #expect(logits(smoothed) == before)
    #expect(smoothed.smoothableLinears(groups).isEmpty)
    // A weight that does not come back is not smoothed.
    var tiny = folded
    let weight = places[0].linear.weight
    tiny.values[weight] = tiny.values[weight].map { $0 * 0x1p-126 }
    let untouched = tiny.values
    let isSmoothed = tiny.smooth(
      places[0].step, by: [Int](repeating: 40, count: places[0].linear.input.width))
    #expect(!isSmoothed)
    #expect(tiny.values == untouched && tiny.graph == folded.graph)
  }

  @Test("states that overflow, and weights that would vanish, are left alone")
  func extremes() throws {
    var model = try workingModel("mobilebert", "standard").1.folded()
    for step in model.graph.steps {
      guard case .linear(let o) = step.operation, let norm = o.norm else { continue }
      model.values[norm.gamma] = model.values[norm.gamma].map { $0 * 1e30 }
    }
    #expect(!ModelRunner(model).logits(texts(model)).allSatisfy { $0.isFinite })
    let (same, _) = Equalizer.equalize(model, texts: texts(model))
    #expect(same.values.count == model.values.count)
    // A choice with infinite ranges is no choice.
    let choice = ScaleSearch.choose(
      ChannelView(states: [1, .infinity], weights: [[1, 1]]), channels: 2, isStatic: false,
      share: 0.9)
    #expect(choice.exponents == [0, 0] && choice.alpha == nil)
  }
}

@Suite("Outliers")
struct OutlierTests {
  /// How often int8's first label is fp32's, and the mean difference of the logits.
  private func agreement(
    _ checkpoint: Checkpoint, _ model: WorkingModel, _ recipe: Recipe, _ truth: [[Float]],
    _ texts: [[UInt32]]
  ) throws -> (same: Int, difference: Double) {
    let plan = try Plan(recipe)
    let compressor = Compressor(plan)
    let packed = try Packer(
      checkpoint, plan: plan, model: compressor.compress(model).model
    ).pack(goldens: [])
    let state = RunState(model: try Model(bytes: packed.bytes, name: "int8"))
    var same = 0
    var difference = 0.0
    for (text, truth) in zip(texts, truth) {
      let logits = try state.logits([text])
      if (logits[0] > logits[1]) == (truth[0] > truth[1]) { same += 1 }
      difference += zip(logits, truth).reduce(0) { $0 + Double(abs($1.0 - $1.1)) }
    }
    return (same, difference / Double(texts.count))
  }

  @Test("int8 is as near to fp32 with outliers as without, and is not where nothing is equalized")
  func outliers() throws {
    let models = try OutlierModels()
    let (checkpoint, clean, outliers) = (models.checkpoint, models.clean, models.outliers)
    let goldens = try LogitGolden.read(
      Repository.root.appendingPathComponent("Examples/tiny-news/golden.jsonl"))
    let texts = goldens.prefix(64).map(\.inputIds)
    let runner = ModelRunner(outliers)
    let plainRunner = ModelRunner(clean)
    let truth = texts.map { plainRunner.logits([$0]) }
    // The same function.
    for (text, truth) in zip(texts.prefix(8), truth) { #expect(runner.logits([text]) == truth) }
    // And a first token that is what was announced.
    let states = HiddenStates([texts[0]])
    var largest: Float = 0
    for step in runner.steps.indices {
      runner.run(step, states)
      let output = runner.steps[step].operation.output
      if runner.model.graph.isStream(output) {
        largest = min(largest, states.rows(output).row(0)[output.column + OutlierModels.cut])
      }
    }
    #expect(largest < -2e7)
    let calm = try agreement(checkpoint, clean, Recipe(), truth, texts)
    let mended = try agreement(checkpoint, outliers, Recipe(), truth, texts)
    #expect(calm.same >= texts.count - 2, "\(calm)")
    #expect(mended.same >= calm.same - 1, "\(mended), \(calm)")
    #expect(mended.difference < 2 * calm.difference, "\(mended), \(calm)")
    var plain = Recipe()
    plain.equalize = false
    let broken = try agreement(checkpoint, outliers, plain, truth, texts)
    #expect(broken.difference > 10 * calm.difference, "\(broken), \(calm)")
    #expect(broken.same < mended.same - 2, "\(broken), \(mended)")
  }
}
