import MBQModel

/// What least squares see of one step, token by token.
struct SiteRows {
  /// The inputs whose weights may change, or none.
  var input: (rows: HiddenRows, operand: Operand)?
  /// Columns of the output.
  var width: Int
  /// Writes, for a row, the error to be made up and the channels' own inputs, and gives a factor for the
  /// token's weight.
  var write:
    (_ row: Int, _ error: UnsafeMutablePointer<Float>, _ own: UnsafeMutablePointer<Float>) -> Float

  /// Whether the step is not at its target already: most are until the first place that was compressed.
  func hasErrors(_ count: Int) -> Bool {
    withUnsafeTemporaryAllocation(of: Float.self, capacity: 2 * width) { buffer in
      guard let start = buffer.baseAddress else { return false }
      for row in 0..<count {
        _ = write(row, start, start + width)
        for column in 0..<width where start[column] != 0 { return true }
      }
      return false
    }
  }

  /// The sums over some rows, `weights` by row.
  func sums(_ rows: [Int], weights: [Float], _ runner: ModelRunner) -> RidgeSums {
    let inputs = input?.operand.width ?? 0
    var sums = RidgeSums(inputs: inputs, outputs: width)
    for start in stride(from: 0, to: rows.count, by: RidgeSums.block) {
      let part = rows[start..<min(start + RidgeSums.block, rows.count)]
      let x = HiddenRows(count: part.count, width: inputs)
      let eu = HiddenRows(count: part.count, width: 2 * width)
      var roots = [Float](repeating: 0, count: part.count)
      for (place, row) in part.enumerated() {
        let target = eu.row(place)
        let factor = write(row, target, target + width)
        let root = (weights[row] * factor).squareRoot()
        roots[place] = root
        for column in 0..<(2 * width) { target[column] *= root }
        if let input {
          let source = input.rows.row(row) + input.operand.column
          let copy = x.row(place)
          for column in 0..<inputs { copy[column] = source[column] * root }
        }
      }
      sums.add(x: x, eu: eu, roots: roots, runner)
    }
    return sums
  }
}

extension SiteRows {
  /// A linear that ends in a bias, or in an activation that comes after what is compared:
  /// `e = target − (W·x + b + r)`.
  static func plain(
    _ o: Operation.Linear, _ states: HiddenStates, _ target: HiddenRows, _ runner: ModelRunner,
    fitsWeights: Bool
  ) -> SiteRows {
    var linear = o
    linear.activation = .none
    let now = runner.rows(of: .linear(linear), states)
    let width = o.output.width
    return SiteRows(
      input: fitsWeights ? (states.rows(o.input), o.input) : nil, width: width
    ) { row, error, own in
      let (t, y) = (target.row(row), now.row(row))
      for column in 0..<width {
        error[column] = t[column] - y[column]
        own[column] = 0
      }
      return 1
    }
  }

  /// `γ·(W·x + r) + β` with the weights `A = γ·W` free: `e = target − output`, and the residual is the
  /// channel's own input.
  static func residual(
    _ o: Operation.Linear, _ residual: Operand, _ states: HiddenStates, _ target: HiddenRows,
    _ runner: ModelRunner
  ) -> SiteRows {
    let now = runner.rows(of: .linear(o), states)
    let stream = states.rows(residual)
    let width = o.output.width
    return SiteRows(input: (states.rows(o.input), o.input), width: width) { row, error, own in
      let (t, y, r) = (target.row(row), now.row(row), stream.row(row) + residual.column)
      for column in 0..<width {
        error[column] = t[column] - y[column]
        own[column] = r[column]
      }
      return 1
    }
  }

  /// Before a LayerNorm: what would be normalized to the target at the mean and deviation the row has
  /// now, with the weight 1/σ², so that errors count as after the norm.
  static func beforeLayerNorm(
    _ o: Operation.Linear, _ norm: Norm, _ states: HiddenStates, _ target: HiddenRows,
    _ runner: ModelRunner
  ) -> SiteRows {
    var linear = o
    linear.norm = nil
    let now = runner.rows(of: .linear(linear), states)
    let width = o.output.width
    let gamma = runner.model.values[norm.gamma]
    let beta = runner.model.values[norm.beta]
    return SiteRows(input: (states.rows(o.input), o.input), width: width) { row, error, own in
      let (t, s) = (target.row(row), now.row(row))
      var mean: Float = 0
      for column in 0..<width { mean += s[column] }
      mean /= Float(width)
      var variance: Float = 0
      for column in 0..<width { variance += (s[column] - mean) * (s[column] - mean) }
      let deviation = (variance / Float(width) + norm.epsilon).squareRoot()
      for column in 0..<width {
        // Through a gamma of zero no error can be seen.
        error[column] =
          gamma[column] == 0
          ? 0 : (t[column] - beta[column]) / gamma[column] * deviation + mean - s[column]
        own[column] = 0
      }
      return 1 / (deviation * deviation)
    }
  }

  /// A norm's gamma and beta alone: what gamma multiplies is the channel's own input.
  static func norm(
    _ operation: Operation, _ norm: Norm, _ states: HiddenStates, _ target: HiddenRows,
    _ runner: ModelRunner
  ) -> SiteRows {
    let now = runner.rows(of: operation, states)
    let width = operation.output.width
    let gamma = runner.model.values[norm.gamma]
    let beta = runner.model.values[norm.beta]
    return SiteRows(input: nil, width: width) { row, error, own in
      let (t, y) = (target.row(row), now.row(row))
      for column in 0..<width {
        error[column] = t[column] - y[column]
        own[column] = gamma[column] == 0 ? 0 : (y[column] - beta[column]) / gamma[column]
      }
      return 1
    }
  }
}
