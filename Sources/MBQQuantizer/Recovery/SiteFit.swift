import MBQModel
import MBQRuntime

/// Fits one step of the compressed model to its target.
struct SiteFit {
  let runner: ModelRunner
  let step: ModelGraph.Step
  let states: HiddenStates
  /// (rows of the step's buffer, its width).
  let target: HiddenRows
  let options: Recovery.Options
  /// By row of the step's buffer.
  private let weights: [Float]
  private let fitted: [Int]
  private let heldOut: [Int]

  init(
    _ runner: ModelRunner, _ index: Int, _ states: HiddenStates, _ target: HiddenRows,
    _ options: Recovery.Options
  ) {
    self.runner = runner
    step = runner.steps[index]
    self.states = states
    self.target = target
    self.options = options
    let buffer = runner.model.graph.buffers[step.operation.output.buffer]
    let isTokens = buffer.rows == .tokens
    var weights = [Float](repeating: 1, count: states.rowCount(buffer.rows))
    var parts: (fitted: [Int], heldOut: [Int]) = ([], [])
    let comesLast = !runner.steps[index...].contains { !$0.operation.isRowLocal }
    let share = comesLast ? options.lastFirstTokenShare : options.firstTokenShare
    let others = states.tokens.count - states.textCount
    for text in 0..<states.textCount {
      let rows = isTokens ? states.rows(of: text) : text..<(text + 1)
      if isTokens, let first = rows.first, others > 0 {
        for row in rows { weights[row] = Float((1 - share) / Double(others)) }
        weights[first] = Float(share / Double(states.textCount))
      }
      if states.textCount >= 5, text % 5 == 4 {
        parts.heldOut += rows
      } else {
        parts.fitted += rows
      }
    }
    self.weights = weights
    fitted = parts.fitted
    heldOut = parts.heldOut
  }

  /// Changes the runner's tensors, unless nothing is better.
  func fit() throws(NotPositiveDefinite) -> Recovery.StepReport {
    switch step.operation {
    case .linear(let o):
      guard mayChange(o) else {
        if let norm = o.norm { return try fitNorm(norm) }
        return try fitPlain(o, weights: false)
      }
      guard let norm = o.norm else { return try fitPlain(o, weights: true) }
      if norm.kind == .noNorm, let residual = o.residual, o.bias == nil {
        return try fitResidual(o, residual, norm)
      }
      guard norm.kind == .layerNorm, let bias = o.bias else { return try fitNorm(norm) }
      // Taking a LayerNorm back leaves rounding errors where there were none.
      guard SiteRows.norm(step.operation, norm, states, target, runner).hasErrors(weights.count)
      else { return exact }
      let rows = SiteRows.beforeLayerNorm(o, norm, states, target, runner)
      let (solution, first) = try solve(rows, mask: mask(o.weight))
      if let solution {
        add(solution.weights, to: o.weight)
        add(solution.biases, to: bias)
      }
      var report = try fitNorm(norm)
      report.errorBefore = first.errorBefore
      report.penalty = first.penalty ?? report.penalty
      return report
    case .normalize(let o): return try fitNorm(o.norm)
    case .embed, .attention, .pool: preconditionFailure("\(step.site.name) has nothing to fit")
    }
  }

  private func mayChange(_ o: Operation.Linear) -> Bool {
    guard runner.model.rounded[o.weight] == nil else { return false }
    return switch options.weights {
    case .none: false
    case .outputs:
      o.residual != nil || runner.model.graph.tensors[o.weight].role == .headWeight
    case .all: true
    }
  }

  private func fitPlain(
    _ o: Operation.Linear, weights: Bool
  ) throws(NotPositiveDefinite) -> Recovery.StepReport {
    let rows = SiteRows.plain(o, states, target, runner, fitsWeights: weights)
    let (solution, report) = try solve(rows, mask: weights ? mask(o.weight) : nil)
    if let solution {
      if weights { add(solution.weights, to: o.weight) }
      if let bias = o.bias { add(solution.biases, to: bias) }
    }
    return report
  }

  private func fitNorm(_ norm: Norm) throws(NotPositiveDefinite) -> Recovery.StepReport {
    let rows = SiteRows.norm(step.operation, norm, states, target, runner)
    let (solution, report) = try solve(rows, mask: nil)
    if let solution {
      add(solution.scales, to: norm.gamma)
      add(solution.biases, to: norm.beta)
    }
    return report
  }

  /// `A = γ·W`, γ and β at once.
  private func fitResidual(
    _ o: Operation.Linear, _ residual: Operand, _ norm: Norm
  ) throws(NotPositiveDefinite) -> Recovery.StepReport {
    let rows = SiteRows.residual(o, residual, states, target, runner)
    let (solution, report) = try solve(rows, mask: mask(o.weight))
    guard let solution else { return report }
    var gamma = runner.model.values[norm.gamma]
    var weight = runner.model.values[o.weight]
    let inputs = o.input.width
    for row in gamma.indices {
      let old = Double(gamma[row])
      let new = old + solution.scales[row]
      // A channel without a scale cannot hold weights that are divided by it.
      guard abs(new) > 1e-6 else { continue }
      for column in (row * inputs)..<((row + 1) * inputs) {
        weight[column] = Float((old * Double(weight[column]) + solution.weights[column]) / new)
      }
      gamma[row] = Float(new)
    }
    runner.update(o.weight, weight)
    runner.update(norm.gamma, gamma)
    add(solution.biases, to: norm.beta)
    return report
  }

  private func add(_ changes: [Double], to tensor: Int) {
    runner.update(
      tensor, zip(runner.model.values[tensor], changes).map { Float(Double($0) + $1) })
  }

  private func mask(_ tensor: Int) -> [Bool]? {
    let values = runner.model.values[tensor]
    guard options.keepsZeros, values.contains(0) else { return nil }
    return values.map { $0 != 0 }
  }

  // MARK: Solving

  /// The best change on the held-out texts, solved again on all; `nil` if that is none.
  private func solve(
    _ rows: SiteRows, mask: [Bool]?
  ) throws(NotPositiveDefinite) -> (RidgeSolution?, Recovery.StepReport) {
    guard rows.hasErrors(weights.count) else { return (nil, exact) }
    let first = rows.sums(fitted, weights: weights, runner)
    let second = rows.sums(heldOut, weights: weights, runner)
    let all = first + second
    let compares = !heldOut.isEmpty && options.penalties.count > 1
    let judge = compares ? second : all
    let power = targetPower(compares ? heldOut : fitted + heldOut)
    let none = judge.ee.reduce(0, +)
    var report = Recovery.StepReport(
      site: step.site, errorBefore: none / power, errorAfter: none / power, penalty: nil)

    let results = Results(count: options.penalties.count)
    runner.parallel.run(options.penalties.count) { place, _ in
      do throws(NotPositiveDefinite) {
        let solution = try RidgeSolver.solve(
          compares ? first : all, penalty: options.penalties[place])
        results.errors[place] = .success(solution.error(judge))
      } catch {
        results.errors[place] = .failure(error)
      }
    }
    var best = (penalty: Double.nan, error: compares ? none : .infinity)
    for (place, penalty) in options.penalties.enumerated() {
      let error = try results.errors[place].get()
      if error < best.error { best = (penalty, error) }
    }
    guard best.penalty.isFinite else { return (nil, report) }
    report.penalty = best.penalty
    report.errorAfter = best.error / power
    if let mask, rows.input != nil {
      return (
        try RidgeSolver.solve(all, penalty: best.penalty, mask: mask, runner.parallel), report
      )
    }
    return (try RidgeSolver.solve(all, penalty: best.penalty), report)
  }

  private var exact: Recovery.StepReport {
    Recovery.StepReport(site: step.site, errorBefore: 0, errorAfter: 0, penalty: nil)
  }

  private func targetPower(_ rows: [Int]) -> Double {
    var total = 0.0
    for row in rows {
      let values = target.row(row)
      var sum: Float = 0
      for column in 0..<target.width { sum += values[column] * values[column] }
      total += Double(weights[row]) * Double(sum)
    }
    return max(total, .leastNormalMagnitude)
  }

  /// One place a penalty, each written by one task.
  private final class Results: @unchecked Sendable {
    let errors: UnsafeMutableBufferPointer<Result<Double, NotPositiveDefinite>>

    init(count: Int) {
      errors = .allocate(capacity: count)
      errors.initialize(repeating: .success(.infinity))
    }

    deinit {
      errors.deinitialize()
      errors.deallocate()
    }
  }
}
