import MBQCheckpoints
import MBQCore
import MBQModel
import MBQQuantizer
import MBQReport
import MBQRuntime

/// Chooses each linear's bits for a target size from measured sensitivities.
struct MixedPrecision {
  let target: Int
  let checkpoint: Checkpoint
  let prepared: Compressor.Prepared
  let recipe: Recipe

  /// What each linear costs, measured or from the file at `path`.
  func sensitivities(
    _ drawn: CalibrationTexts?, _ path: String?, _ parallel: Parallel
  ) throws -> [SiteSensitivity] {
    guard var drawn else {
      throw CommandError.usage(
        "--target-size chooses bits by what they cost, which needs text: give some with --text")
    }
    // A quarter of the texts at half their length tell linears apart, in an eighth of the time.
    drawn.texts = prepared.texts.prefix(32).map { Array($0.prefix(64)) }
    let group = recipe.weights?.group ?? 64
    let name = URLName.last(checkpoint.weightsPath)
    let run = SensitivityRun(
      parallel: parallel, path: path ?? "\(name).sensitivity.json", group: group)
    return try run.run(
      prepared.model, drawn, checkpoint, structure: recipe.structureName
    ).sites
  }

  /// The recipe with an override a linear, for a file of `budget` bytes as far as can be foreseen.
  func recipe(_ sites: [SiteSensitivity], budget: Int) throws -> Recipe {
    var result = recipe
    result.compress = true
    if result.embeddings?.bits == nil {
      var embeddings = result.embeddings ?? .init()
      embeddings.bits = 4
      result.embeddings = embeddings
    }
    let group = recipe.weights?.group ?? 64
    let fixed = try fixedBytes()
    let (allocation, smallest) = BitAllocation.choose(
      sites, bits: [2, 3, 4, 8], group: group, budget: budget - fixed)
    guard let allocation else {
      throw QuantizerError.targetSize(bytes: target, smallest: smallest + fixed)
    }
    result.overrides =
      (recipe.overrides ?? [])
      + allocation.choices.map { .init(sites: $0.site, bits: $0.bits, group: group) }
    if result.weights?.rounding == nil { result.weights?.rounding = .gptq }
    return result
  }

  /// Bytes of everything but the linears' weights, found by packing with their weights zero.
  private func fixedBytes() throws -> Int {
    var recipe = recipe
    recipe.weights?.rounding = .nearest
    recipe.weights?.bits = 8
    recipe.overrides = nil
    recipe.prune = nil
    recipe.activations = nil
    recipe.recover = nil
    recipe.biasCorrection = false
    if recipe.embeddings?.bits == nil {
      var embeddings = recipe.embeddings ?? .init()
      embeddings.bits = 4
      recipe.embeddings = embeddings
    }
    var bare = prepared
    bare.texts = []
    for (index, tensor) in bare.model.graph.tensors.enumerated() where tensor.role == .weight {
      bare.model.values[index] = [Float](repeating: 0, count: bare.model.values[index].count)
    }
    let (model, _) = try Compressor(recipe).finish(bare)
    var packer = Packer(checkpoint, precision: .int8, model: model)
    packer.compressesWeights = true
    return try packer.pack().bytes.count
  }
}

enum URLName {
  /// The last component of a path, without its ending.
  static func last(_ path: String) -> String {
    let name = path.split(separator: "/").last ?? Substring(path)
    return String(name.split(separator: ".").first ?? name)
  }
}
