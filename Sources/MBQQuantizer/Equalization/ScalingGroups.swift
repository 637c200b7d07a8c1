import MBQModel

/// Hidden states whose channels may be scaled by one vector of factors without changing the function.
///
/// With h' = h · d for the states of a group, every producer takes d into its rows (or gamma and beta),
/// every linear that reads one takes 1/d into its columns, and where a state is the residual of a NoNorm,
/// the whole sum is scaled and gamma takes 1/d. ReLU commutes with positive factors, attention with
/// factors of its values, and a query's factor is undone by its key's.
struct ScalingGroup: Equatable {
  /// The buffers scaled by d.
  var buffers: [Int]
  /// Buffers scaled by 1/d: the keys of a group of queries.
  var inverse: [Int] = []
  var width: Int
  /// Linears that read a buffer of the group, as steps.
  var consumers: [Int] = []
  /// Attention over d-scaled queries and 1/d-scaled keys, as a step.
  var attention: Int?
}

extension ModelGraph {
  /// Every group of an unfolded graph, in the order of the steps that produce them.
  ///
  /// A state that something cannot take the factors of (LayerNorm over a sum it is part of, GELU after
  /// it, a table whose columns are read three times) is in no group.
  func scalingGroups() -> [ScalingGroup] {
    var parent = Array(buffers.indices)
    func root(_ buffer: Int) -> Int {
      var buffer = buffer
      while parent[buffer] != buffer { buffer = parent[buffer] }
      return buffer
    }
    var fixed = Set<Int>([logits.buffer])
    var embedded = Set<Int>()
    var keyOf: [Int: (key: Int, step: Int)] = [:]
    for (index, step) in steps.enumerated() {
      switch step.operation {
      case .embed(let o):
        if o.trigram { fixed.insert(o.output.buffer) } else { embedded.insert(o.output.buffer) }
      case .linear(let o):
        if o.activation == .gelu || o.activation == .tanh, o.norm == nil {
          fixed.insert(o.output.buffer)
        }
        guard let residual = o.residual else { continue }
        if o.norm?.kind != .noNorm || o.activation != .none {
          fixed.insert(residual.buffer)
          if o.norm == nil { fixed.insert(o.output.buffer) }
        } else if embedded.contains(residual.buffer) {
          // The tables' own rows are put on a grid, and what suits the sum suits them.
          parent[root(residual.buffer)] = root(o.output.buffer)
        }
      case .attention(let o):
        parent[root(o.output.buffer)] = root(o.value.buffer)
        keyOf[o.query.buffer] = (o.key.buffer, index)
      case .normalize(let o):
        for operand in o.inputs { fixed.insert(operand.buffer) }
      case .pool(let o):
        parent[root(o.output.buffer)] = root(o.input.buffer)
      }
      if step.operation.inputs.contains(where: { $0.width != buffers[$0.buffer].width }) {
        fixed.formUnion(step.operation.inputs.map(\.buffer))
      }
    }
    let keys = Set(keyOf.values.map(\.key))
    let fixedRoots = Set(fixed.map(root))
    var groups: [Int: ScalingGroup] = [:]
    var order: [Int] = []
    for buffer in buffers.indices where !fixedRoots.contains(root(buffer)) && !keys.contains(buffer)
    {
      let place = root(buffer)
      if groups[place] == nil {
        order.append(place)
        groups[place] = ScalingGroup(buffers: [], width: buffers[buffer].width)
      }
      groups[place]?.buffers.append(buffer)
      if let (key, step) = keyOf[buffer] {
        groups[place]?.inverse.append(key)
        groups[place]?.attention = step
      }
    }
    for (index, step) in steps.enumerated() {
      guard case .linear(let o) = step.operation else { continue }
      groups[root(o.input.buffer)]?.consumers.append(index)
    }
    return order.compactMap { groups[$0] }.filter {
      // Read by nothing that puts it on a grid: nothing to gain.
      !$0.consumers.isEmpty || $0.attention != nil
    }
  }
}

extension Operation.Normalize {
  fileprivate var inputs: [Operand] { [input] + (residual.map { [$0] } ?? []) }
}

extension WorkingModel {
  /// Scales a group's channels by 2^exponents and undoes it in whatever reads them.
  ///
  /// Exact to the bit in fp32 as long as nothing overflows or becomes subnormal (`ScaleSearch` keeps
  /// away from both). Returns the tensors changed.
  @discardableResult
  mutating func scale(_ group: ScalingGroup, by exponents: [Int]) -> Set<Int> {
    let factors = exponents.map { Float(sign: .plus, exponent: $0, significand: 1) }
    let undone = exponents.map { Float(sign: .plus, exponent: -$0, significand: 1) }
    var changed = Set<Int>()
    let scaled = Set(group.buffers)
    let inverse = Set(group.inverse)
    for step in graph.steps {
      let output = step.operation.output.buffer
      let own = scaled.contains(output) ? factors : inverse.contains(output) ? undone : nil
      switch step.operation {
      case .embed(let o):
        guard let own else { continue }
        for table in [o.word, o.position, o.type] {
          if let table { scaleColumns(table, own, &changed) }
        }
      case .linear(let o):
        if scaled.contains(o.input.buffer) { scaleColumns(o.weight, undone, &changed) }
        if let residual = o.residual, scaled.contains(residual.buffer), let norm = o.norm {
          scaleRows(o.weight, factors, &changed)
          if let bias = o.bias { scaleRows(bias, factors, &changed) }
          scaleColumns(norm.gamma, undone, &changed)
        }
        guard let own else { continue }
        if let norm = o.norm {
          scaleColumns(norm.gamma, own, &changed)
          scaleColumns(norm.beta, own, &changed)
        } else {
          scaleRows(o.weight, own, &changed)
          if let bias = o.bias { scaleRows(bias, own, &changed) }
        }
      case .normalize(let o):
        guard let own else { continue }
        scaleColumns(o.norm.gamma, own, &changed)
        scaleColumns(o.norm.beta, own, &changed)
      case .attention, .pool: break
      }
    }
    return changed
  }

  private mutating func scaleColumns(
    _ tensor: Int, _ factors: [Float], _ changed: inout Set<Int>
  ) {
    changed.insert(tensor)
    let width = factors.count
    for start in stride(from: 0, to: values[tensor].count, by: width) {
      for column in 0..<width { values[tensor][start + column] *= factors[column] }
    }
  }

  private mutating func scaleRows(
    _ tensor: Int, _ factors: [Float], _ changed: inout Set<Int>
  ) {
    changed.insert(tensor)
    let width = values[tensor].count / factors.count
    for row in factors.indices {
      for column in 0..<width { values[tensor][row * width + column] *= factors[row] }
    }
  }
}
