extension Plan {
  /// The plan a recipe makes: what it leaves open is decided here, and nowhere else.
  ///
  /// `hasText` says whether there is calibration text: GPTQ, SparseGPT and recovery need some. With
  /// `mixesBits`, bits are to be chosen linear by linear for a target size: the file is compressed, and
  /// where the recipe does not say otherwise, embeddings have 4 bits and weights are rounded by GPTQ.
  ///
  /// Refuses values out of range with `QuantizerError.setting`; with `QuantizerError.recipe` what needs
  /// text that is not there, and values that do not go together.
  public init(
    _ recipe: Recipe, hasText: Bool = false, mixesBits: Bool = false
  ) throws(QuantizerError) {
    try recipe.checkRanges()
    let bits = recipe.weights?.bits ?? 8
    let group = recipe.weights?.group ?? 64
    func rounding(_ own: Int) -> RoundingMethod {
      recipe.weights?.rounding ?? (mixesBits ? .gptq : .usual(own, beside: bits, hasText: hasText))
    }
    weights = Weights(
      bits: bits, group: group, rounding: rounding(bits),
      zeroPoint: recipe.weights?.zeroPoint ?? false)
    // A table of 2 bits saves little more and shows in every text.
    let tableBits = recipe.embeddings?.bits ?? (mixesBits ? 4 : max(bits, 3))
    // A table is rounded against the weights that read it: GPTQ needs no text there.
    embeddings = Embeddings(
      bits: tableBits, group: recipe.embeddings?.group ?? group,
      rounding: recipe.embeddings?.rounding ?? (tableBits <= 4 ? .gptq : .nearest))
    overrides = (recipe.overrides ?? []).map { other in
      Override(
        sites: other.sites, bits: other.bits ?? bits, group: other.group ?? group,
        rounding: rounding(other.bits ?? bits))
    }
    activations = Activations(
      scheme: recipe.activations?.scheme ?? .perToken,
      observer: recipe.activations?.observer ?? MSEObserver.name,
      int16: recipe.activations?.int16 ?? [])
    pruning = PruningOptions(recipe.prune, hasText: hasText)
    biasCorrection =
      switch recipe.biasCorrection {
      case nil: .whereCoarse
      case true?: .everywhere
      case false?: .nowhere
      }
    recoversRounding = recipe.recover?.affine ?? false
    compresses = mixesBits || recipe.compress ?? (pruning.sparsity > 0)
    calibration = CalibrationOptions(recipe.calibration)
    structure = Structure(recipe, bits: bits, hasText: hasText)
    self.hasText = hasText
    try check(recipe, mixesBits: mixesBits)
  }
}

extension Plan.Structure {
  fileprivate init(_ recipe: Recipe, bits: Int, hasText: Bool) {
    layers =
      switch recipe.keepLayers {
      case nil: .all
      case .first(let count)?: .first(count)
      case .listed(let kept)?: .listed(kept)
      }
    droppedHeads = recipe.prune?.dropHeads ?? 0
    droppedStacks = recipe.prune?.dropStacks ?? 0
    keepsUsedPieces = recipe.vocabulary?.keepUsed ?? false
    let isCut = layers != .all || droppedHeads + droppedStacks > 0
    let affine = recipe.recover?.affine ?? false
    // With text, what is left of a cut model is fitted to the whole.
    let linears = recipe.recover?.linears ?? (affine || isCut && hasText)
    recovery = linears ? .linears : affine ? .affine : .nothing
    if bits <= 8, recipe.equalize ?? true {
      switch recipe.activations?.scheme {
      case nil, .perToken: equalization = .perTokenGrids
      case .isStatic: equalization = .staticGrids
      }
    } else {
      equalization = .none
    }
  }
}

extension PruningOptions {
  /// None of the weights become zero.
  static let none = PruningOptions(method: .magnitude, sparsity: 0)

  /// A method or a pattern alone asks for half of the weights.
  fileprivate init(_ recipe: Recipe.Prune?, hasText: Bool) {
    let isAsked = recipe?.method != nil || recipe?.pattern != nil
    let sparsity = recipe?.sparsity ?? (isAsked ? 0.5 : 0)
    guard sparsity > 0 else {
      self = .none
      return
    }
    self.init(
      method: recipe?.method ?? (hasText ? .sparseGPT : .magnitude), sparsity: sparsity,
      pattern: recipe?.pattern ?? .unstructured)
  }
}

extension RoundingMethod {
  /// How weights of `bits` are rounded in a model whose other weights have `others`.
  fileprivate static func usual(_ bits: Int, beside others: Int, hasText: Bool) -> RoundingMethod {
    if hasText, min(bits, others) <= 4 { return .gptq }
    return bits <= 4 ? .mse : .nearest
  }
}

extension CalibrationOptions {
  fileprivate init(_ recipe: Recipe.Calibration?) {
    self.init()
    if let texts = recipe?.texts { self.texts = texts }
    if let maximumTokens = recipe?.maxTokens { self.maximumTokens = maximumTokens }
    if let seed = recipe?.seed { self.seed = UInt64(seed) }
  }
}
