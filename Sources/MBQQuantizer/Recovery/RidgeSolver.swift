import MBQRuntime

/// Ridge regression toward "no change", in closed form.
///
/// Minimizes `Σ w·(e − Δa·x − Δγ·u − Δb)² + λ·(s·‖Δa‖² + Σu²·Δγ²)` for every channel, s the mean of
/// `Σ x_k²` about the mean: λ is without a unit, and the intercept is free (Hoerl & Kennard, "Ridge
/// Regression", 1970). The channel's own input u is eliminated from the normal equations (Schur
/// complement), so that all channels share one Cholesky factor.
enum RidgeSolver {
  /// The solution for `penalty` = λ.
  static func solve(_ sums: RidgeSums, penalty: Double) throws(NotPositiveDefinite)
    -> RidgeSolution
  {
    let centered = sums.centered()
    let (inputs, outputs) = (sums.inputs, sums.outputs)
    let factor = try Cholesky(centered.xx, order: inputs, damping: penalty)
    let forError = factor.solve(centered.xe, columns: outputs)
    let forOwn = factor.solve(centered.xu, columns: outputs)
    var solution = RidgeSolution(
      weights: [Double](repeating: 0, count: inputs * outputs),
      scales: [Double](repeating: 0, count: outputs),
      biases: [Double](repeating: 0, count: outputs))
    for output in 0..<outputs {
      var own = centered.uu[output] * (1 + penalty)
      var error = centered.eu[output]
      for row in 0..<inputs {
        let place = row * outputs + output
        own -= centered.xu[place] * forOwn[place]
        error -= centered.xu[place] * forError[place]
      }
      let scale = own > 1e-9 * centered.uu[output] ? error / own : 0
      solution.scales[output] = scale
      for row in 0..<inputs {
        let place = row * outputs + output
        solution.weights[output * inputs + row] = forError[place] - scale * forOwn[place]
      }
      solution.setBias(output, sums)
    }
    return solution
  }

  /// The solution whose weights are zero where `mask` (outputs, inputs) is false: every channel on its
  /// own support.
  static func solve(
    _ sums: RidgeSums, penalty: Double, mask: [Bool], _ parallel: Parallel
  ) throws(NotPositiveDefinite) -> RidgeSolution {
    let (inputs, outputs) = (sums.inputs, sums.outputs)
    let centered = sums.centered()
    let rows = Rows(count: outputs)
    parallel.run(outputs) { output, _ in
      let support = (0..<inputs).filter { mask[output * inputs + $0] }
      var own = RidgeSums(inputs: support.count, outputs: 1)
      for (place, row) in support.enumerated() {
        for (other, column) in support.enumerated() {
          own.xx[place * support.count + other] = centered.xx[row * inputs + column]
        }
        own.xe[place] = centered.xe[row * outputs + output]
        own.xu[place] = centered.xu[row * outputs + output]
      }
      own.eu[0] = centered.eu[output]
      own.uu[0] = centered.uu[output]
      do throws(NotPositiveDefinite) {
        // Of zero weight, and so already about its means.
        rows.values[output] = .success((support, try solve(own, penalty: penalty)))
      } catch {
        rows.values[output] = .failure(error)
      }
    }
    var solution = RidgeSolution(
      weights: [Double](repeating: 0, count: inputs * outputs),
      scales: [Double](repeating: 0, count: outputs),
      biases: [Double](repeating: 0, count: outputs))
    for output in 0..<outputs {
      guard let (support, own) = try rows.values[output]?.get() else { continue }
      for (place, row) in support.enumerated() {
        solution.weights[output * inputs + row] = own.weights[place]
      }
      solution.scales[output] = own.scales[0]
      solution.setBias(output, sums)
    }
    return solution
  }

  /// One place a channel, each written by one task.
  private final class Rows: @unchecked Sendable {
    let values:
      UnsafeMutablePointer<Result<(support: [Int], own: RidgeSolution), NotPositiveDefinite>?>
    private let count: Int

    init(count: Int) {
      self.count = count
      values = .allocate(capacity: count)
      values.initialize(repeating: nil, count: count)
    }

    deinit {
      values.deinitialize(count: count)
      values.deallocate()
    }
  }
}

extension RidgeSolution {
  /// The intercept that makes the mean error zero.
  fileprivate mutating func setBias(_ output: Int, _ sums: RidgeSums) {
    guard sums.weight > 0 else { return }
    var bias = sums.e[output] - scales[output] * sums.u[output]
    for row in 0..<sums.inputs { bias -= weights[output * sums.inputs + row] * sums.x[row] }
    biases[output] = bias / sums.weight
  }
}
