public import MBQModel
public import MBQRuntime

/// Brings a compressed model back to what the original says, in closed form: no training, no labels.
///
/// Both models run over the same texts, one step at a time. Where the compressed one has a linear or a
/// norm, least squares change it so that what comes out is as close as can be to what the original has
/// at that place; the steps after it see the corrected states, so errors are mended as they arise and
/// do not pile up (as in GPTQ and in Nagel et al., "Data-Free Quantization Through Weight Equalization
/// and Bias Correction", 2019, whose bias correction this is when only biases may change; layer-wise
/// reconstruction of pruned networks: He et al., "Channel Pruning", 2017, equation 5).
///
/// **Targets.** A step's target is what its first reader reads in the original. Across dropped layers
/// or networks that is the stream after them: the last kept linear before a gap learns what the gap
/// did. Sites are matched by name, and a step whose output has another width there (the queries of a
/// layer that lost heads) is left alone.
///
/// **Regression.** `RidgeSolver` says what is minimized. λ is chosen per step from `penalties` on a fifth
/// of the texts, held out; "no change" is among the choices. Of rounded tensors nothing changes, and
/// around them only scales and biases.
public enum Recovery {
  public struct Options: Sendable {
    public enum Weights: Sendable, CaseIterable {
      /// None: gammas, betas and biases alone.
      case none
      /// Of linears that end in a sum with the residual stream, and of the head.
      case outputs
      case all
    }

    /// What a dropped layer's neighbours imitate.
    public enum Targets: Sendable, Equatable {
      /// The stream where the next kept layer stood: only the layer before a gap changes much.
      case gaps
      /// The i-th of n kept layers leads to the stream after layer `round((i+1)·N/n)` of N, so that the
      /// gap is shared by all; what is inside the layers has no target then.
      case spread
    }

    public var weights = Weights.all
    public var targets = Targets.gaps
    /// Candidates for λ; one alone is used without being compared.
    public var penalties: [Double] = [1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1]
    /// The share of the weight of all tokens that the first ones have, from which alone the classifier
    /// reads; after the last attention it is `lastFirstTokenShare`.
    public var firstTokenShare = 0.2
    public var lastFirstTokenShare = 0.95
    /// Weights that are zero stay zero, for pruned models.
    public var keepsZeros = false
    /// How often all steps are gone through, each time from the last result.
    public var sweeps = 1

    public init() {}
  }

  /// What happened at a step.
  public struct StepReport: Sendable {
    public var site: Site
    /// Mean square of the difference to the target before and after, as a share of the target's, over
    /// the texts that were held out.
    public var errorBefore: Double
    public var errorAfter: Double
    /// The λ that was used; `nil` if nothing changed.
    public var penalty: Double?
  }

  /// The compressed model with its weights fitted to the original's hidden states on `texts`.
  ///
  /// Both are folded, and of the same checkpoint. `texts` are token ids, `[CLS]` to `[SEP]`. `progress`
  /// is told the share done and what was found at the step. Memory: the states of both models on all
  /// texts, some 20 kB a token for MobileBERT. A compressed model that is the original comes back bit
  /// for bit. Throws `NotPositiveDefinite` if states are not finite.
  public static func recover(
    compressed: WorkingModel, original: WorkingModel, texts: [[UInt32]],
    options: Options = Options(), parallel: Parallel = .serial,
    progress: (_ share: Double, _ step: StepReport?) -> Void = { _, _ in }
  ) throws(NotPositiveDefinite) -> WorkingModel {
    guard !texts.isEmpty else { return compressed }
    let targets = RecoveryTargets(compressed, original, options.targets)
    let runner = ModelRunner(compressed, parallel: parallel)
    let reference = ModelRunner(original, parallel: parallel)
    let total = Double(options.sweeps * runner.steps.count)
    for sweep in 0..<options.sweeps {
      let states = HiddenStates(texts)
      let source = TargetStates(reference, texts, targets)
      for step in runner.steps.indices {
        var report: StepReport?
        if let target = targets.byStep[step] {
          let rows = source.rows(target)
          report = try SiteFit(runner, step, states, rows, options).fit()
          source.forget(after: step)
        }
        runner.run(step, states)
        runner.release(states, after: step)
        progress((Double(sweep * runner.steps.count) + Double(step + 1)) / total, report)
      }
    }
    return runner.model
  }
}
