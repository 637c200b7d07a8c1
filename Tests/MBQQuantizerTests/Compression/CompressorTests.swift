import Foundation
import MBQCheckpoints
import MBQCore
import MBQModel
import MBQRuntime
import MBQSchemes
import MBQTestSupport
import Testing

@testable import MBQQuantizer

@Suite("Following recipes")
struct CompressorTests {
  private func compress(
    _ texts: Int = 20, family: String = "mobilebert", name: String = "standard",
    _ change: (inout Recipe) -> Void
  ) throws -> (model: WorkingModel, report: CompressionReport) {
    let (_, model) = try workingModel(family, name)
    var recipe = Recipe()
    recipe.weights = .init()
    change(&recipe)
    var compressor = try Compressor(Plan(recipe, hasText: texts > 0))
    compressor.texts = someTexts(texts, vocabulary: model.tokenizer.pieces.count)
    return try compressor.compress(model)
  }

  /// Expects `part` in what the recipe is refused with; nil for nothing to refuse.
  private func expect(
    _ part: String?, _ location: SourceLocation = #_sourceLocation, _ change: (inout Recipe) -> Void
  ) {
    var said: String?
    do throws(QuantizerError) {
      let model: WorkingModel
      do { model = try workingModel("mobilebert", "standard").1 } catch { return }
      var recipe = Recipe()
      recipe.weights = .init()
      change(&recipe)
      _ = try Compressor(Plan(recipe)).compress(model)
    } catch {
      said = error.explanation
    }
    guard let part else {
      #expect(said == nil, sourceLocation: location)
      return
    }
    let holds = said?.contains(part) ?? false
    #expect(holds, "\(said ?? "nothing")", sourceLocation: location)
  }

  @Test("what needs text is refused without it, all of it at once")
  func needsText() {
    expect(
      "the recipe cannot be followed: it asks for static activations, which needs calibration "
        + "text; give some; no labels are needed"
    ) {
      $0.activations = .init()
      $0.activations?.scheme = .isStatic
    }
    expect("it asks for gptq, wanda, bias-correction, recover, drop-heads, which needs") {
      $0.weights?.bits = 4
      $0.weights?.rounding = .gptq
      $0.biasCorrection = true
      $0.prune = .init()
      $0.prune?.method = .wanda
      $0.prune?.sparsity = 0.5
      $0.prune?.dropHeads = 1
      $0.recover = .init()
      $0.recover?.affine = true
    }
    // Asked for nothing: nothing is needed.
    expect(nil) {
      $0.prune = .init()
      $0.prune?.dropHeads = 0
    }
  }

  @Test("text whose hidden states do not fit is refused before it is run")
  func memory() throws {
    let model = try workingModel("mobilebert", "standard").1.folded()
    // A text without a first row of its own to read: every buffer has a row a token, or one a text.
    let text = someTexts(1, vocabulary: model.tokenizer.pieces.count)[0]
    let states = HiddenStates([text])
    let runner = ModelRunner(model)
    var most = 0
    for step in runner.steps.indices {
      runner.run(step, states)
      let bytes = states.buffers.values.filter { $0.count == text.count }
        .reduce(0) { $0 + $1.stride * 4 }
      most = max(most, bytes)
      runner.release(states, after: step)
    }
    try #require(text.count > 1)
    #expect(model.graph.peakBytesPerToken == most)

    var recipe = Recipe()
    recipe.weights = .init()
    recipe.weights?.bits = 4
    recipe.weights?.rounding = .gptq
    var compressor = try Compressor(Plan(recipe, hasText: true))
    compressor.texts = [[UInt32]](repeating: text, count: 1000)
    compressor.memoryBytes = 3 << 20
    let tokens = 1000 * text.count
    let needed = tokens * most
    let refusal = explanation { _ = try compressor.prepare(model) }
    #expect(
      refusal
        == "\(tokens) tokens of calibration text need about \(needed >> 20) MB of memory, and this"
        + " machine has 3; give fewer or shorter texts")
  }

  @Test("a pattern that names nothing is refused")
  func patterns() {
    expect(
      "the recipe cannot be followed: no linear matches overrides' sites 'layer.7.*'; "
        + "`mbq inspect` lists the sites, such as 'embeddings.transformation'"
    ) {
      $0.overrides = [.init(sites: "layer.*", bits: 4), .init(sites: "layer.7.*")]
    }
    expect("no linear matches activations.int16 '*.fnn.*'") {
      $0.activations = .init()
      $0.activations?.int16 = ["layer.0.*", "*.fnn.*"]
    }
  }

  @Test("bits and shares that do not go together are refused")
  func combinations() {
    expect(
      "its weights have 32 bits and its embeddings 4; a model of 32 bits has them throughout"
    ) {
      $0.weights?.bits = 32
      $0.embeddings = .init()
      $0.embeddings?.bits = 4
    }
    expect("its weights have 8 bits and its overrides' 'layer.0.*' 16; beside weights of 8 bits") {
      $0.overrides = [.init(sites: "layer.0.*", bits: 16)]
    }
    expect("it puts activations on grids beside weights of 16 bits") {
      $0.weights?.bits = 16
      $0.activations = .init()
      $0.activations?.int16 = ["*"]
    }
    expect("it prunes 2:4, which is half of the weights, and asks for 0.3 of them; leave") {
      $0.prune = .init()
      $0.prune?.pattern = .twoOfFour
      $0.prune?.sparsity = 0.3
    }
    expect("the first 3 layers are to be kept; allowed: 1 to 2, the layers there are") {
      $0.keepLayers = .first(3)
    }
  }

  @Test("the default is what packing alone does, where nothing is scaled")
  func nothing() throws {
    let (checkpoint, model) = try workingModel("mobilebert", "standard")
    var recipe = Recipe()
    recipe.equalize = false
    let compressed = try Compressor(Plan(recipe)).compress(checkpoint).model
    let packed = try Packer(checkpoint, precision: .int8, model: compressed).pack()
    var plain = Packer(checkpoint, precision: .int8, model: model.folded())
    plain.recipe = nil
    #expect(try plain.pack().bytes == packed.bytes)
  }

  @Test("4-bit overrides of 8-bit models search their scales as 4-bit models do")
  func overrides() throws {
    let all = try compress(0) { $0.weights?.bits = 4 }.model
    let some = try compress(0) { $0.overrides = [.init(sites: "layer.0.*", bits: 4)] }.model
    var compared = 0
    for step in some.graph.steps {
      guard case .linear(let o) = step.operation, step.site.layer == 0 else { continue }
      #expect(some.rounded[o.weight]?.scheme.bits == 4)
      #expect(some.values[o.weight] == all.values[o.weight])
      compared += 1
    }
    #expect(compared > 5)
  }

  @Test("rounding to 4 bits by GPTQ and 2:4 pruning do what they say, and logits stay close")
  func close() throws {
    let (_, working) = try workingModel("example", "tiny-news")
    let truth = ModelRunner(working.folded())
    // Articles: of random tokens a few hundred say little about others.
    let articles = try LogitGolden.read(
      Repository.root.appendingPathComponent("Examples/tiny-news/golden.jsonl")
    ).map(\.inputIds)
    let fresh = Array(articles.suffix(30))
    func difference(_ change: (inout Recipe) -> Void) throws -> (Double, CompressionReport) {
      var recipe = Recipe()
      recipe.weights = .init()
      // It is the rounding that is looked at.
      recipe.equalize = false
      recipe.embeddings = .init()
      recipe.embeddings?.bits = 8
      change(&recipe)
      var compressor = try Compressor(Plan(recipe, hasText: true))
      compressor.texts = Array(articles.prefix(30))
      let (model, report) = try compressor.compress(working)
      let runner = ModelRunner(model)
      runner.usesIntegerAttention = true
      let pairs = zip(runner.logits(fresh), truth.logits(fresh))
      return (pairs.reduce(0) { $0 + Double(abs($1.0 - $1.1)) }, report)
    }
    let (nearest, _) = try difference {
      $0.weights?.bits = 3
      $0.weights?.rounding = .nearest
      $0.biasCorrection = false

    }
    let (gptq, report) = try difference {
      $0.weights?.bits = 3
      $0.weights?.rounding = .gptq
    }
    #expect(gptq < nearest, "\(gptq), \(nearest)")
    #expect(report.rounded.contains { $0.name == "layer.0.ffn.0.up" && $0.bits == 3 })
    #expect(report.rounded.filter { $0.relativeError == nil }.allSatisfy { $0.bits == 8 })
    let (_, pruned) = try difference {
      $0.prune = .init()
      $0.prune?.method = .sparseGPT
      $0.prune?.pattern = .twoOfFour

    }
    let sparse = pruned.rounded.filter { $0.relativeError != nil }
    #expect(sparse.count > 50)
    #expect(sparse.allSatisfy { $0.sparsity >= 0.5 && ($0.relativeError ?? 1) < 1 })
  }

  @Test("one token of calibration text is enough for a model that runs")
  func oneToken() throws {
    let (checkpoint, model) = try workingModel("mobilebert", "standard")
    var recipe = Recipe()
    recipe.weights = .init()
    recipe.weights?.bits = 4
    recipe.weights?.rounding = .gptq

    recipe.prune = .init()
    recipe.prune?.method = .sparseGPT
    recipe.prune?.sparsity = 0.5

    recipe.activations = .init()
    recipe.activations?.scheme = .isStatic
    var compressor = try Compressor(Plan(recipe, hasText: true))
    compressor.texts = [[1]]
    let compressed = try compressor.compress(model).model
    _ = try Packer(checkpoint, precision: .int8, model: compressed).pack()
  }

  @Test("hidden states and weights that overflow are named")
  func overflow() throws {
    let (_, model) = try workingModel("mobilebert", "standard")
    var recipe = Recipe()
    recipe.weights = .init()
    recipe.weights?.bits = 4
    recipe.weights?.rounding = .gptq

    var compressor = try Compressor(Plan(recipe, hasText: true))
    compressor.texts = someTexts(4, vocabulary: model.tokenizer.pieces.count)
    var hot = model.folded()
    for step in hot.graph.steps {
      guard case .linear(let o) = step.operation, let norm = o.norm else { continue }
      hot.values[norm.gamma] = hot.values[norm.gamma].map { $0 * 1e30 }
    }
    do {
      _ = try compressor.compress(hot)
      Issue.record("nothing was refused")
    } catch .calibration(let site, let problem, _) {
      #expect(site.hasPrefix("layer.0."))
      #expect(problem == "its inputs are not all finite on the calibration text")
    }
    var infinite = model.folded()
    guard
      case .linear(let first)? = infinite.graph.steps.first(where: { $0.site.layer == 0 })?
        .operation
    else { return }
    infinite.values[first.weight][0] = .infinity
    #expect(throws: QuantizerError.self) { try Compressor(Plan(Recipe())).compress(infinite) }
  }

  @Test("threads do not change a bit")
  func threads() throws {
    let (_, model) = try workingModel("mobilebert", "standard")
    var recipe = Recipe()
    recipe.weights = .init()
    recipe.weights?.bits = 4
    recipe.weights?.rounding = .gptq

    recipe.prune = .init()
    recipe.prune?.method = .sparseGPT
    recipe.prune?.sparsity = 0.5

    recipe.activations = .init()
    recipe.activations?.scheme = .isStatic
    recipe.recover = .init()
    recipe.recover?.affine = true
    let pool = ThreadPool(workerCount: 4)
    let results = try [Parallel.serial, pool.parallel].map { parallel in
      var compressor = try Compressor(Plan(recipe, hasText: true), parallel: parallel)
      compressor.texts = someTexts(40, vocabulary: model.tokenizer.pieces.count)
      return try compressor.compress(model).model
    }
    #expect(results[0].values == results[1].values)
    #expect(results[0].graph == results[1].graph)
    withExtendedLifetime(pool) {}
  }
}
