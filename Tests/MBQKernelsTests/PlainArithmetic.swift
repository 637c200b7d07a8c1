import MBQCore
import MBQModel

/// Formats/arithmetic.md in scalar Swift, written from the document alone.
///
/// The numbers in brackets are its equations. Swift never contracts or reorders float operations.
enum PlainArithmetic {
  struct GridRow {
    var step: Float
    var integers: [Int32]
  }

  // (1), (2)
  static func onGrid(_ row: ArraySlice<Float>) -> GridRow {
    let zeros = [Int32](repeating: 0, count: row.count)
    guard row.allSatisfy(\.isFinite) else { return GridRow(step: .nan, integers: zeros) }
    let largest = row.reduce(0) { max($0, abs($1)) }
    if largest < 0x1p-100 { return GridRow(step: 0, integers: zeros) }
    let inverse = 127 / largest
    return GridRow(
      step: largest / 127,
      integers: row.map {
        Int32(min(max(($0 * inverse).rounded(.toNearestOrEven), -127), 127))
      })
  }

  // (5)
  static func onGrid(_ row: ArraySlice<Float>, step: Float) -> GridRow {
    guard step != 0 else { return onGrid(row) }
    guard row.allSatisfy(\.isFinite) else { return onGrid(row) }
    let inverse = 1 / step
    return GridRow(
      step: step,
      integers: row.map {
        Int32(min(max($0 * inverse, -127), 127).rounded(.toNearestOrEven))
      })
  }

  /// (6): both parts, the high ones as a row of their own.
  static func onWideGrid(_ row: ArraySlice<Float>) -> (high: GridRow, low: GridRow) {
    let largest = row.reduce(0) { max($0, abs($1)) }
    guard row.allSatisfy(\.isFinite), largest >= 0x1p-100 else { return (onGrid(row), onGrid(row)) }
    let inverse = 32385 / largest
    let integers = row.map { Int(($0 * inverse).rounded(.toNearestOrEven)) }
    let high = integers.map { $0.signum() * ((abs($0) + 126) / 254) }
    let low = zip(integers, high).map { $0 - 254 * $1 }
    func part(_ values: [Int]) -> GridRow {
      GridRow(step: largest / 32385, integers: values.map { Int32(Int8($0)) })
    }
    return (part(high), part(low))
  }

  /// (9): sixteen strided sums, then a tree.
  static func total(_ values: [Float]) -> Float {
    var lanes = [Float](repeating: 0, count: 16)
    for (index, value) in values.enumerated() { lanes[index % 16] += value }
    for half in [8, 4, 2, 1] {
      for lane in 0..<half { lanes[lane] = lanes[lane] + lanes[lane + half] }
    }
    return lanes[0]
  }

  // (10)
  static func layerNorm(
    _ x: [Float], gamma: [Float], beta: [Float], epsilon: Float
  ) -> [Float] {
    let count = Float(x.count)
    let mean = total(x) / count
    let deviations = x.map { $0 - mean }
    let variance = total(deviations.map { $0 * $0 }) / count
    let inverse = 1 / (variance + epsilon).squareRoot()
    return x.indices.map { deviations[$0] * inverse * gamma[$0] + beta[$0] }
  }

  // (11)
  static func exp(_ x: Float) -> Float {
    if x.isNaN { return x }
    if x < -87 { return 0 }
    let n = (x * 1.44269504088896341).rounded(.toNearestOrEven)
    let r = (x - n * 0.693359375) - n * -2.12194440e-4
    let coefficients: [Float] = [
      1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1,
    ]
    var y: Float = 1.9875691500e-4
    for coefficient in coefficients { y = y * r + coefficient }
    y = (y * (r * r) + r) + 1
    return Float(sign: .plus, exponent: Int(n), significand: 1) * y
  }

  /// (12): Abramowitz and Stegun, 7.1.26.
  static func erf(_ x: Float) -> Float {
    let a = abs(x)
    let t = 1 / (a * 0.3275911 + 1)
    let coefficients: [Float] = [-1.453152027, 1.421413741, -0.284496736, 0.254829592]
    var p: Float = 1.061405429
    for coefficient in coefficients { p = p * t + coefficient }
    let e = 1 - (p * t) * exp(-(a * a))
    return x.sign == .minus ? -e : e
  }

  // (12)
  static func gelu(_ x: Float) -> Float {
    let half: Float = 0.5
    return (x * half) * (erf(x * Float(0.5.squareRoot())) + 1)
  }

  // (13)
  static func tanh(_ x: Float) -> Float {
    let e = exp(abs(x) * -2)
    let t = (1 - e) / (1 + e)
    return x.sign == .minus ? -t : t
  }

  static func activate(_ x: Float, _ activation: LinearActivation) -> Float {
    switch activation {
    case .none: x
    case .relu: x > 0 ? x : 0
    case .gelu: gelu(x)
    case .tanh: tanh(x)
    }
  }

  // (3), (4), (15)
  static func linear(_ problem: LinearProblem) -> [Float] {
    let (inputs, outputs) = (problem.shape.inputs, problem.shape.outputs)
    let options = problem.options
    var result: [Float] = []
    for row in 0..<problem.shape.rows {
      var x = problem.input[(row * inputs)..<((row + 1) * inputs)]
      let form = problem.form
      // (7)
      if form.smooths { x = zip(x, problem.smoothing).map { $0 * $1 }[...] }
      let grid = onGrid(x, step: form.step)
      let wide = onWideGrid(x)
      var y: [Float] = []
      for n in 0..<outputs {
        var value: Float
        switch problem.kind {
        case .int8:
          func sum(_ row: GridRow) -> Int32 {
            (0..<inputs).reduce(0) {
              $0 + row.integers[$1] * Int32(problem.integers[n * inputs + $1])
            }
          }
          value =
            form.isWide
            ? ((Float(sum(wide.high)) * 254 + Float(sum(wide.low))) * problem.scales[n])
              * wide.low.step
            : (Float(sum(grid)) * problem.scales[n]) * grid.step
        case .float32:
          value = 0
          for k in 0..<inputs {
            value.addProduct(x[x.startIndex + k], problem.floats[n * inputs + k])
          }
        case .float16:
          value = 0
          for k in 0..<inputs {
            value.addProduct(x[x.startIndex + k], float(fromHalf: problem.halves[n * inputs + k]))
          }
        }
        if options.hasBias { value += problem.bias[n] }
        value = activate(value, options.activation)
        if options.residual != .none { value += problem.residual[row * outputs + n] }
        if options.norm == .noNorm { value = value * problem.gamma[n] + problem.beta[n] }
        y.append(value)
      }
      if options.norm == .layerNorm {
        y = layerNorm(
          y, gamma: problem.gamma, beta: problem.beta, epsilon: options.epsilon)
      }
      result += y
    }
    return result
  }

  // "Attention", (14), (15)
  static func attention(
    _ problem: AttentionProblem, _ kind: AttentionProblem.Kind
  ) -> [Float] {
    let (tokens, size) = (problem.tokens, problem.headSize)
    func rows(_ values: [Float]) -> [ArraySlice<Float>] {
      (0..<tokens).map { values[($0 * size)..<(($0 + 1) * size)] }
    }
    let (queries, keys, values) = (rows(problem.query), rows(problem.key), rows(problem.value))
    let gridKeys = keys.map { onGrid($0, step: problem.steps.key) }
    let gridValues = values.map { onGrid($0, step: problem.steps.value) }
    var result: [Float] = []
    for query in queries {
      let grid = onGrid(query, step: problem.steps.query)
      var scores: [Float] = []
      for j in 0..<tokens {
        switch kind {
        case .int8:
          let sum = zip(grid.integers, gridKeys[j].integers).reduce(Int32(0)) { $0 + $1.0 * $1.1 }
          scores.append((Float(sum) * gridKeys[j].step) * (grid.step * problem.scale))
        case .float32:
          var sum: Float = 0
          for (q, k) in zip(query, keys[j]) { sum.addProduct(q, k) }
          scores.append(sum * problem.scale)
        }
      }
      let top = scores.max() ?? 0
      let shares = scores.map { exp($0 - top) }
      let z = total(shares)
      switch kind {
      case .int8:
        let weighed = zip(shares, gridValues).map { $0 * $1.step }
        let largest = weighed.max() ?? 0
        let inverse = largest < 0x1p-80 ? 0 : 16384 / largest
        let weights = weighed.map { Int32(($0 * inverse).rounded(.toNearestOrEven)) }
        for d in 0..<size {
          var sum: Int32 = 0
          for j in 0..<tokens { sum += weights[j] * gridValues[j].integers[d] }
          result.append(Float(sum) * ((largest / 16384) / z))
        }
      case .float32:
        for d in 0..<size {
          var sum: Float = 0
          for j in 0..<tokens { sum.addProduct(shares[j], values[j][values[j].startIndex + d]) }
          result.append(sum / z)
        }
      }
    }
    return result
  }

  // (16)
  static func probabilities(_ logits: [Float]) -> [Float] {
    let top = logits.max() ?? 0
    let shares = logits.map { exp($0 - top) }
    var sum: Float = 0
    for share in shares { sum += share }
    return shares.map { $0 / sum }
  }

  // (17)
  static func sigmoid(_ logit: Float) -> Float {
    let e = exp(-abs(logit))
    return (logit < 0 ? e : 1) / (1 + e)
  }
}
