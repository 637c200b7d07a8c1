extension ModelGraph {
  /// Merges linears that read the same operand, and have only a bias after the product, into one linear with
  /// stacked weights: the input is quantized once, and wider products run closer to the peak of the processor.
  ///
  /// In MobileBERT: both bottlenecks and the values; queries and keys. In BERT and DistilBERT, of widths
  /// that are multiples of 16: queries, keys and values.
  public func mergingLinears() -> ModelGraph {
    var graph = self
    var replaced: [Int: Operand] = [:]
    var removed = Set<Int>()
    for first in steps.indices where !removed.contains(first) {
      guard let leader = graph.mergeable(first) else { continue }
      let group =
        [first]
        + steps.indices.dropFirst(first + 1).filter {
          guard !removed.contains($0), let other = graph.mergeable($0) else { return false }
          return other.input == leader.input && other.inputGrid == leader.inputGrid
            && other.smoothing == leader.smoothing
        }
      guard group.count > 1 else { continue }
      let linears = group.compactMap { graph.mergeable($0) }
      let width = linears.reduce(0) { $0 + $1.output.width }
      let output = graph.addBuffer(width: width, rows: graph.buffers[leader.output.buffer].rows)
      var column = 0
      for linear in linears {
        replaced[linear.output.buffer] = Operand(
          buffer: output.buffer, column: column, width: linear.output.width)
        column += linear.output.width
      }
      let merged = graph.merge(linears, output)
      let roles = group.map { steps[$0].site.role }
      graph.steps[first] = Step(
        site: Site(steps[first].site.layer, roles.joined(separator: "+")),
        operation: .linear(merged))
      removed.formUnion(group.dropFirst())
    }
    graph.steps = graph.steps.indices.filter { !removed.contains($0) }.map { index in
      var step = graph.steps[index]
      step.operation = step.operation.mapOperands { operand in
        guard let place = replaced[operand.buffer] else { return operand }
        return Operand(
          buffer: place.buffer, column: place.column + operand.column, width: operand.width)
      }
      return step
    }
    return graph.droppingUnusedTensors()
  }

  /// The linear at `index` if it can be merged: only a bias follows the product, and its columns keep the next
  /// ones on a multiple of 16.
  private func mergeable(_ index: Int) -> Operation.Linear? {
    guard case .linear(let linear) = steps[index].operation, linear.activation == .none,
      linear.residual == nil, linear.norm == nil, linear.bias != nil,
      linear.output.width.isMultiple(of: 16), tensors[linear.weight].role == .weight
    else { return nil }
    return linear
  }

  private mutating func merge(
    _ linears: [Operation.Linear], _ output: Operand
  ) -> Operation.Linear {
    func stack(_ parts: [Int], _ role: TensorRole) -> Int {
      let tensors = parts.map { self.tensors[$0] }
      var shape = tensors[0].shape
      shape[0] = tensors.reduce(0) { $0 + $1.shape[0] }
      return add(
        ModelTensor(
          tensors.map { $0.name }.joined(separator: "+"), shape, role,
          .rows(tensors.map { $0.expression })))
    }
    return Operation.Linear(
      weight: stack(linears.map { $0.weight }, .weight),
      bias: stack(linears.compactMap { $0.bias }, .vector),
      input: linears[0].input, output: output, inputGrid: linears[0].inputGrid,
      smoothing: linears[0].smoothing)
  }
}
