extension RecipeFields {
  /// The whole recipe, of the root.
  func recipe() throws(RecipeError) -> Recipe {
    var recipe = Recipe()
    recipe.description = try text("description")
    recipe.keepLayers = try keptLayers("keep-layers")
    recipe.equalize = try flag("equalize")
    recipe.prune = try fields("prune")?.prune()
    recipe.weights = try fields("weights")?.weights()
    recipe.embeddings = try fields("embeddings")?.embeddings()
    recipe.activations = try fields("activations")?.activations()
    recipe.overrides = try overrides()
    recipe.biasCorrection = try flag("bias-correction")
    if let fields = try fields("recover") {
      var recover = Recipe.Recover()
      recover.affine = try fields.flag("affine")
      recover.linears = try fields.flag("linears")
      recipe.recover = recover
    }
    if let fields = try fields("vocabulary") {
      var vocabulary = Recipe.Vocabulary()
      vocabulary.keepUsed = try fields.flag("keep-used")
      recipe.vocabulary = vocabulary
    }
    recipe.compress = try flag("compress")
    recipe.calibration = try fields("calibration")?.calibration()
    return recipe
  }

  private func prune() throws(RecipeError) -> Recipe.Prune {
    var prune = Recipe.Prune()
    prune.method = try choice("method", PruningOptions.Method.self)
    prune.sparsity = try number("sparsity", 0...0.95)
    prune.pattern = try choice("pattern", PruningOptions.Pattern.self)
    prune.dropHeads = try integer("drop-heads", 0...1000)
    prune.dropStacks = try integer("drop-stacks", 0...1000)
    return prune
  }

  private func weights() throws(RecipeError) -> Recipe.Weights {
    var weights = Recipe.Weights()
    (weights.bits, weights.group) = try bitsAndGroup()
    weights.rounding = try choice("rounding", RoundingMethod.self)
    weights.zeroPoint = try flag("zero-point")
    return weights
  }

  private func embeddings() throws(RecipeError) -> Recipe.Embeddings {
    var embeddings = Recipe.Embeddings()
    (embeddings.bits, embeddings.group) = try bitsAndGroup()
    embeddings.rounding = try choice("rounding", RoundingMethod.self)
    return embeddings
  }

  private func activations() throws(RecipeError) -> Recipe.Activations {
    var activations = Recipe.Activations()
    activations.scheme = try choice("scheme", Recipe.Activations.Scheme.self)
    activations.observer = try choice("observer", Observers.names)
    activations.int16 = try texts("int16")
    return activations
  }

  private func overrides() throws(RecipeError) -> [Recipe.Override]? {
    guard let list = try list("overrides") else { return nil }
    var overrides: [Recipe.Override] = []
    for fields in list {
      let (bits, group) = try fields.bitsAndGroup()
      overrides.append(
        Recipe.Override(sites: try fields.required("sites"), bits: bits, group: group))
    }
    return overrides
  }

  private func calibration() throws(RecipeError) -> Recipe.Calibration {
    var calibration = Recipe.Calibration()
    calibration.texts = try integer("texts", CalibrationOptions.textsAllowed)
    calibration.maxTokens = try integer("max-tokens", CalibrationOptions.maximumTokensAllowed)
    calibration.seed = try integer("seed", 0...Int(Int32.max))
    return calibration
  }
}
