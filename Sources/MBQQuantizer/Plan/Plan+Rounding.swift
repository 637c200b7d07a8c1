import MBQModel

extension RoundingPlan {
  /// What a plan rounds or prunes, or nil if that is nothing beyond what packing does.
  init?(_ plan: Plan, _ graph: ModelGraph) {
    let bits = plan.weights.bits
    guard bits <= 8 || plan.prunes else { return nil }
    let pruning = plan.prunes ? plan.pruning : nil
    let zeroPoint = plan.weights.zeroPoint
    self.init(
      weights: Weights(
        grid: WeightGrid(bits, plan.weights.group, zeroPoint), method: plan.weights.rounding,
        pruning: pruning),
      embeddings: Weights(
        grid: WeightGrid(plan.embeddings.bits, plan.embeddings.group, false),
        method: plan.embeddings.rounding))
    roundsActivations = bits <= 8
    for step in graph.steps {
      for override in plan.overrides
      where SitePattern(override.sites).matches(step.site.name) {
        overrides[step.site.name] = Weights(
          grid: WeightGrid(override.bits, override.group, zeroPoint), method: override.rounding,
          pruning: pruning)
      }
    }
    let fewest = ([weights] + overrides.values).map(\.grid.bits).min() ?? bits
    correctsBias =
      switch plan.biasCorrection {
      case .nowhere: false
      case .everywhere: true
      case .whereCoarse: fewest <= 4 || plan.prunes
      }
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
