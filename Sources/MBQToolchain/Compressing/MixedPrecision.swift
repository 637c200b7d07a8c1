import MBQCheckpoints
import MBQCore
import MBQModel
import MBQQuantizer

/// Chooses each linear's bits for a target size from measured sensitivities.
struct MixedPrecision {
  private let target: Int
  private let recipe: Recipe
  private let sites: [SiteSensitivity]
  /// Bytes of everything but the linears' weights.
  private let fixedBytes: Int

  init(
    target: Int, checkpoint: Checkpoint, prepared: Compressor.Prepared, recipe: Recipe,
    sites: [SiteSensitivity]
  ) throws {
    self.target = target
    self.sites = sites
    var recipe = recipe
    recipe.compress = true
    var embeddings = recipe.embeddings ?? .init()
    embeddings.bits = embeddings.bits ?? 4
    recipe.embeddings = embeddings
    var weights = recipe.weights ?? .init()
    weights.rounding = weights.rounding ?? .gptq
    recipe.weights = weights
    self.recipe = recipe
    fixedBytes = try Self.fixedBytes(checkpoint, prepared, embeddings)
  }

  /// The recipe with an override a linear, for a file of `budget` bytes as far as can be foreseen; what
  /// the recipe overrides itself stays.
  ///
  /// Refuses, with `QuantizerError.targetSize`, a budget nothing fits.
  func recipe(budget: Int) throws(QuantizerError) -> Recipe {
    let group = recipe.weights?.group ?? 64
    let (allocation, smallest) = BitAllocation.choose(
      sites, bits: SensitivityAnalysis.bits, group: group, budget: budget - fixedBytes)
    guard let allocation else {
      throw .targetSize(bytes: target, smallest: smallest + fixedBytes)
    }
    var result = recipe
    result.overrides =
      allocation.choices.map { .init(sites: $0.site, bits: $0.bits, group: group) }
      + (recipe.overrides ?? [])
    return result
  }

  /// Found by packing with the linears' weights zero, which take next to nothing then.
  private static func fixedBytes(
    _ checkpoint: Checkpoint, _ prepared: Compressor.Prepared, _ embeddings: Recipe.Embeddings
  ) throws -> Int {
    var recipe = Recipe()
    recipe.embeddings = embeddings
    var bare = prepared
    bare.texts = []
    for (index, tensor) in bare.model.graph.tensors.enumerated() where tensor.role == .weight {
      bare.model.values[index] = [Float](repeating: 0, count: bare.model.values[index].count)
    }
    let (model, _) = try Compressor(recipe).finish(bare)
    var packer = Packer(checkpoint, precision: .int8, model: model)
    packer.compressesWeights = true
    return try packer.pack(goldens: []).bytes.count
  }
}
