import MBQModel

/// What one side of a product looks like to the grid of the other.
struct ChannelView {
  /// Hidden states (tokens, channels) that are put on a grid a token.
  var states: [Float]
  /// What they are multiplied with: (outputs, channels), put on a grid an output.
  var weights: [[Float]]
}

/// Chooses the exponents of a group.
///
/// As SmoothQuant (Xiao et al., "SmoothQuant: Accurate and Efficient Post-Training Quantization for
/// Large Language Models", 2023, eq. 4), d_c = max|W_c|^(1-α) / max|x_c|^α (its s is 1/d), rounded to a
/// power of two; α is searched per group by the error that int8 grids then make in the products, and a
/// group is left alone where that gains too little.
enum ScaleSearch {
  static let alphas: [Float] = [0, 0.25, 0.5, 0.75, 1]

  /// Factors stay within 2^±60: with them the weights and states of any model that works in fp32 neither
  /// overflow nor become subnormal, except weights below 2^-66 of the others, which are checked.
  static let largestExponent = 60

  struct Choice: Equatable {
    var exponents: [Int]
    /// Squared error of the products before and after.
    var before: Double
    var after: Double
    var alpha: Float?
  }

  /// `channels` is the group's width; `isStatic`: the grid of the states is one for all tokens.
  ///
  /// Unless the error falls below `share` of what it was, nothing is scaled.
  static func choose(
    _ view: ChannelView, channels: Int, isStatic: Bool, share: Double
  ) -> Choice {
    let ranges = columnMaxima([view.states], channels)
    let columns = columnMaxima(view.weights, channels)
    let none = [Int](repeating: 0, count: channels)
    // No power of two mends what has overflowed; whoever rounds by these states says so.
    guard (ranges + columns).allSatisfy(\.isFinite) else {
      return Choice(exponents: none, before: 0, after: 0, alpha: nil)
    }
    let before = error(view, none, isStatic)
    var best = Choice(exponents: none, before: before, after: before, alpha: nil)
    for alpha in alphas {
      let exponents = exponents(ranges, columns, alpha)
      let after = error(view, exponents, isStatic)
      if after < best.after {
        best = Choice(exponents: exponents, before: before, after: after, alpha: alpha)
      }
    }
    if best.after > before * share {
      return Choice(exponents: none, before: before, after: before, alpha: nil)
    }
    return best
  }

  /// The exponents for one α.
  ///
  /// A channel nothing reads can only spoil the grid: it is made no larger than the smallest of the
  /// others. A channel that is always zero is left as it is.
  private static func exponents(_ ranges: [Float], _ columns: [Float], _ alpha: Float) -> [Int] {
    var logs = [Float?](repeating: nil, count: ranges.count)
    for channel in ranges.indices where ranges[channel] > 0 && columns[channel] > 0 {
      logs[channel] = (1 - alpha) * log2(columns[channel]) - alpha * log2(ranges[channel])
    }
    let known = logs.compactMap { $0 }.sorted()
    guard !known.isEmpty else { return [Int](repeating: 0, count: ranges.count) }
    let middle = known[known.count / 2]
    var exponents = logs.map { $0.map { Int(($0 - middle).rounded()) } ?? 0 }
    var smallest: Float = .greatestFiniteMagnitude
    for channel in ranges.indices where logs[channel] != nil {
      smallest = min(smallest, log2(ranges[channel]) + Float(exponents[channel]))
    }
    for channel in ranges.indices where logs[channel] == nil && ranges[channel] > 0 {
      exponents[channel] = min(0, Int((smallest - log2(ranges[channel])).rounded(.down)))
    }
    return exponents.map { min(max($0, -largestExponent), largestExponent) }
  }

  /// What int8 rounding of both sides after scaling costs in the products.
  ///
  /// The squared error of `states · weightsᵀ` summed over tokens and outputs, errors of different channels
  /// taken as independent:
  ///
  ///     Σ_c (Σ_t ε_tc²) · (Σ_n w_nc²) + Σ_c (Σ_n δ_nc²) · (Σ_t x_tc²),
  ///
  /// ε and δ the errors of states and weights as they are without the scaling. They are measured, not
  /// expected: a ReLU's zeros have none.
  static func error(_ view: ChannelView, _ exponents: [Int], _ isStatic: Bool) -> Double {
    let up = exponents.map { Float(sign: .plus, exponent: $0, significand: 1) }
    let down = exponents.map { Float(sign: .plus, exponent: -$0, significand: 1) }
    let states = Self.rounding(view.states, up, isStatic)
    var total = 0.0
    for weights in view.weights {
      let rounded = Self.rounding(weights, down, false)
      for channel in exponents.indices {
        total += Double(states.errors[channel]) * Double(rounded.energies[channel])
        total += Double(rounded.errors[channel]) * Double(states.energies[channel])
      }
    }
    return total
  }

  /// Per channel, the squared errors of int8 rounding with a scale a row (or one for all), and the
  /// squares, both in the unit of the values before they are scaled.
  private static func rounding(
    _ values: [Float], _ factors: [Float], _ isStatic: Bool
  ) -> (errors: [Float], energies: [Float]) {
    let width = factors.count
    var errors = [Float](repeating: 0, count: width)
    var energies = [Float](repeating: 0, count: width)
    func largest(_ start: Int) -> Float {
      var most: Float = 0
      for column in 0..<width { most = max(most, abs(values[start + column] * factors[column])) }
      return most
    }
    let starts = stride(from: 0, to: values.count, by: width)
    let all = isStatic ? starts.reduce(0) { max($0, largest($1)) } : 0
    // Adding 1.5 · 2^23 rounds to an integer.
    let magic: Float = 12_582_912
    for start in starts {
      let amax = isStatic ? all : largest(start)
      guard amax > 0 else { continue }
      let step = amax / 127
      let inverse = 127 / amax
      values.withUnsafeBufferPointer { values in
        for column in 0..<width {
          let value = values[start + column]
          let scaled = value * factors[column]
          let rounded = (scaled * inverse + magic) - magic
          let error = (rounded * step - scaled) / factors[column]
          errors[column] += error * error
          energies[column] += value * value
        }
      }
    }
    return (errors, energies)
  }

  private static func columnMaxima(_ matrices: [[Float]], _ width: Int) -> [Float] {
    var result = [Float](repeating: 0, count: width)
    for matrix in matrices {
      for start in stride(from: 0, to: matrix.count, by: width) {
        for column in 0..<width {
          result[column] = max(result[column], abs(matrix[start + column]))
        }
      }
    }
    return result
  }

  private static func log2(_ value: Float) -> Float {
    // Exponent and a linear mantissa: monotonic, within 0.09 of the logarithm, and the same everywhere.
    Float(value.exponent) + (value.significand - 1)
  }
}
