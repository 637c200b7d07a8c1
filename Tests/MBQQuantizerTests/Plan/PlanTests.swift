import MBQCore
import MBQTestSupport
import Testing

@testable import MBQQuantizer

@Suite("Plans")
struct PlanTests {
  private static func plan(
    _ yaml: String, _ hasText: Bool = true, mixesBits: Bool = false
  ) throws -> Plan {
    try Plan(RecipeReader.read(yaml, file: "r.yaml"), hasText: hasText, mixesBits: mixesBits)
  }

  private static func refusal(
    _ yaml: String, _ hasText: Bool = false, mixesBits: Bool = false
  ) -> String {
    explanation { _ = try plan(yaml, hasText, mixesBits: mixesBits) }
  }

  @Test("of a recipe that says nothing are those of 8 bits a channel, a token, and no text")
  func nothing() throws {
    for hasText in [false, true] {
      let plan = try Plan(Recipe(), hasText: hasText)
      #expect(plan.weights.bits == 8 && plan.weights.rounding == .nearest)
      #expect(plan.embeddings.bits == 8 && plan.embeddings.rounding == .nearest)
      #expect(plan.activations.scheme == .perToken && !plan.prunes && !plan.compresses)
      #expect(plan.structure.layers == .all && plan.structure.recovery == .nothing)
      #expect(plan.structure.equalization == .perTokenGrids)
      #expect(plan.summary == "int8 weights per output channel, int8 activations per token")
    }
  }

  @Test(
    "round by what text there is",
    arguments: [
      (8, false, RoundingMethod.nearest, 8, RoundingMethod.nearest),
      (8, true, .nearest, 8, .nearest),
      (4, false, .mse, 4, .gptq), (4, true, .gptq, 4, .gptq),
      (3, false, .mse, 3, .gptq), (2, true, .gptq, 3, .gptq),
      (16, true, .nearest, 16, .nearest),
    ])
  func rounding(
    bits: Int, hasText: Bool, expected: RoundingMethod, table: Int, tableRounding: RoundingMethod
  ) throws {
    let plan = try Self.plan("weights: {bits: \(bits)}", hasText)
    #expect(plan.weights.rounding == expected)
    #expect(plan.embeddings.bits == table && plan.embeddings.rounding == tableRounding)
    #expect(!plan.compresses)
    let said = try Self.plan("weights: {bits: \(bits), rounding: nearest}", hasText)
    #expect(said.weights.rounding == .nearest)
  }

  @Test("round the sites of overrides by their own bits")
  func overrides() throws {
    let recipe = "overrides: [{sites: a, bits: 4}, {sites: b}]"
    #expect(try Self.plan(recipe, false).overrides.map(\.rounding) == [.mse, .nearest])
    #expect(try Self.plan(recipe, true).overrides.map(\.rounding) == [.gptq, .nearest])
    #expect(try Self.plan(recipe).overrides.map(\.bits) == [4, 8])
    let named =
      "weights: {bits: 4, group: 32, rounding: gptq}\n" + "overrides: [{sites: a, bits: 8}]"
    #expect(try Self.plan(named).overrides.map(\.rounding) == [.gptq])
    #expect(try Self.plan(named).overrides.map(\.group) == [32])
  }

  @Test("prune half where a share is not said, and by what text there is")
  func pruning() throws {
    #expect(
      try Self.plan("prune: {method: wanda}").pruning == .init(method: .wanda, sparsity: 0.5))
    #expect(
      try Self.plan("prune: {pattern: \"2:4\"}", false).pruning
        == .init(method: .magnitude, sparsity: 0.5, pattern: .twoOfFour))
    #expect(
      try Self.plan("prune: {sparsity: 0.3}", true).pruning
        == .init(method: .sparseGPT, sparsity: 0.3))
    #expect(try Self.plan("prune: {sparsity: 0.3}").compresses)
    #expect(try !Self.plan("{prune: {sparsity: 0.3}, compress: false}").compresses)
    #expect(try !Self.plan("prune: {method: wanda, sparsity: 0}", false).prunes)
    #expect(try !Self.plan("prune: {drop-heads: 1}").prunes)
  }

  @Test("fit what is left of a cut model, with text, unless a recipe says otherwise")
  func recovery() throws {
    let cuts = ["keep-layers: 2", "prune: {drop-heads: 1}", "prune: {drop-stacks: 1}"]
    for cut in cuts {
      #expect(try Self.plan(cut).structure.recovery == .linears)
      #expect(try !Self.plan(cut).recoversRounding)
      #expect(try Self.plan(cut + "\nrecover: {linears: false}").structure.recovery == .nothing)
    }
    #expect(try Self.plan("keep-layers: 2", false).structure.recovery == .nothing)
    #expect(try Self.plan("recover: {affine: true}").structure.recovery == .linears)
    #expect(try Self.plan("recover: {affine: true}").recoversRounding)
    #expect(
      try Self.plan("recover: {affine: true, linears: false}").structure.recovery == .affine)
  }

  @Test("equalize for the grids there are, and not where there are none")
  func equalization() throws {
    #expect(
      try Self.plan("activations: {scheme: static}").structure.equalization == .staticGrids)
    #expect(try Self.plan("equalize: false").structure.equalization == .none)
    for bits in [16, 32] {
      #expect(try Self.plan("weights: {bits: \(bits)}").structure.equalization == .none)
    }
  }

  @Test("that mix bits compress, with tables of 4 bits and GPTQ where nothing is said")
  func mixing() throws {
    let plan = try Self.plan("compress: false", mixesBits: true)
    #expect(plan.compresses && plan.embeddings.bits == 4 && plan.weights.rounding == .gptq)
    let said = try Self.plan(
      "{weights: {rounding: mse}, embeddings: {bits: 8}, overrides: [{sites: a, bits: 3}]}",
      mixesBits: true)
    #expect(said.embeddings.bits == 8 && said.weights.rounding == .mse)
    let mixed = said.mixed([.init(site: "b", bits: 2)])
    #expect(mixed.overrides.map(\.sites) == ["b", "a"])
    #expect(mixed.overrides.map(\.bits) == [2, 3])
    #expect(mixed.overrides.map(\.rounding) == [.mse, .mse])
    #expect(mixed.structure == said.structure)
    #expect(
      Self.refusal("", mixesBits: true)
        == "the recipe cannot be followed: it asks for bits chosen for a target size, which needs "
        + "calibration text; give some; no labels are needed")
    #expect(
      Self.refusal("weights: {bits: 16}", true, mixesBits: true)
        == "the recipe cannot be followed: it has weights of 16 bits, and bits are to be chosen for "
        + "a target size; leave out bits or target size")
  }

  @Test("refuse a program's values as the reader refuses a file's")
  func ranges() {
    func refusal(_ change: (inout Recipe) -> Void) -> String {
      var recipe = Recipe()
      recipe.weights = .init()
      recipe.embeddings = .init()
      recipe.prune = .init()
      recipe.activations = .init()
      recipe.calibration = .init()
      change(&recipe)
      return explanation { _ = try Plan(recipe, hasText: true) }
    }
    let bits = "allowed: 2, 3, 4, 8, 16, 32"
    #expect(refusal { $0.weights?.bits = 5 } == "bits is 5; \(bits)")
    #expect(refusal { $0.embeddings?.bits = 9 } == "embedding bits is 9; \(bits)")
    #expect(refusal { $0.overrides = [.init(sites: "*", bits: 7)] } == "bits is 7; \(bits)")
    #expect(refusal { $0.weights?.group = 48 } == "group size is 48; allowed: 32, 64, 128")
    #expect(refusal { $0.embeddings?.group = 0 } == "group size is 0; allowed: 32, 64, 128")
    for share in [1, -0.1, .nan] {
      #expect(refusal { $0.prune?.sparsity = share } == "sparsity is \(share); allowed: 0 to 0.95")
    }
    for count in [-1, 0] {
      #expect(
        refusal { $0.keepLayers = .first(count) }
          == "number of layers to keep is \(count); allowed: 1 and more")
    }
    #expect(
      refusal { $0.activations?.observer = "max" }
        == "observer is 'max'; allowed: min-max, percentile, mse, entropy")
    #expect(
      refusal { $0.calibration?.texts = 0 }
        == "number of calibration texts is 0; allowed: 1 to 1000000")
    #expect(refusal { $0.calibration?.seed = -1 } == "seed is -1; allowed: 0 to 2147483647")
  }

  @Test("are said in a line")
  func summaries() throws {
    let expected = [
      ("weights: {bits: 32}", "fp32 weights, fp32 arithmetic"),
      ("weights: {bits: 16}", "fp16 weights, fp32 arithmetic"),
      ("weights: {bits: 4}", "int4 weights per group of 64, gptq, int8 activations per token"),
      (
        "{keep-layers: [0, 3], prune: {sparsity: 0.25}, weights: {bits: 3, group: 32}}",
        "layers 0 3, 25 % zeros (sparsegpt, unstructured), int3 weights per group of 32, gptq, "
          + "int8 activations per token"
      ),
      (
        "{overrides: [{sites: a, bits: 2}], activations: {scheme: static}}",
        "int2 to int8 weights, groups of 64, static int8 activations"
      ),
      (
        "{keep-layers: 3, weights: {rounding: mse}}",
        "first 3 layers, int8 weights per output channel, mse, int8 activations per token"
      ),
    ]
    for (recipe, summary) in expected { #expect(try Self.plan(recipe).summary == summary) }
    #expect(
      try Self.plan("weights: {bits: 4}", false).summary
        == "int4 weights per group of 64, int8 activations per token")
  }
}

@Suite("Recipes laid over recipes")
struct OverlayTests {
  private static func read(_ yaml: String) throws -> Recipe {
    try RecipeReader.read(yaml, file: "r.yaml")
  }

  private static let everything = """
    description: d
    keep-layers: [0, 2]
    equalize: false
    prune: {method: wanda, sparsity: 0.25, pattern: 4-block, drop-heads: 1, drop-stacks: 2}
    weights: {bits: 4, group: 32, rounding: mse, zero-point: true}
    embeddings: {bits: 3, group: 128, rounding: nearest}
    activations: {scheme: static, observer: entropy, int16: [a]}
    overrides: [{sites: b, bits: 2}]
    bias-correction: true
    recover: {affine: true, linears: false}
    vocabulary: {keep-used: true}
    compress: false
    calibration: {texts: 9, max-tokens: 8, seed: 7}
    """

  @Test("nothing over everything, and everything over nothing, are everything")
  func neutral() throws {
    let all = try Self.read(Self.everything)
    #expect(all.overlaid(by: Recipe()) == all)
    #expect(Recipe().overlaid(by: all) == all)
    // Empty groups are as good as none.
    var empty = Recipe()
    (empty.weights, empty.prune, empty.recover) = (.init(), .init(), .init())
    #expect(all.overlaid(by: empty) == all)
  }

  @Test("what the upper one says stands, and the rest of the lower one stays")
  func parts() throws {
    let all = try Self.read(Self.everything)
    let other = try Self.read(
      """
      description: e
      keep-layers: 1
      equalize: true
      prune: {method: magnitude, sparsity: 0.5, pattern: unstructured, drop-heads: 3, drop-stacks: 4}
      weights: {bits: 3, group: 64, rounding: gptq, zero-point: false}
      embeddings: {bits: 4, group: 32, rounding: gptq}
      activations: {scheme: per-token, observer: mse, int16: [c]}
      bias-correction: false
      recover: {affine: false, linears: true}
      vocabulary: {keep-used: false}
      compress: true
      calibration: {texts: 1, max-tokens: 3, seed: 2}
      """)
    var expected = other
    expected.overrides = all.overrides
    #expect(all.overlaid(by: other) == expected)
    let bits = all.overlaid(by: try Self.read("weights: {bits: 2}"))
    var changed = all
    changed.weights?.bits = 2
    #expect(bits == changed)
    let more = all.overlaid(by: try Self.read("overrides: [{sites: z}]"))
    #expect(more.overrides?.map(\.sites) == ["b", "z"])
  }
}
