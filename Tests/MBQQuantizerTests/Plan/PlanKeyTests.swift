import MBQTestSupport
import Testing

@testable import MBQQuantizer

/// Results kept between runs are used again under a key: whatever a plan says must change it.
@Suite("Keys of kept results")
struct PlanKeyTests {
  /// A change of each stored property, by its path.
  private static let changes: [(path: String, change: @Sendable (inout Plan) -> Void)] = [
    ("structure.layers", { $0.structure.layers = .first(3) }),
    ("structure.droppedHeads", { $0.structure.droppedHeads += 1 }),
    ("structure.droppedStacks", { $0.structure.droppedStacks += 1 }),
    ("structure.keepsUsedPieces", { $0.structure.keepsUsedPieces.toggle() }),
    ("structure.recovery", { $0.structure.recovery = .affine }),
    ("structure.equalization", { $0.structure.equalization = .staticGrids }),
    ("weights.bits", { $0.weights.bits = 4 }),
    ("weights.group", { $0.weights.group = 32 }),
    ("weights.rounding", { $0.weights.rounding = .mse }),
    ("weights.zeroPoint", { $0.weights.zeroPoint.toggle() }),
    ("embeddings.bits", { $0.embeddings.bits = 4 }),
    ("embeddings.group", { $0.embeddings.group = 32 }),
    ("embeddings.rounding", { $0.embeddings.rounding = .mse }),
    ("overrides.sites", { $0.overrides[0].sites = "layer.1.*" }),
    ("overrides.bits", { $0.overrides[0].bits = 3 }),
    ("overrides.group", { $0.overrides[0].group = 32 }),
    ("overrides.rounding", { $0.overrides[0].rounding = .mse }),
    ("activations.scheme", { $0.activations.scheme = .isStatic }),
    ("activations.observer", { $0.activations.observer = "entropy" }),
    ("activations.int16", { $0.activations.int16 = ["*.down"] }),
    ("pruning.method", { $0.pruning.method = .wanda }),
    ("pruning.sparsity", { $0.pruning.sparsity = 0.3 }),
    ("pruning.pattern", { $0.pruning.pattern = .blocksOfFour }),
    ("biasCorrection", { $0.biasCorrection = .nowhere }),
    ("recoversRounding", { $0.recoversRounding.toggle() }),
    ("compresses", { $0.compresses.toggle() }),
    ("calibration.texts", { $0.calibration.texts += 1 }),
    ("calibration.maximumTokens", { $0.calibration.maximumTokens += 1 }),
    ("calibration.seed", { $0.calibration.seed += 1 }),
    ("hasText", { $0.hasText.toggle() }),
  ]

  private static func plan() throws -> Plan {
    var recipe = Recipe()
    recipe.overrides = [.init(sites: "layer.0.*", bits: 4)]
    return try Plan(recipe, hasText: true)
  }

  /// The paths of what has no properties of its own; a list's are those of its elements.
  private static func leaves(_ value: Any, _ path: String = "") -> Set<String> {
    let mirror = Mirror(reflecting: value)
    switch mirror.displayStyle {
    case .struct where !mirror.children.isEmpty:
      return mirror.children.reduce(into: []) { found, child in
        let name = child.label ?? ""
        found.formUnion(leaves(child.value, path.isEmpty ? name : "\(path).\(name)"))
      }
    case .collection
    where mirror.children.contains { Mirror(reflecting: $0.value).displayStyle == .struct }:
      return mirror.children.reduce(into: []) { found, child in
        // A string is a struct that shows nothing inside.
        found.formUnion(leaves(child.value, path))
      }
    default: return [path]
    }
  }

  @Test("every property of a plan is changed below")
  func complete() throws {
    #expect(Self.leaves(try Self.plan()) == Set(Self.changes.map(\.path)))
  }

  @Test("every property of a plan changes its key, and no two alike")
  func keys() throws {
    let plan = try Self.plan()
    var keys = [plan.key: "nothing"]
    for (path, change) in Self.changes {
      var other = plan
      change(&other)
      #expect(other != plan, "\(path)")
      #expect(keys[other.key] == nil, "\(path) gives the key of \(keys[other.key] ?? "")")
      keys[other.key] = path
    }
    #expect(try Self.plan().key == plan.key)
  }

  @Test("what preparing reads changes the structure's key, and nothing else does")
  func structures() throws {
    let plan = try Self.plan()
    for (path, change) in Self.changes {
      var other = plan
      change(&other)
      let isStructure = path.hasPrefix("structure.")
      #expect((other.structure.key != plan.structure.key) == isStructure, "\(path)")
    }
  }

  @Test("figures measured for per-token activations are not those for static ones")
  func activations() throws {
    var recipe = Recipe()
    let perToken = try Plan(recipe, hasText: true)
    recipe.activations = .init()
    recipe.activations?.scheme = .isStatic
    let fixed = try Plan(recipe, hasText: true)
    #expect(perToken.structure.key != fixed.structure.key)
    // Where nothing is equalized, they are.
    recipe.equalize = false
    let plain = try Plan(recipe, hasText: true)
    recipe.activations?.scheme = .perToken
    #expect(try Plan(recipe, hasText: true).structure.key == plain.structure.key)
  }

  @Test(
    "the file of sensitivities has another key for another structure, text, group and checkpoint")
  func sensitivities() throws {
    let (checkpoint, model) = try workingModel("mobilebert", "standard")
    func key(
      _ texts: [[UInt32]] = [[1, 2]], group: Int = 64, _ change: (inout Plan) -> Void = { _ in }
    ) throws -> SensitivityFile.Key {
      var plan = try Plan(Recipe(), hasText: true)
      change(&plan)
      let prepared = Compressor.Prepared(
        structure: plan.structure, model: model, texts: texts, report: .init())
      var analysis = SensitivityAnalysis(model, texts: texts)
      analysis.group = group
      return SensitivityFile.Key(
        prepared, CalibrationTexts(texts: texts, options: .init()), analysis, checkpoint)
    }
    let usual = try key()
    #expect(try key() == usual)
    #expect(try key([[1, 3]]) != usual)
    #expect(try key(group: 32) != usual)
    // What rounding depends on, the figures do not.
    #expect(try key { $0.weights.bits = 4 } == usual)
    for (path, change) in Self.changes where path.hasPrefix("structure.") {
      // The texts and overrides of `plan()` do not matter here.
      #expect(try key([[1, 2]], change) != usual, "\(path)")
    }
  }

  @Test("a search's base changes its key by all that recipes say, but for the description")
  func recipes() throws {
    var recipe = Recipe()
    let plain = recipe.key
    recipe.description = "another"
    #expect(recipe.key == plain)
    // `Plan` has both alike; a point with 4 bits does not.
    recipe.weights = .init()
    recipe.weights?.rounding = .nearest
    #expect(try Plan(recipe) == Plan(Recipe()))
    #expect(recipe.key != plain)
  }
}
