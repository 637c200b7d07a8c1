public import MBQCheckpoints

extension Packer {
  /// Packs `model`, which a plan made of `checkpoint`'s, as the plan says.
  public init(_ checkpoint: Checkpoint, plan: Plan, model: WorkingModel) {
    self.init(checkpoint, precision: plan.precision, model: model)
    compressesWeights = plan.compresses
    recipe = plan.summary
  }
}
