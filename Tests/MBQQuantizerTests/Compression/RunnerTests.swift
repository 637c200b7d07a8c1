import MBQCheckpoints
import MBQModel
import MBQReference
import MBQRuntime
import MBQSchemes
import MBQTestSupport
import Testing

@testable import MBQQuantizer

@Suite("The model runner")
struct RunnerTests {
  @Test("every hidden state is the reference's", arguments: GoldenCheckpoint.all)
  func reference(variant: GoldenCheckpoint) throws {
    let (checkpoint, model) = try workingModel(variant.family, variant.name)
    let reference = Reference(model.graph) { checkpoint.tensor(named: $0)?.floats() ?? [] }
    let texts = someTexts(3, vocabulary: model.tokenizer.pieces.count) + [[1]]
    for text in texts {
      let runner = ModelRunner(model)
      let states = HiddenStates([text])
      var step = 0
      let truth = reference.logits(text) { tap in
        runner.run(step, states)
        let rows = states.rows(runner.steps[step].operation.output)
        #expect(rows.count == tap.rows && rows.width == tap.width)
        let found = (0..<rows.count).flatMap { row in
          (0..<rows.width).map { rows.row(row)[$0] }
        }
        #expect(relativeError(found, tap.values.map(Double.init)) < 2e-5, "\(tap.site.name)")
        step += 1
      }
      #expect(step == runner.steps.count)
      #expect(relativeError(runner.logits(states), truth.map(Double.init)) < 1e-4)
    }
  }

  @Test("texts of one batch, and threads, do not change each other")
  func batches() throws {
    let model = try workingModel("example", "tiny-news").1.folded()
    let texts = someTexts(30, vocabulary: 2400, longest: 90)
    let pool = ThreadPool(workerCount: 3)
    let together = ModelRunner(model, parallel: pool.parallel).logits(texts)
    #expect(together == texts.flatMap { ModelRunner(model).logits([$0]) })
    withExtendedLifetime(pool) {}
  }

  /// Everything on the grid the packer would put it on.
  private func asPacked(_ model: WorkingModel) -> WorkingModel {
    var result = model
    let smoothing = Set(
      model.graph.steps.compactMap { step -> Int? in
        if case .linear(let linear) = step.operation { linear.smoothing } else { nil }
      })
    for (index, tensor) in model.graph.tensors.enumerated()
    where model.rounded[index] == nil && !smoothing.contains(index) {
      let (rows, columns) = model.matrixShape(index)
      let largest = model.values[index].reduce(0) { max($0, abs($1)) }
      result.round(
        index,
        to: Precision.int8.scheme(tensor.role, largest: largest).encode(
          model.values[index], rows: rows, columns: columns))
    }
    return result
  }

  private static func recipe(_ change: (inout Recipe) -> Void) -> Recipe {
    var recipe = Recipe()
    recipe.weights = .init()
    recipe.activations = .init()
    change(&recipe)
    return recipe
  }

  static let recipes: [(String, Recipe)] = [
    ("int8", recipe { _ in }),
    ("int8, mse", recipe { $0.weights?.rounding = .mse }),
    (
      "int4, gptq",
      recipe {
        $0.weights?.bits = 4
        $0.weights?.rounding = .gptq
      }
    ),
    (
      "int4 with zero points, tables too",
      recipe {
        $0.weights?.bits = 4
        $0.weights?.group = 32
        $0.weights?.zeroPoint = true

        $0.embeddings = .init()
        $0.embeddings?.bits = 4
      }
    ),
    ("2 bits", recipe { $0.weights?.bits = 2 }),
    ("static", recipe { $0.activations?.scheme = .isStatic }),
    ("16-bit inputs", recipe { $0.activations?.int16 = ["*"] }),
    (
      "pruned, static, some 16-bit, overrides",
      recipe {
        $0.prune = .init()
        $0.prune?.method = .sparseGPT
        $0.prune?.sparsity = 0.5

        $0.activations?.scheme = .isStatic
        $0.activations?.int16 = ["*.attention.output"]

        $0.overrides = [.init(sites: "layer.0.*", bits: 4, group: 32)]
      }
    ),
  ]

  @Test(
    "a rounded model has the packed model's logits to the bit",
    arguments: [
      ("mobilebert", "standard"), ("bert", "standard"), ("distilbert", "odd-widths"),
      ("mobilebert", "layer-norm"),
    ])
  func packed(family: String, name: String) throws {
    let (checkpoint, model) = try workingModel(family, name)
    let vocabulary = model.tokenizer.pieces.count
    let texts = someTexts(10, vocabulary: vocabulary, seed: 77)
    for (title, recipe) in Self.recipes {
      var compressor = try Compressor(Plan(recipe, hasText: true))
      compressor.texts = someTexts(20, vocabulary: vocabulary)
      let compressed = try compressor.compress(model).model
      let runner = ModelRunner(asPacked(compressed))
      runner.usesIntegerAttention = true
      let packed = try Packer(checkpoint, precision: .int8, model: compressed).pack(goldens: [])
      let state = RunState(model: try Model(bytes: packed.bytes, name: title))
      #expect(
        runner.logits(texts).map(\.bitPattern) == (try state.logits(texts).map(\.bitPattern)),
        "\(title)")
    }
  }

  @Test("a smoothed model does, too, with grids of each kind")
  func smoothed() throws {
    let (checkpoint, working) = try workingModel("bert", "standard")
    let texts = someTexts(10, vocabulary: working.tokenizer.pieces.count, seed: 78)
    var smoothed = working.folded()
    for place in smoothed.smoothableLinears(smoothed.graph.scalingGroups()) {
      let exponents = (0..<place.linear.input.width).map { $0 % 5 - 2 }
      let isExact = smoothed.smooth(place.step, by: exponents)
      #expect(isExact)
    }
    for (title, recipe) in Self.recipes {
      var recipe = recipe
      recipe.equalize = false
      var compressor = try Compressor(Plan(recipe, hasText: true))
      compressor.texts = someTexts(20, vocabulary: working.tokenizer.pieces.count)
      let compressed = try compressor.compress(smoothed).model
      let runner = ModelRunner(asPacked(compressed))
      runner.usesIntegerAttention = true
      let packed = try Packer(checkpoint, precision: .int8, model: compressed).pack(goldens: [])
      let state = RunState(model: try Model(bytes: packed.bytes, name: title))
      #expect(
        runner.logits(texts).map(\.bitPattern) == (try state.logits(texts).map(\.bitPattern)),
        "\(title)")
    }
  }

  /// The step is for what is put on the grid: the input times its factors.
  @Test("static steps are those of the smoothed input")
  func staticSmoothing() throws {
    let working = try workingModel("bert", "standard").1
    var smoothed = working.folded()
    let place = try #require(
      smoothed.smoothableLinears(smoothed.graph.scalingGroups()).first)
    let isExact = smoothed.smooth(
      place.step, by: [Int](repeating: 3, count: place.linear.input.width))
    #expect(isExact)
    let texts = someTexts(20, vocabulary: working.tokenizer.pieces.count)
    let recipe = Self.recipe {
      $0.activations?.scheme = .isStatic
      $0.activations?.observer = "min-max"

      $0.equalize = false
    }
    func steps(_ model: WorkingModel) throws -> [Float] {
      var compressor = try Compressor(Plan(recipe, hasText: true))
      compressor.texts = texts
      return try compressor.compress(model).model.graph.steps.compactMap {
        guard case .linear(let o) = $0.operation, case .int8Static(let step) = o.inputGrid
        else { return nil }
        return step
      }
    }
    let (plain, found) = (try steps(working.folded()), try steps(smoothed))
    #expect(plain.count == found.count)
    let changed = plain.indices.filter { found[$0] != plain[$0] }
    #expect(changed.count == 1)
    for index in changed { #expect(found[index] == 8 * plain[index]) }
  }
}
