import MBQModel

extension RoundingPlan {
  /// What a recipe asks to be rounded or pruned, or nil if that is nothing beyond the nearest int8.
  init?(_ recipe: Recipe, _ graph: ModelGraph) {
    let bits = recipe.weights?.bits ?? 8
    let pruning = recipe.prune.flatMap(PruningOptions.init)
    guard bits <= 8 || pruning != nil else { return nil }
    let group = recipe.weights?.group ?? 64
    let zeroPoint = recipe.weights?.zeroPoint ?? false
    let method = RoundingMethod(recipe.weights?.rounding, bits)
    self.init(
      weights: Weights(
        grid: WeightGrid(bits, group, zeroPoint), method: method, pruning: pruning),
      embeddings: Weights(
        grid: WeightGrid(
          recipe.embeddings?.bits ?? max(bits, 3),
          recipe.embeddings?.group ?? group, false),
        method: recipe.embeddings?.rounding
          ?? ((recipe.embeddings?.bits ?? bits) <= 4 ? .gptq : .nearest)))
    roundsActivations = bits <= 8
    for step in graph.steps {
      for override in recipe.overrides ?? []
      where SitePattern(override.sites).matches(step.site.name) {
        let bits = override.bits ?? bits
        overrides[step.site.name] = Weights(
          grid: WeightGrid(bits, override.group ?? group, zeroPoint),
          method: RoundingMethod(recipe.weights?.rounding, bits),
          pruning: pruning)
      }
    }
    let fewest = ([weights] + overrides.values).map(\.grid.bits).min() ?? bits
    correctsBias = recipe.biasCorrection ?? (fewest <= 4 || pruning != nil)
  }
}

extension WeightGrid {
  init(_ bits: Int, _ group: Int, _ zeroPoint: Bool) {
    switch bits {
    case ...4: self = .int4(bits: bits, group: group, zeroPoint: zeroPoint)
    case ...8: self = .int8
    default: self = .float
    }
  }
}

extension RoundingMethod {
  fileprivate init(_ named: RoundingMethod?, _ bits: Int) {
    self = named ?? (bits <= 4 ? .mse : .nearest)
  }
}

extension PruningOptions {
  init?(_ recipe: Recipe.Prune) {
    guard let sparsity = recipe.sparsity ?? (recipe.pattern == .twoOfFour ? 0.5 : nil), sparsity > 0
    else { return nil }
    self.init(
      method: recipe.method ?? .magnitude, sparsity: sparsity,
      pattern: recipe.pattern ?? .unstructured)
  }
}

extension ModelGraph {
  /// Gives every linear and attention its steps; returns how many inputs that were.
  mutating func setStaticSteps(_ steps: [CalibrationStatistics.StaticStep]) -> Int {
    var attention: [Int: [OperandRole: Float]] = [:]
    var count = 0
    for found in steps {
      let place = found.site.step
      switch self.steps[place].operation {
      case .linear(var linear):
        guard tensors[linear.weight].role == .weight else { continue }
        linear.inputGrid = .int8Static(step: found.step)
        count += 1
        self.steps[place].operation = .linear(linear)
      case .attention: attention[place, default: [:]][found.site.role] = found.step
      case .embed, .normalize, .pool: continue
      }
    }
    for (place, roles) in attention {
      guard case .attention(var o) = self.steps[place].operation, let query = roles[.query],
        let key = roles[.key], let value = roles[.value]
      else { continue }
      o.steps = AttentionSteps(query: query, key: key, value: value)
      self.steps[place].operation = .attention(o)
      count += 3
    }
    return count
  }
}

extension WorkingModel {
  var headWidth: Int {
    for step in graph.steps {
      if case .attention(let o) = step.operation { return o.query.width / o.heads }
    }
    return 0
  }
}
