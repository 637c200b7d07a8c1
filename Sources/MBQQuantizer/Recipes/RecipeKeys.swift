import MBQCheckpoints
import Yams

/// A key a recipe may have.
struct RecipeKey: Sendable {
  enum Place: Sendable {
    case recipe(
      read: @Sendable (Node, inout Recipe) throws(RecipeRefusal) -> Void,
      overlay: @Sendable (inout Recipe, Recipe) -> Void)
    /// Of an element of `overrides`.
    case override(read: @Sendable (Node, inout Recipe.Override) throws(RecipeRefusal) -> Void)
  }

  /// With its group, such as `weights.bits`.
  let path: String
  /// The values allowed, as the table of keys shows them.
  let allowed: String
  let meaning: String
  let place: Place

  private init<Value>(
    _ path: String, _ kind: RecipeKind<Value>,
    _ property: any WritableKeyPath<Recipe, Value?> & Sendable, _ meaning: String
  ) {
    (self.path, allowed, self.meaning) = (path, kind.allowed, meaning)
    place = .recipe(
      read: { node, recipe throws(RecipeRefusal) in
        recipe[keyPath: property] = try kind.read(node)
      },
      overlay: { recipe, other in
        if let value = other[keyPath: property] { recipe[keyPath: property] = value }
      })
  }

  private init<Value>(
    override path: String, _ kind: RecipeKind<Value>,
    _ property: any WritableKeyPath<Recipe.Override, Value?> & Sendable, _ meaning: String
  ) {
    (self.path, allowed, self.meaning) = ("overrides." + path, kind.allowed, meaning)
    place = .override(read: { node, override throws(RecipeRefusal) in
      override[keyPath: property] = try kind.read(node)
    })
  }
}

extension RecipeKey {
  /// Every key, in the order they are listed: reading, laying one recipe over another, suggestions for
  /// unknown keys and the table of Calibration/recipes/README.md follow from here.
  static let all: [RecipeKey] = [
    .init("description", .text, \.description, "what the recipe is for"),
    .init(
      "keep-layers", .layers, \.keepLayers, "the first so many layers, or these (from 0, rising)"),
    .init("equalize", .flag, \.equalize, "rescale channels, exactly, so that fewer stand out"),
    .init(
      "prune.method", .choice(), \.prune.group.method,
      "how the weights that become 0 are chosen"),
    .init(
      "prune.sparsity", .number(Recipe.sparsityAllowed), \.prune.group.sparsity,
      "the share of them; half, if a method or pattern stands alone"),
    .init(
      "prune.pattern", .choice(), \.prune.group.pattern, "where they may stand (quote `\"2:4\"`)"),
    .init(
      "prune.drop-heads", .integer(Recipe.partsAllowed), \.prune.group.dropHeads,
      "attention heads left out in each layer"),
    .init(
      "prune.drop-stacks", .integer(Recipe.partsAllowed), \.prune.group.dropStacks,
      "feed-forward networks left out in each layer"),
    .init(
      "weights.bits", .integer(among: Recipe.bitsAllowed), \.weights.group.bits, "bits of a weight"),
    .init(
      "weights.group", .integer(among: Recipe.groupsAllowed), \.weights.group.group,
      "weights of a row with one scale; 4 bits and fewer"),
    .init(
      "weights.rounding", .choice(), \.weights.group.rounding,
      "how weights find their place on the grid"),
    .init(
      "weights.zero-point", .flag, \.weights.group.zeroPoint, "a grid that need not be symmetric"),
    .init(
      "embeddings.bits", .integer(among: Recipe.bitsAllowed), \.embeddings.group.bits,
      "bits of a number in the word table"),
    .init(
      "embeddings.group", .integer(among: Recipe.groupsAllowed), \.embeddings.group.group,
      "as for weights"),
    .init("embeddings.rounding", .choice(), \.embeddings.group.rounding, "as for weights"),
    .init(
      "activations.scheme", .choice(), \.activations.group.scheme,
      "a scale for each token, or one for each input"),
    .init(
      "activations.observer", .name(among: Observers.names), \.activations.group.observer,
      "how a static range is chosen"),
    .init("activations.int16", .patterns, \.activations.group.int16, "inputs with 16 bits"),
    .init(
      override: "sites", .pattern, \.pattern,
      "the sites that have other bits; the last match counts"),
    .init(override: "bits", .integer(among: Recipe.bitsAllowed), \.bits, "as for weights"),
    .init(override: "group", .integer(among: Recipe.groupsAllowed), \.group, "as for weights"),
    .init(
      "bias-correction", .flag, \.biasCorrection,
      "undo in biases what rounding changed of the outputs' means"),
    .init(
      "recover.affine", .flag, \.recover.group.affine,
      "fit scales and biases to the whole model's hidden states"),
    .init(
      "recover.linears", .flag, \.recover.group.linears,
      "fit weights, too, where layers, heads or networks are left out"),
    .init(
      "vocabulary.keep-used", .flag, \.vocabulary.group.keepUsed,
      "drop pieces no calibration text has"),
    .init("compress", .flag, \.compress, "store weights compressed"),
    .init(
      "calibration.texts", .integer(CalibrationOptions.textsAllowed), \.calibration.group.texts,
      "texts drawn"),
    .init(
      "calibration.max-tokens", .integer(CalibrationOptions.maximumTokensAllowed),
      \.calibration.group.maxTokens, "cut to this many tokens"),
    .init(
      "calibration.seed", .integer(Recipe.seedsAllowed), \.calibration.group.seed,
      "starts the draw"),
  ]

  static func at(_ path: String) -> RecipeKey? { all.first { $0.path == path } }

  /// The names allowed in a group, or in the recipe itself for an empty one; nil if it is no group.
  static func names(in group: String) -> [String]? {
    var names: [String] = []
    for key in all {
      let parts = key.path.split(separator: ".").map(String.init)
      let name = group.isEmpty ? parts[0] : parts.count == 2 && parts[0] == group ? parts[1] : nil
      if let name, name != names.last { names.append(name) }
    }
    return names.isEmpty ? nil : names
  }

  /// Every key that is not known, in the order of the file, and those allowed where the first one is.
  static func unknown(in root: Node) -> (keys: [RecipeError.UnknownKey], allowed: [String]) {
    var unknown: [RecipeError.UnknownKey] = []
    var allowed: [String] = []
    func visit(_ node: Node, _ group: String) {
      guard let known = names(in: group) else { return }
      if case .sequence(let elements) = node, group == "overrides" {
        for element in elements { visit(element, group) }
        return
      }
      guard case .mapping(let mapping) = node else { return }
      for (key, value) in mapping {
        let name = key.scalar?.string ?? "?"
        if known.contains(name) {
          if group.isEmpty { visit(value, name) }
          continue
        }
        if unknown.isEmpty { allowed = known }
        // A key that belongs one level down or up is worth more than one that is spelt alike.
        let isOfRoot = names(in: "")?.contains(name) == true
        let elsewhere = isOfRoot ? name : all.first { $0.path.hasSuffix(".\(name)") }?.path
        unknown.append(
          .init(
            path: group.isEmpty ? name : "\(group).\(name)", line: key.mark?.line ?? 0,
            nearest: nearestKey(to: name, among: known) ?? elsewhere))
      }
    }
    visit(root, "")
    return (unknown, allowed)
  }

  /// The table of keys in Markdown, as Calibration/recipes/README.md has it.
  static var table: String {
    (["| key | allowed | meaning |", "| --- | --- | --- |"]
      + all.map { "| `\($0.path)` | \($0.allowed) | \($0.meaning) |" }).joined(separator: "\n")
  }
}

extension Recipe {
  /// This recipe with everything that `other` says in its place: a file's, changed by options.
  ///
  /// Overrides of both count, the other's last.
  public func overlaid(by other: Recipe) -> Recipe {
    var result = self
    for key in RecipeKey.all {
      switch key.place {
      case .recipe(_, let overlay): overlay(&result, other)
      case .override: break
      }
    }
    if let others = other.overrides { result.overrides = (overrides ?? []) + others }
    return result
  }
}

/// A part of a recipe that comes to be when something is said in it.
protocol RecipeGroup { init() }

extension Recipe.Prune: RecipeGroup {}
extension Recipe.Weights: RecipeGroup {}
extension Recipe.Embeddings: RecipeGroup {}
extension Recipe.Activations: RecipeGroup {}
extension Recipe.Recover: RecipeGroup {}
extension Recipe.Vocabulary: RecipeGroup {}
extension Recipe.Calibration: RecipeGroup {}

extension Optional where Wrapped: RecipeGroup {
  fileprivate var group: Wrapped {
    get { self ?? .init() }
    set { self = newValue }
  }
}

extension Recipe.Override {
  fileprivate var pattern: String? {
    get { sites.isEmpty ? nil : sites }
    set { sites = newValue ?? "" }
  }
}
