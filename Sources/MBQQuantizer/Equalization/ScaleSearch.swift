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
/// group is left alone where that gains less than a tenth.
enum ScaleSearch {
  static let alphas: [Float] = [0, 0.25, 0.5, 0.75, 1]

  /// Factors stay within 2^±60: with them the weights and states of any model that works in fp32 neither
  /// overflow nor become subnormal, except weights below 2^-66 of the others, which are checked.
  static let largestExponent = 60

  struct Choice: Equatable {
    var exponents: [Int]
    /// Expected squared error of the products before and after, in the same unit.
    var before: Double
    var after: Double
    var alpha: Float?
  }

  /// `channels` is the group's width; `isStatic`: the grid of the states is one for all tokens.
  static func choose(_ view: ChannelView, channels: Int, isStatic: Bool) -> Choice {
    let ranges = columnMaxima([view.states], channels)
    let columns = columnMaxima(view.weights, channels)
    let none = [Int](repeating: 0, count: channels)
    let before = error(view, none, isStatic)
    var best = Choice(exponents: none, before: before, after: before, alpha: nil)
    for alpha in alphas {
      let exponents = exponents(ranges, columns, alpha)
      let after = error(view, exponents, isStatic)
      if after < best.after {
        best = Choice(exponents: exponents, before: before, after: after, alpha: alpha)
      }
    }
    if best.after > before * 0.9 {
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

  /// Expected squared error of `states · weightsᵀ` summed over tokens and outputs, when both are
  /// rounded to int8 after scaling; rounding errors are uniform within a step and independent.
  ///
  ///     Σ_t a_t² · Σ_c w_c² 4^-e + Σ_n b_n² · Σ_c x_c² 4^e,   a_t = max_c |x_tc 2^e|, b_n = max_c |w_nc 2^-e|,
  ///
  /// in units of 1 / (12 · 127²).
  static func error(_ view: ChannelView, _ exponents: [Int], _ isStatic: Bool) -> Double {
    let up = exponents.map { Float(sign: .plus, exponent: $0, significand: 1) }
    let down = exponents.map { Float(sign: .plus, exponent: -$0, significand: 1) }
    let (steps, energy) = grid(view.states, up, isStatic)
    var total = 0.0
    for weights in view.weights {
      let (weightSteps, weightEnergy) = grid(weights, down, false)
      total += steps * weightEnergy + weightSteps * energy
    }
    return total
  }

  /// The sum over rows of their squared largest magnitudes, and the sum of all squares.
  private static func grid(
    _ values: [Float], _ factors: [Float], _ isStatic: Bool
  ) -> (steps: Double, energy: Double) {
    let width = factors.count
    var steps = 0.0
    var energy = 0.0
    var most: Float = 0
    values.withUnsafeBufferPointer { values in
      factors.withUnsafeBufferPointer { factors in
        for start in stride(from: 0, to: values.count, by: width) {
          var largest: Float = 0
          var sum: Float = 0
          for column in 0..<width {
            let value = abs(values[start + column] * factors[column])
            largest = max(largest, value)
            sum += value * value
          }
          steps += Double(largest) * Double(largest)
          most = max(most, largest)
          energy += Double(sum)
        }
      }
    }
    if isStatic { steps = Double(most) * Double(most) * Double(values.count / width) }
    return (steps, energy)
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
