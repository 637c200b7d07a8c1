public import MBQCheckpoints
import MBQCore
public import MBQRuntime

/// What is done to a checkpoint before it is packed, in this order.
public struct CompressionPlan: Sendable {
  /// How what is not rounded otherwise is stored, and whether hidden states are put on a grid.
  public var precision: Precision
  /// Rescales channels so that the grids fit.
  public var equalizes: Bool
  /// How matrices are pruned and rounded; nil leaves it to `precision`.
  public var rounding: RoundingPlan?

  public init(precision: Precision, equalizes: Bool = true, rounding: RoundingPlan? = nil) {
    self.precision = precision
    self.equalizes = equalizes
    self.rounding = rounding
  }
}

/// What compressing did.
public struct CompressionReport: Sendable {
  public var equalized: [Equalizer.Site] = []
  public var rounded: [RoundedSite] = []
}

public enum Compressor {
  /// The model of `checkpoint` as `plan` wants it, folded and ready to pack.
  ///
  /// `texts` are token ids of calibration text, and may be none. `progress` is told what is done and the
  /// share of that done.
  public static func compress(
    _ checkpoint: Checkpoint, _ plan: CompressionPlan, texts: [[UInt32]] = [],
    parallel: Parallel = .serial, progress: (String, Double) -> Void = { _, _ in }
  ) throws(QuantizerError) -> (model: WorkingModel, report: CompressionReport) {
    var report = CompressionReport()
    var model = try WorkingModel(checkpoint)
    if plan.equalizes, plan.precision == .int8 {
      let (equalized, sites) = Equalizer.equalize(model, texts: texts, parallel: parallel) {
        progress("equalize", $0)
      }
      model = equalized
      report.equalized = sites
    }
    model = model.folded()
    if let rounding = plan.rounding {
      let (rounded, sites) = try ModelRounding.round(
        model, rounding, texts: texts, parallel: parallel
      ) {
        progress("round", $0)
      }
      model = rounded
      report.rounded = sites
    }
    return (model, report)
  }
}
