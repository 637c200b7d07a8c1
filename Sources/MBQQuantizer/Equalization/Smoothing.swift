import MBQModel

extension WorkingModel {
  /// Linears whose input no group scales exactly.
  func smoothableLinears(_ groups: [ScalingGroup]) -> [(step: Int, linear: Operation.Linear)] {
    let scaled = Set(groups.flatMap { $0.states + $0.inverse })
    return graph.steps.indices.compactMap { step in
      guard case .linear(let linear) = graph.steps[step].operation, linear.smoothing == nil,
        graph.tensors[linear.weight].role == .weight, !scaled.contains(linear.input)
      else { return nil }
      return (step, linear)
    }
  }

  /// Multiplies a linear's input by 2^exponents before it is put on its grid, and the columns of its
  /// weight by 2^-exponents: SmoothQuant where the factors cannot be folded into what writes the input.
  ///
  /// False, and nothing changed, if a weight would not come back from that to the bit.
  mutating func smooth(_ step: Int, by exponents: [Int]) -> Bool {
    guard case .linear(var linear) = graph.steps[step].operation else { return false }
    let factors = exponents.map { Float(sign: .plus, exponent: $0, significand: 1) }
    let before = values[linear.weight]
    var changed = Set<Int>()
    scaleColumns(
      linear.weight, 0, exponents.map { Float(sign: .plus, exponent: -$0, significand: 1) },
      &changed)
    let isExact = before.indices.allSatisfy {
      values[linear.weight][$0] * factors[$0 % factors.count] == before[$0]
    }
    guard isExact else {
      values[linear.weight] = before
      return false
    }
    linear.smoothing = graph.add(
      ModelTensor(
        "\(graph.steps[step].site.name).smoothing", [exponents.count], .vector, .zeros))
    values.append(factors)
    graph.steps[step].operation = .linear(linear)
    return true
  }
}
