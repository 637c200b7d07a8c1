import MBQCore
import MBQModel
public import MBQRuntime
import MBQSchemes

/// How a model's matrices are pruned and rounded.
public struct RoundingPlan: Sendable {
  /// The grid of a linear's weights, and how they find their places.
  public struct Weights: Equatable, Sendable {
    public var grid: WeightGrid
    public var method: RoundingMethod
    public var pruning: PruningOptions?

    public init(grid: WeightGrid, method: RoundingMethod, pruning: PruningOptions? = nil) {
      self.grid = grid
      self.method = method
      self.pruning = pruning
    }
  }

  /// Of the linears, where no override names them.
  public var weights: Weights
  /// Of linears by their site's name.
  public var overrides: [String: Weights] = [:]
  /// Of the word table; the small position and type tables are int8.
  public var embeddings: Weights
  /// Adds what rounding takes from a linear's mean output to what follows it.
  public var correctsBias = true
  /// Whether hidden states are put on a grid, so that products are run as the packed model runs them.
  public var roundsActivations = true

  public init(weights: Weights, embeddings: Weights) {
    self.weights = weights
    self.embeddings = embeddings
  }

  func weights(_ site: String) -> Weights { overrides[site] ?? weights }

  /// What a pass over calibration text is needed for.
  var needsText: Bool {
    correctsBias
      || ([weights] + overrides.values).contains { $0.method != .nearest || $0.pruning != nil }
  }
}

/// What pruning and rounding did to one matrix.
public struct RoundedSite: Equatable, Sendable {
  public var name: String
  /// A table of embeddings rather than a linear's weights.
  public var isTable = false
  public var bits: Int
  /// The share of weights that are zero.
  public var sparsity: Double
  /// The squared error of the products over the squared products; nil without text.
  public var relativeError: Double?
  /// The share of the mean diagonal that was added to H until it could be factored.
  public var damping: Double
  /// Inputs that were zero on all calibration text.
  public var deadInputs: Int
}

public enum ModelRounding {
  /// Prunes and rounds a folded model matrix by matrix in the order they run, each seeing the inputs that
  /// the rounded ones before it give: Frantar et al., 2023, section 3.
  ///
  /// `texts` are token ids; without any, every weight goes to the nearest value. Refuses, with
  /// `QuantizerError.calibration`, moments that are not finite.
  public static func round(
    _ model: WorkingModel, _ plan: RoundingPlan, texts: [[UInt32]], parallel: Parallel = .serial,
    progress: (Double) -> Void = { _ in }
  ) throws(QuantizerError) -> (model: WorkingModel, sites: [RoundedSite]) {
    let runner = ModelRunner(model, parallel: parallel)
    runner.usesIntegerAttention = plan.roundsActivations
    var sites = roundTables(runner, plan, parallel)
    let states = plan.needsText && !texts.isEmpty ? HiddenStates(texts) : nil
    for (index, step) in runner.steps.enumerated() {
      if case .linear(let linear) = step.operation,
        runner.model.graph.tensors[linear.weight].role == .weight
      {
        let weights = plan.weights(step.site.name)
        sites.append(
          try round(
            linear, step.site.name, weights, runner, states, correctsBias: plan.correctsBias))
      }
      if let states {
        runner.run(index, states)
        runner.release(states, after: index)
      }
      progress(Double(index + 1) / Double(runner.steps.count))
    }
    return (runner.model, sites)
  }

  private static func round(
    _ linear: Operation.Linear, _ name: String, _ options: RoundingPlan.Weights,
    _ runner: ModelRunner, _ states: HiddenStates?, correctsBias: Bool
  ) throws(QuantizerError) -> RoundedSite {
    let (rows, columns) = runner.model.matrixShape(linear.weight)
    let old = runner.model.values[linear.weight]
    guard old.allSatisfy(\.isFinite) else {
      throw .calibration(
        site: name, problem: "its weights overflow fp32 once the norms are folded into them",
        advice: "this checkpoint cannot be packed; check that it was trained and saved whole")
    }
    var rounder = Rounder(grid: options.grid, method: options.method, pruning: options.pruning)
    var moments: Moments?
    if let states {
      let input = states.rows(linear.input)
      var sums = Moments(width: columns)
      sums.add(input, linear.input.column, input, linear.input.column, runner)
      if let smoothing = linear.smoothing { sums.scale(by: runner.model.values[smoothing]) }
      moments = sums
      rounder.energy = (0..<columns).map { sums.values[$0 * columns + $0] / Float(sums.count) }
      guard let factor = InverseFactor(sums.values, width: columns) else {
        throw .calibration(
          site: name,
          problem: "its inputs are not all finite on the calibration text",
          advice:
            "leave equalization out\(by: .equalize) to see whether the checkpoint itself overflows fp32"
        )
      }
      rounder.factor = factor
    }
    let result = rounder.round(old, rows: rows, columns: columns, parallel: runner.parallel)
    if options.grid == .float {
      runner.update(linear.weight, result.values)
    } else {
      runner.round(
        linear.weight,
        to: result.encoded(options.grid, rows: rows, columns: columns, isTable: false))
    }
    if correctsBias, let states {
      correctBias(linear, old, result.values, columns, runner, states)
    }
    return RoundedSite(
      name: name, bits: options.grid.bits,
      sparsity: Double(result.values.count { $0 == 0 }) / Double(result.values.count),
      relativeError: moments.map { relativeError(old, result.values, $0) },
      damping: rounder.factor?.damping ?? 0, deadInputs: rounder.factor?.dead.count { $0 } ?? 0)
  }

  /// Adds (W - Ŵ) · mean x to the bias.
  ///
  /// Nagel et al., "Data-Free Quantization through Weight Equalization and Bias Correction", 2019,
  /// equation 17, with the mean measured.
  ///
  /// Where the bias was folded into a NoNorm's beta, that takes it times gamma.
  private static func correctBias(
    _ linear: Operation.Linear, _ old: [Float], _ new: [Float], _ columns: Int,
    _ runner: ModelRunner, _ states: HiddenStates
  ) {
    let input = states.rows(linear.input)
    var mean = [Double](repeating: 0, count: columns)
    for row in 0..<input.count {
      let x = input.row(row) + linear.input.column
      for column in 0..<columns { mean[column] += Double(x[column]) }
    }
    for column in 0..<columns { mean[column] /= Double(max(input.count, 1)) }
    if let smoothing = linear.smoothing {
      for column in 0..<columns { mean[column] *= Double(runner.model.values[smoothing][column]) }
    }
    let shift = (0..<(old.count / columns)).map { row in
      Float(
        (0..<columns).reduce(0.0) { sum, column in
          let index = row * columns + column
          return sum + Double(old[index] - new[index]) * mean[column]
        })
    }
    if let bias = linear.bias {
      runner.update(bias, zip(runner.model.values[bias], shift).map { $0 + $1 })
    } else if let norm = linear.norm, norm.kind == .noNorm {
      let gamma = runner.model.values[norm.gamma]
      runner.update(
        norm.beta,
        runner.model.values[norm.beta].indices.map {
          runner.model.values[norm.beta][$0] + gamma[$0] * shift[$0]
        })
    }
  }

  /// tr(ΔHΔᵀ) / tr(WHWᵀ).
  static func relativeError(_ old: [Float], _ new: [Float], _ moments: Moments) -> Double {
    let width = moments.columns
    var error = 0.0
    var total = 0.0
    // A sample of rows says enough, and the product is cubic.
    let rows = old.count / width
    for row in stride(from: 0, to: rows, by: max(1, rows / 32)) {
      for a in 0..<width {
        var productOfError: Float = 0
        var product: Float = 0
        for b in 0..<width {
          let h = moments.values[a * width + b]
          productOfError += h * (old[row * width + b] - new[row * width + b])
          product += h * old[row * width + b]
        }
        error += Double(productOfError * (old[row * width + a] - new[row * width + a]))
        total += Double(product * old[row * width + a])
      }
    }
    return total > 0 ? error / total : 0
  }

  // MARK: Tables

  /// Rounds the word table, with the weights its rows are multiplied with as second moments: an error e
  /// in a row becomes ‖V·e‖² in what the transformation gives, V its columns for the next, the own and
  /// the previous token, so H = ΣVᵀV, and no text is needed.
  private static func roundTables(
    _ runner: ModelRunner, _ plan: RoundingPlan, _ parallel: Parallel
  ) -> [RoundedSite] {
    guard plan.embeddings.grid != .float else { return [] }
    var sites: [RoundedSite] = []
    for step in runner.steps {
      guard case .embed(let embed) = step.operation, let word = embed.word else { continue }
      let (rows, columns) = runner.model.matrixShape(word)
      var rounder = Rounder(
        grid: plan.embeddings.grid, method: plan.embeddings.method)
      if let moments = consumerMoments(embed.output, columns, runner.model),
        let factor = InverseFactor(moments, width: columns)
      {
        rounder.factor = factor
        rounder.energy = (0..<columns).map { moments[$0 * columns + $0] }
      } else {
        rounder.factor = InverseFactor(identity: columns)
      }
      let values = runner.model.values[word]
      let result = rounder.round(values, rows: rows, columns: columns, parallel: parallel)
      runner.round(
        word,
        to: result.encoded(plan.embeddings.grid, rows: rows, columns: columns, isTable: true))
      sites.append(
        RoundedSite(
          name: step.site.name, isTable: true, bits: plan.embeddings.grid.bits, sparsity: 0,
          relativeError: nil,
          damping: rounder.factor?.damping ?? 0, deadInputs: 0))
    }
    return sites
  }

  /// ΣVᵀV (columns, columns) over the linears that read a table's rows, or nil if a norm does.
  private static func consumerMoments(
    _ output: Operand, _ columns: Int, _ model: WorkingModel
  ) -> [Float]? {
    var sums = [Double](repeating: 0, count: columns * columns)
    var found = false
    for step in model.graph.steps where step.operation.inputs.contains(output) {
      guard case .linear(let linear) = step.operation, linear.input == output else { return nil }
      found = true
      let values = model.values[linear.weight]
      for start in stride(from: 0, to: values.count, by: columns) {
        for a in 0..<columns {
          let x = Double(values[start + a])
          for b in 0..<columns { sums[a * columns + b] += x * Double(values[start + b]) }
        }
      }
    }
    return found ? sums.map { Float($0) } : nil
  }
}
