import MBQCore
import MBQModel
public import MBQRuntime
import MBQSchemes

import func Foundation.log10

/// Looks at every linear and every residual add of a model, as it is and as `Equalizer` leaves it.
public struct Diagnosis {
  /// Folded.
  public let model: WorkingModel
  public let texts: [[UInt32]]
  /// The texts are the caller's, not random word pieces in their place.
  public let hasTexts: Bool
  public var parallel: Parallel
  /// Told the share done.
  public var progress: (Double) -> Void = { _ in }

  /// `model` is folded; no texts: seeded random word pieces stand in for them.
  public init(_ model: WorkingModel, texts: [[UInt32]], parallel: Parallel = .serial) {
    self.model = model
    hasTexts = !texts.isEmpty
    self.texts = hasTexts ? texts : Equalizer.samples(model)
    self.parallel = parallel
  }

  public var tokenCount: Int { texts.reduce(0) { $0 + $1.count } }

  /// Refuses, with `QuantizerError.calibration`, a model whose hidden states are not finite numbers.
  public func run() throws(QuantizerError) -> [SiteDiagnosis] {
    let report = progress
    let (equalized, sites) = Equalizer.equalize(
      model, texts: hasTexts ? texts : [], parallel: parallel
    ) { report($0 * 0.3) }
    let plain = ModelRunner(model, parallel: parallel)
    let isChanged = sites.contains { $0.alpha != nil }
    let mended = isChanged ? ModelRunner(equalized, parallel: parallel) : plain
    let states = HiddenStates(texts)
    let mendedStates = isChanged ? HiddenStates(texts) : states
    var result: [SiteDiagnosis] = []
    for (index, step) in plain.steps.enumerated() {
      if let linear = weightOf(step) {
        result.append(
          .linear(
            try measure(
              linear, step.site, SiteView(plain, states, index),
              SiteView(mended, mendedStates, index)
            )))
      }
      plain.run(index, states)
      if isChanged { mended.run(index, mendedStates) }
      if residual(step.operation) != nil {
        result.append(
          .add(
            try measure(
              step.site, SiteView(plain, states, index), SiteView(mended, mendedStates, index))))
      }
      plain.release(states, after: index)
      if isChanged { mended.release(mendedStates, after: index) }
      report(0.3 + 0.7 * Double(index + 1) / Double(plain.steps.count))
    }
    return result
  }

  /// Not the head's, which stays in fp32.
  private func weightOf(_ step: ModelGraph.Step) -> Operation.Linear? {
    guard case .linear(let linear) = step.operation,
      model.graph.tensors[linear.weight].role == .weight
    else { return nil }
    return linear
  }

  private func residual(_ operation: Operation) -> Operand? {
    switch operation {
    case .linear(let o): o.residual
    case .normalize(let o): o.residual
    case .embed, .attention, .pool: nil
    }
  }

  private func check(_ profiles: [OperandProfile], _ site: Site) throws(QuantizerError) {
    guard profiles.allSatisfy(\.isFinite) else {
      throw .calibration(
        site: site.name,
        problem: "its values are not all finite numbers: the checkpoint overflows fp32",
        advice: "look at its weights with 'mbq inspect'; no grid can help")
    }
  }

  // MARK: Linears

  private func measure(
    _ linear: Operation.Linear, _ site: Site, _ plain: SiteView, _ mended: SiteView
  ) throws(QuantizerError) -> LinearDiagnosis {
    let (outputs, inputs) = model.matrixShape(linear.weight)
    let input = plain.profile(linear.input)
    let weight = OperandProfile(
      model.values[linear.weight], rows: outputs, columns: inputs, parallel: parallel)
    try check([input, weight], site)
    let noise = plain.productNoise(range: input.largest)
    var equalized = noise
    var isSmoothed = false
    if !plain.isSame(as: mended) {
      equalized = mended.productNoise(range: mended.profile(linear.input).largest)
      isSmoothed = mended.linear?.smoothing != nil
    }
    return LinearDiagnosis(
      site: site.name, layer: site.layer, inputs: inputs, outputs: outputs, input: input,
      weight: weight, noise: noise, equalized: equalized, isSmoothed: isSmoothed)
  }

  // MARK: Adds

  private func measure(
    _ site: Site, _ plain: SiteView, _ mended: SiteView
  ) throws(QuantizerError) -> AddDiagnosis {
    let (parts, noise) = plain.add()
    try check([parts.branch, parts.residual, parts.sum, parts.output], site)
    let (other, otherNoise) = plain.isSame(as: mended) ? (parts, noise) : mended.add()
    return AddDiagnosis(
      site: site.name, layer: site.layer, width: parts.sum.width, branch: parts.branch,
      residual: parts.residual, sum: parts.sum, output: parts.output, noise: noise,
      equalizedBranch: other.branch, equalizedResidual: other.residual, equalizedSum: other.sum,
      equalizedOutput: other.output, equalizedNoise: otherNoise)
  }
}
