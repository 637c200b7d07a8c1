import MBQCore
import MBQKernels
import MBQModel
import MBQSchemes

import func Foundation.log10

/// One operation of a model that is being run, its inputs at hand.
struct SiteView {
  let runner: ModelRunner
  let states: HiddenStates
  let step: Int

  init(_ runner: ModelRunner, _ states: HiddenStates, _ step: Int) {
    self.runner = runner
    self.states = states
    self.step = step
  }

  func isSame(as other: SiteView) -> Bool { runner === other.runner }

  private var operation: Operation { runner.steps[step].operation }

  var linear: Operation.Linear? {
    if case .linear(let linear) = operation { linear } else { nil }
  }

  func profile(_ operand: Operand) -> OperandProfile {
    OperandProfile(
      states.rows(operand), column: operand.column, width: operand.width,
      parallel: runner.parallel)
  }

  // MARK: Products

  /// The noise of the bare product, on the runtime's kernels; `range` is the input's largest magnitude.
  func productNoise(range: Float) -> SignalToNoise {
    guard let linear else { return [:] }
    let model = runner.model
    let (rows, columns) = model.matrixShape(linear.weight)
    let values = model.values[linear.weight]
    let truth = product(
      linear, runner.matrix(linear.weight, smoothing: linear.smoothing), .int8PerToken)
    let int8 = RunnerMatrix(
      SchemeCode.int8Channel.encode(values, rows: rows, columns: columns), runner.kernels)
    let int4 = RunnerMatrix(
      SchemeCode.int4ChannelGroup64.encode(values, rows: rows, columns: columns).widenedToInt8,
      runner.kernels)
    // Of a smoothed input the range is another one, which is the smoothed rows' to tell.
    let smoothed = linear.smoothing.map { factors in
      states.rows(linear.input).scaled(model.values[factors], from: linear.input.column)
    }
    let largest = smoothed.map { largestMagnitude($0) } ?? range
    let step = max(largest / 127, .leastNormalMagnitude)
    var noise: SignalToNoise = [:]
    for (form, matrix, grid) in [
      (GridForm.int8, int8, ActivationGrid.int8PerToken), (.int4, int4, .int8PerToken),
      (.int16, int8, .int16PerToken), (.int8Static, int8, .int8Static(step: step)),
    ] {
      noise[form] = Self.signalToNoise(truth, product(linear, matrix, grid))
    }
    return noise
  }

  private func largestMagnitude(_ rows: HiddenRows) -> Float {
    var largest: Float = 0
    for row in 0..<rows.count {
      for column in 0..<rows.width { largest = max(largest, abs(rows.row(row)[column])) }
    }
    return largest
  }

  /// Input times weightᵀ and nothing after it, (tokens, outputs).
  private func product(
    _ linear: Operation.Linear, _ weights: RunnerMatrix, _ grid: ActivationGrid
  ) -> HiddenRows {
    let input = states.rows(linear.input)
    let result = HiddenRows(count: input.count, width: linear.output.width)
    let matrix = weights.kernelMatrix
    let smoothing = matrix.scheme.isInteger ? linear.smoothing.map(runner.vector) : nil
    runner.tiles(result.count) { rows, worker in
      let first = rows.lowerBound
      var call = LinearCall(
        input: input.columns(linear.input.column, linear.input.width, from: first),
        output: result.columns(0, linear.output.width, from: first), rows: rows.count,
        scratch: runner.scratch[worker].bytes)
      call.grid = grid
      call.smoothing = smoothing
      runner.kernels.linear(call, matrix)
    }
    return result
  }

  // MARK: Adds

  struct AddParts {
    var branch: OperandProfile
    var residual: OperandProfile
    var sum: OperandProfile
    var output: OperandProfile
  }

  /// The parts of a residual add whose output is there already, and the noise of its grids.
  func add() -> (AddParts, SignalToNoise) {
    let branch: HiddenRows
    let residual: Operand
    var branchColumn = 0
    switch operation {
    case .linear(var o):
      residual = o.residual!
      o.residual = nil
      o.norm = nil
      branch = runner.rows(of: .linear(o), states)
    case .normalize(let o):
      residual = o.residual!
      branch = states.rows(o.input)
      branchColumn = o.input.column
    case .embed, .attention, .pool: preconditionFailure("no residual")
    }
    let width = operation.output.width
    let other = states.rows(residual)
    let sum = HiddenRows(count: branch.count, width: width)
    for row in 0..<sum.count {
      let (a, b) = (branch.row(row) + branchColumn, other.row(row) + residual.column)
      let target = sum.row(row)
      for column in 0..<width { target[column] = a[column] + b[column] }
    }
    let parts = AddParts(
      branch: OperandProfile(branch, column: branchColumn, width: width, parallel: runner.parallel),
      residual: profile(residual),
      sum: OperandProfile(sum, column: 0, width: width, parallel: runner.parallel),
      output: profile(operation.output))
    var noise: SignalToNoise = [:]
    for (form, levels, isStatic) in [
      (GridForm.int8, Float(127), false), (.int4, 7, false), (.int8Static, 127, true),
    ] {
      func rounded(_ rows: HiddenRows, _ column: Int, _ range: Float) -> HiddenRows {
        rows.rounded(column, width, levels: levels, range: isStatic ? range : nil)
      }
      let (a, b) = (
        rounded(branch, branchColumn, parts.branch.largest),
        rounded(other, residual.column, parts.residual.largest)
      )
      for row in 0..<a.count {
        let (target, addend) = (a.row(row), b.row(row))
        for column in 0..<width { target[column] += addend[column] }
      }
      noise[form] = Self.signalToNoise(sum, rounded(a, 0, parts.sum.largest))
    }
    return (parts, noise)
  }

  // MARK: Noise

  /// Mean over the channels of `truth` that are not constant, in decibels.
  static func signalToNoise(_ truth: HiddenRows, _ noisy: HiddenRows) -> Double {
    var signal = [Double](repeating: 0, count: truth.width)
    var noise = signal
    var means = signal
    for row in 0..<truth.count {
      let y = truth.row(row)
      for channel in 0..<truth.width { means[channel] += Double(y[channel]) }
    }
    for channel in means.indices { means[channel] /= Double(truth.count) }
    for row in 0..<truth.count {
      let (y, z) = (truth.row(row), noisy.row(row))
      for channel in 0..<truth.width {
        let difference = Double(y[channel]) - Double(z[channel])
        let deviation = Double(y[channel]) - means[channel]
        signal[channel] += deviation * deviation
        noise[channel] += difference * difference
      }
    }
    var (sum, count) = (0.0, 0)
    for channel in signal.indices where signal[channel] > 0 {
      let ratio = noise[channel] / signal[channel]
      sum += ratio > 1e-14 ? -10 * log10(ratio) : 140
      count += 1
    }
    return count == 0 ? 140 : sum / Double(count)
  }
}

extension HiddenRows {
  /// Columns on a grid of ±`levels` steps, each row's own or one for `range`.
  fileprivate func rounded(
    _ first: Int, _ width: Int, levels: Float, range: Float?
  ) -> HiddenRows {
    let result = HiddenRows(count: count, width: width)
    for index in 0..<count {
      let (from, to) = (row(index) + first, result.row(index))
      var largest = range ?? 0
      if range == nil {
        for column in 0..<width { largest = max(largest, abs(from[column])) }
      }
      guard largest > 0 else { continue }
      let (step, inverse) = (largest / levels, levels / largest)
      for column in 0..<width {
        let level = (from[column] * inverse).rounded(.toNearestOrEven)
        to[column] = min(max(level, -levels), levels) * step
      }
    }
    return result
  }
}
