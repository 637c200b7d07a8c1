import MBQModel

/// Hidden states whose channels may be scaled by one vector of factors without changing the function.
///
/// With h' = h · d for the states of a group, every producer takes d into its rows (or gamma and beta),
/// every linear that reads one takes 1/d into its columns, and where a state is the residual of a NoNorm,
/// the whole sum is scaled and gamma takes 1/d. ReLU commutes with positive factors, attention with
/// factors of its values, and a query's factor is undone by its key's.
struct ScalingGroup: Equatable {
  /// The stretches of buffers scaled by d.
  var states: [Operand]
  /// Stretches scaled by 1/d: the keys of a group of queries.
  var inverse: [Operand] = []
  var width: Int
  /// Linears that read a state of the group, as steps.
  var consumers: [Int] = []
}

extension ModelGraph {
  /// Every group, in the order of the buffers.
  ///
  /// A state that something cannot take the factors of (LayerNorm over a sum it is part of, GELU after
  /// it, a table whose columns are read three times, other stretches that overlap it) is in no group.
  func scalingGroups() -> [ScalingGroup] {
    var sets = OperandSets(self)
    var embedded = Set<Int>()
    var keyOf: [Operand: Operand] = [:]
    for step in steps {
      switch step.operation {
      case .embed(let o):
        if o.trigram { sets.fix(o.output) } else { embedded.insert(o.output.buffer) }
      case .linear(let o):
        if o.activation == .gelu || o.activation == .tanh, o.norm == nil { sets.fix(o.output) }
        guard let residual = o.residual else { continue }
        if o.norm?.kind != .noNorm || o.activation != .none {
          sets.fix(residual)
          if o.norm == nil { sets.fix(o.output) }
        } else if embedded.contains(residual.buffer) {
          // The tables' own rows are put on a grid, and what suits the sum suits them.
          sets.join(residual, o.output)
        }
      case .attention(let o):
        sets.join(o.output, o.value)
        keyOf[o.query] = o.key
      case .normalize(let o):
        sets.fix(o.input)
        if let residual = o.residual { sets.fix(residual) }
      case .pool(let o):
        sets.join(o.output, o.input)
      }
    }
    sets.fix(logits)
    let keys = Set(keyOf.values)
    var groups: [Operand: ScalingGroup] = [:]
    var order: [Operand] = []
    for state in sets.operands where !keys.contains(state) {
      guard let root = sets.freeRoot(state) else { continue }
      if groups[root] == nil {
        order.append(root)
        groups[root] = ScalingGroup(states: [], width: state.width)
      }
      groups[root]?.states.append(state)
      if let key = keyOf[state], sets.freeRoot(key) != nil { groups[root]?.inverse.append(key) }
    }
    for (index, step) in steps.enumerated() {
      guard case .linear(let o) = step.operation, let root = sets.freeRoot(o.input) else {
        continue
      }
      groups[root]?.consumers.append(index)
    }
    return order.compactMap { groups[$0] }.filter {
      // Read by nothing that puts it on a grid: nothing to gain. A query without its key cannot move.
      !$0.consumers.isEmpty || !$0.inverse.isEmpty
    }.filter { group in group.states.allSatisfy { keyOf[$0] == nil || !group.inverse.isEmpty } }
  }
}

/// The stretches of buffers that operations read or write, those tied together, and those nothing may
/// change.
private struct OperandSets {
  private(set) var operands: [Operand] = []
  private var parent: [Operand: Operand] = [:]
  private var fixed = Set<Operand>()

  init(_ graph: ModelGraph) {
    var byBuffer: [Int: Set<Operand>] = [:]
    for step in graph.steps {
      for operand in step.operation.inputs { byBuffer[operand.buffer, default: []].insert(operand) }
    }
    for (buffer, found) in byBuffer.sorted(by: { $0.key < $1.key }) {
      let ordered = found.sorted { ($0.column, $0.width) < ($1.column, $1.width) }
      operands += ordered
      for (a, b) in zip(ordered, ordered.dropFirst()) where a.column + a.width > b.column {
        fixed.formUnion(ordered)
      }
      // A write covers its buffer: it is the states read of it that move.
      let whole = Operand(buffer: buffer, width: graph.buffers[buffer].width)
      if !found.contains(whole) { parts[whole] = ordered }
    }
  }

  private var parts: [Operand: [Operand]] = [:]

  private func root(_ operand: Operand) -> Operand {
    var operand = operand
    while let next = parent[operand], next != operand { operand = next }
    return operand
  }

  mutating func fix(_ operand: Operand) {
    fixed.formUnion(parts[operand] ?? [operand])
  }

  mutating func join(_ a: Operand, _ b: Operand) {
    // What is read in parts on one side only has no common vector.
    guard parts[a] == nil, parts[b] == nil else {
      fix(a)
      fix(b)
      return
    }
    parent[root(a)] = root(b)
  }

  /// The representative of a state's set, or nil if the set is fixed.
  func freeRoot(_ operand: Operand) -> Operand? {
    let root = root(operand)
    return fixed.contains { self.root($0) == root } ? nil : root
  }
}
