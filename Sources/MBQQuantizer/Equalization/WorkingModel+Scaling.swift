import MBQModel

extension WorkingModel {
  /// Scales a group's channels by 2^exponents and undoes it in whatever reads them; returns the tensors
  /// changed.
  ///
  /// Exact to the bit in fp32 as long as nothing overflows or becomes subnormal, which `Equalizer`
  /// checks.
  @discardableResult
  mutating func scale(_ group: ScalingGroup, by exponents: [Int]) -> Set<Int> {
    let factors = exponents.map { Float(sign: .plus, exponent: $0, significand: 1) }
    let undone = exponents.map { Float(sign: .plus, exponent: -$0, significand: 1) }
    var changed = Set<Int>()
    for step in graph.steps {
      let output = step.operation.output
      for (states, own) in [(group.states, factors), (group.inverse, undone)] {
        for state in states where state.buffer == output.buffer {
          scaleOutput(step.operation, state, own, &changed)
        }
      }
      guard case .linear(let o) = step.operation else { continue }
      if group.states.contains(o.input) {
        scaleColumns(o.weight, 0, undone, &changed)
      } else if group.inverse.contains(o.input) {
        scaleColumns(o.weight, 0, factors, &changed)
      }
      if let residual = o.residual, group.states.contains(residual), let norm = o.norm {
        scaleRows(o.weight, 0, factors, &changed)
        if let bias = o.bias { scaleRows(bias, 0, factors, &changed) }
        scaleColumns(norm.gamma, 0, undone, &changed)
      }
    }
    return changed
  }

  /// Scales what an operation writes to the stretch `state`.
  private mutating func scaleOutput(
    _ operation: Operation, _ state: Operand, _ own: [Float], _ changed: inout Set<Int>
  ) {
    let first = state.column
    switch operation {
    case .embed(let o):
      for table in [o.word, o.position, o.type] {
        if let table { scaleColumns(table, first, own, &changed) }
      }
    case .linear(let o):
      if let norm = o.norm {
        scaleColumns(norm.gamma, first, own, &changed)
        scaleColumns(norm.beta, first, own, &changed)
      } else {
        scaleRows(o.weight, first, own, &changed)
        if let bias = o.bias { scaleRows(bias, first, own, &changed) }
      }
    case .normalize(let o):
      scaleColumns(o.norm.gamma, first, own, &changed)
      scaleColumns(o.norm.beta, first, own, &changed)
    case .attention, .pool: break
    }
  }

  /// Columns `first ..< first + factors.count` of a matrix, or elements of a vector.
  mutating func scaleColumns(
    _ tensor: Int, _ first: Int, _ factors: [Float], _ changed: inout Set<Int>
  ) {
    changed.insert(tensor)
    let width = matrixShape(tensor).columns
    for start in stride(from: first, to: values[tensor].count, by: width) {
      for column in factors.indices { values[tensor][start + column] *= factors[column] }
    }
  }

  /// Rows `first ..< first + factors.count` of a matrix, or elements of a vector.
  private mutating func scaleRows(
    _ tensor: Int, _ first: Int, _ factors: [Float], _ changed: inout Set<Int>
  ) {
    changed.insert(tensor)
    let shape = graph.tensors[tensor].shape
    let width = shape.count == 2 ? shape[1] : 1
    for row in factors.indices {
      for column in 0..<width { values[tensor][(first + row) * width + column] *= factors[row] }
    }
  }
}
