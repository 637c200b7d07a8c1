extension Recipe {
  /// The recipe with what it leaves open chosen for 4 bits and fewer, zeros and fewer layers.
  ///
  /// With calibration text, weights of few bits are rounded by GPTQ, zeros are chosen by SparseGPT, and
  /// what fewer layers leave is fitted to the whole model. Few levels and zeros are stored compressed.
  public func resolved(hasText: Bool) -> Recipe {
    var result = self
    var weights = weights ?? .init()
    if weights.rounding == nil, (weights.bits ?? 8) <= 4, hasText { weights.rounding = .gptq }
    result.weights = weights
    result.embeddings = embeddings ?? .init()
    result.activations = activations ?? .init()
    result.calibration = calibration ?? .init()
    if compress == nil, (weights.bits ?? 8) < 4 || prune?.sparsity != nil {
      result.compress = true
    }
    return result
  }
}
