import MBQCore
import MBQModel
public import MBQRuntime
import MBQSchemes

import func Foundation.log10

/// What it costs to round one linear alone.
public struct SiteSensitivity: Equatable, Sendable, Codable {
  public var site: String
  public var weights: Int
  /// The largest magnitude of its input, and that over the input's root mean square.
  public var range: Float
  public var peakRatio: Double
  /// The fourth moment of the input's channels' root mean squares over the second, squared: 1 if all
  /// channels are alike, the number of channels if one has everything.
  public var channelKurtosis: Double
  /// By bits, the squared error of its products over the squared products.
  public var relativeError: [Int: Double]
  /// Mean square of the logits' change when it alone has `measuredBits`.
  public var logitChange: Double
  public var measuredBits: Int
  /// Texts whose label changes then.
  public var flips: Int

  /// Signal to quantization noise in decibels.
  public func sqnr(bits: Int) -> Double? {
    relativeError[bits].flatMap { $0 > 0 ? -10 * log10($0) : nil }
  }

  /// The expected mean square change of the logits at other bits: errors this small pass through the
  /// model in proportion.
  public func expectedChange(bits: Int) -> Double? {
    guard let error = relativeError[bits], let measured = relativeError[measuredBits], measured > 0
    else { return relativeError[bits] == nil ? nil : 0 }
    return logitChange * error / measured
  }
}

/// Measures every linear of a model in one pass over calibration text.
public struct SensitivityAnalysis {
  public let model: WorkingModel
  public let texts: [[UInt32]]
  public var group = 64
  /// Few bits, so that the change stands out of the arithmetic's own rounding.
  public var measuredBits = 3
  public var parallel: Parallel
  public static let bits = SchemeCode.bitChoices.filter { $0 <= 8 }

  /// `model` is folded, and equalized if it is to be.
  public init(_ model: WorkingModel, texts: [[UInt32]], parallel: Parallel = .serial) {
    self.model = model
    self.texts = texts
    self.parallel = parallel
  }

  /// The linears measured, by name, in the order they run.
  public var sites: [String] {
    model.graph.steps.compactMap { weightOf($0) == nil ? nil : $0.site.name }
  }

  private func weightOf(_ step: ModelGraph.Step) -> Operation.Linear? {
    guard case .linear(let linear) = step.operation,
      model.graph.tensors[linear.weight].role == .weight
    else { return nil }
    return linear
  }

  /// Measures the linears that are not in `known`.
  ///
  /// `found` is told of each, so that a caller can keep it.
  public func run<Failure: Error>(
    known: [String: SiteSensitivity] = [:], found: (SiteSensitivity) throws(Failure) -> Void
  ) throws(Failure) -> [SiteSensitivity] {
    let runner = ModelRunner(model, parallel: parallel)
    let baseline = runner.logits(texts)
    let states = HiddenStates(texts)
    var result: [SiteSensitivity] = []
    for (index, step) in runner.steps.enumerated() {
      if let linear = weightOf(step) {
        if let ready = known[step.site.name] {
          result.append(ready)
        } else {
          let site = measure(linear, index, step.site.name, runner, states, baseline)
          try found(site)
          result.append(site)
        }
      }
      runner.run(index, states)
      runner.release(states, after: index)
    }
    return result
  }

  private func measure(
    _ linear: Operation.Linear, _ step: Int, _ name: String, _ runner: ModelRunner,
    _ states: HiddenStates, _ baseline: [Float]
  ) -> SiteSensitivity {
    let (rows, columns) = model.matrixShape(linear.weight)
    let old = model.values[linear.weight]
    let input = states.rows(linear.input)
    var moments = Moments(width: columns)
    moments.add(input, linear.input.column, input, linear.input.column, runner)
    let energy = (0..<columns).map {
      moments.values[$0 * columns + $0] / Float(max(input.count, 1))
    }
    var errors: [Int: Double] = [:]
    var measured = old
    for bits in Self.bits {
      var rounder = Rounder(
        grid: bits == 8 ? .int8 : .int4(bits: bits, group: group, zeroPoint: false),
        method: bits == 8 ? .nearest : .mse)
      rounder.energy = energy
      let rounded = rounder.round(old, rows: rows, columns: columns, parallel: parallel)
      errors[bits] = ModelRounding.relativeError(old, rounded.values, moments)
      if bits == measuredBits { measured = rounded.values }
    }
    let fork = HiddenStates(forking: states)
    runner.update(linear.weight, measured)
    let logits = runner.finish(fork, from: step)
    runner.update(linear.weight, old)

    var largest: Float = 0
    for row in 0..<input.count {
      let x = input.row(row) + linear.input.column
      for column in 0..<columns { largest = max(largest, abs(x[column])) }
    }
    let energies = energy.map { Double($0) }
    let mean = energies.reduce(0, +) / Double(columns)
    let square = energies.reduce(0) { $0 + $1 * $1 } / Double(columns)
    let labels = model.configuration.labels.count
    var change = 0.0
    for (a, b) in zip(logits, baseline) { change += Double(a - b) * Double(a - b) }
    return SiteSensitivity(
      site: name, weights: rows * columns, range: largest,
      peakRatio: mean > 0 ? Double(largest) / mean.squareRoot() : 0,
      channelKurtosis: mean > 0 ? square / (mean * mean) : 0, relativeError: errors,
      logitChange: change / Double(max(logits.count, 1)), measuredBits: measuredBits,
      flips: Self.flips(logits, baseline, labels))
  }

  static func flips(_ a: [Float], _ b: [Float], _ labels: Int) -> Int {
    func label(_ logits: [Float], _ text: Int) -> Int {
      var best = 0
      for index in 0..<labels where logits[text * labels + index] > logits[text * labels + best] {
        best = index
      }
      return best
    }
    return (0..<(a.count / max(labels, 1))).count { label(a, $0) != label(b, $0) }
  }
}
