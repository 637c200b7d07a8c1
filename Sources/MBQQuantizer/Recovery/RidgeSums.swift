import MBQCore

/// The sums over tokens a ridge regression with an intercept needs, in Double.
///
/// The model of output channel j is `e_j ≈ Δa_j · x + Δγ_j · u_j + Δb_j`, with `x` (inputs) shared by all
/// channels and one more input `u_j` of the channel's own (what its residual or its norm reads).
struct RidgeSums: Sendable {
  let inputs: Int
  let outputs: Int
  /// Σ w, and Σ w·x, Σ w·e, Σ w·u.
  var weight = 0.0
  var x: [Double]
  var e: [Double]
  var u: [Double]
  /// Σ w·x·xᵀ (inputs, inputs), Σ w·x·eᵀ and Σ w·x·uᵀ (inputs, outputs).
  var xx: [Double]
  var xe: [Double]
  var xu: [Double]
  /// By channel: Σ w·e², Σ w·e·u, Σ w·u².
  var ee: [Double]
  var eu: [Double]
  var uu: [Double]

  init(inputs: Int, outputs: Int) {
    self.inputs = inputs
    self.outputs = outputs
    x = [Double](repeating: 0, count: inputs)
    e = [Double](repeating: 0, count: outputs)
    (u, ee, eu, uu) = (e, e, e, e)
    xx = [Double](repeating: 0, count: inputs * inputs)
    xe = [Double](repeating: 0, count: inputs * outputs)
    xu = xe
  }

  /// Rows a block of sums in Float is made of before it is added in Double.
  static let block = 4096

  /// Adds tokens: `x` (count, inputs), and `eu` (count, 2·outputs), e then u, all scaled by the square
  /// root of the token's weight, of which `roots` are.
  mutating func add(x: HiddenRows, eu: HiddenRows, roots: [Float], _ runner: ModelRunner) {
    for row in 0..<x.count {
      let root = Double(roots[row])
      weight += root * root
      let values = x.row(row)
      for column in 0..<inputs { self.x[column] += root * Double(values[column]) }
      let own = eu.row(row)
      for column in 0..<outputs {
        let first = Double(own[column])
        let second = Double(own[outputs + column])
        e[column] += root * first
        u[column] += root * second
        ee[column] += first * first
        self.eu[column] += first * second
        uu[column] += second * second
      }
    }
    guard inputs > 0 else { return }
    var squares = Moments(width: inputs)
    squares.add(x, 0, x, 0, runner)
    for index in xx.indices { xx[index] += Double(squares.values[index]) }
    var crosses = Moments(rows: inputs, columns: 2 * outputs)
    crosses.add(x, 0, eu, 0, runner)
    for row in 0..<inputs {
      for column in 0..<outputs {
        xe[row * outputs + column] += Double(crosses.values[row * 2 * outputs + column])
        xu[row * outputs + column] += Double(crosses.values[row * 2 * outputs + outputs + column])
      }
    }
  }

  static func + (first: RidgeSums, second: RidgeSums) -> RidgeSums {
    var sum = first
    sum.weight += second.weight
    func add(_ values: inout [Double], _ others: [Double]) {
      for index in values.indices { values[index] += others[index] }
    }
    add(&sum.x, second.x)
    add(&sum.e, second.e)
    add(&sum.u, second.u)
    add(&sum.xx, second.xx)
    add(&sum.xe, second.xe)
    add(&sum.xu, second.xu)
    add(&sum.ee, second.ee)
    add(&sum.eu, second.eu)
    add(&sum.uu, second.uu)
    return sum
  }

  /// The sums about the means: what is left of them when the intercept is solved for.
  func centered() -> RidgeSums {
    var result = self
    guard weight > 0 else { return result }
    for row in 0..<inputs {
      let mean = x[row] / weight
      for column in 0..<inputs { result.xx[row * inputs + column] -= mean * x[column] }
      // What rounding leaves of a constant channel is no variance.
      if result.xx[row * inputs + row] <= 1e-9 * xx[row * inputs + row] {
        result.xx[row * inputs + row] = 0
      }
      for column in 0..<outputs {
        result.xe[row * outputs + column] -= mean * e[column]
        result.xu[row * outputs + column] -= mean * u[column]
      }
    }
    for column in 0..<outputs {
      result.ee[column] -= e[column] * e[column] / weight
      result.eu[column] -= e[column] * u[column] / weight
      result.uu[column] -= u[column] * u[column] / weight
      if result.uu[column] <= 1e-9 * uu[column] { result.uu[column] = 0 }
    }
    return result
  }
}

/// What is added to a linear's weights, to its scale and to its bias.
struct RidgeSolution: Sendable {
  /// (outputs, inputs).
  var weights: [Double]
  var scales: [Double]
  var biases: [Double]

  /// Σ w·(e − Δa·x − Δγ·u − Δb)² over the tokens of `sums`, over all channels.
  func error(_ sums: RidgeSums) -> Double {
    let (inputs, outputs) = (sums.inputs, sums.outputs)
    var total = 0.0
    var product = [Double](repeating: 0, count: inputs)
    for output in 0..<outputs {
      let (scale, bias) = (scales[output], biases[output])
      var error = sums.ee[output] + scale * scale * sums.uu[output] + bias * bias * sums.weight
      error += 2 * (scale * bias * sums.u[output] - scale * sums.eu[output] - bias * sums.e[output])
      for index in product.indices { product[index] = 0 }
      sums.xx.withUnsafeBufferPointer { xx in
        product.withUnsafeMutableBufferPointer { product in
          for row in 0..<inputs {
            let weight = weights[output * inputs + row]
            if weight == 0 { continue }
            for column in 0..<inputs { product[column] += weight * xx[row * inputs + column] }
          }
        }
      }
      for row in 0..<inputs {
        let weight = weights[output * inputs + row]
        let place = row * outputs + output
        error +=
          weight
          * (product[row] - 2 * sums.xe[place] + 2 * scale * sums.xu[place] + 2 * bias * sums.x[row])
      }
      total += error
    }
    return total
  }
}
