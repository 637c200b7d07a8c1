extension Recipe {
  /// This recipe with everything that `other` says in its place: a file's, changed by options.
  ///
  /// Overrides of both count, the other's last.
  public func overlaid(by other: Recipe) -> Recipe {
    var result = self
    result.description = other.description ?? description
    result.keepLayers = other.keepLayers ?? keepLayers
    result.equalize = other.equalize ?? equalize
    result.prune = Self.merged(prune, other.prune) { under, over in
      under.method = over.method ?? under.method
      under.sparsity = over.sparsity ?? under.sparsity
      under.pattern = over.pattern ?? under.pattern
      under.dropHeads = over.dropHeads ?? under.dropHeads
      under.dropStacks = over.dropStacks ?? under.dropStacks
    }
    result.weights = Self.merged(weights, other.weights) { under, over in
      under.bits = over.bits ?? under.bits
      under.group = over.group ?? under.group
      under.rounding = over.rounding ?? under.rounding
      under.zeroPoint = over.zeroPoint ?? under.zeroPoint
    }
    result.embeddings = Self.merged(embeddings, other.embeddings) { under, over in
      under.bits = over.bits ?? under.bits
      under.group = over.group ?? under.group
      under.rounding = over.rounding ?? under.rounding
    }
    result.activations = Self.merged(activations, other.activations) { under, over in
      under.scheme = over.scheme ?? under.scheme
      under.observer = over.observer ?? under.observer
      under.int16 = over.int16 ?? under.int16
    }
    result.overrides = Self.merged(overrides, other.overrides) { $0 += $1 }
    result.biasCorrection = other.biasCorrection ?? biasCorrection
    result.recover = Self.merged(recover, other.recover) { under, over in
      under.affine = over.affine ?? under.affine
      under.linears = over.linears ?? under.linears
    }
    result.vocabulary = Self.merged(vocabulary, other.vocabulary) { under, over in
      under.keepUsed = over.keepUsed ?? under.keepUsed
    }
    result.compress = other.compress ?? compress
    result.calibration = Self.merged(calibration, other.calibration) { under, over in
      under.texts = over.texts ?? under.texts
      under.maxTokens = over.maxTokens ?? under.maxTokens
      under.seed = over.seed ?? under.seed
    }
    return result
  }

  private static func merged<Part>(
    _ under: Part?, _ over: Part?, _ merge: (inout Part, Part) -> Void
  ) -> Part? {
    guard var result = under, let over else { return over ?? under }
    merge(&result, over)
    return result
  }
}
