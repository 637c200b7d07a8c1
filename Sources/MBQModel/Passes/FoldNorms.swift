extension ModelGraph {
  /// Folds NoNorms and biases, which are affine maps, into their neighbours by exact algebra.
  ///
  /// - A linear without activation or residual followed by NoNorm becomes a linear with rows of the
  ///   weight scaled by gamma and bias `bias·gamma + beta`.
  /// - With a residual, `(W·x + b + r)·γ + β` becomes `(W·x + r)·γ + (b·γ + β)`: no bias is left.
  ///
  /// Per-output-channel quantization does not see the scaled rows, so this costs no accuracy; it saves
  /// bytes and a pass over the rows.
  public func foldingNorms() -> ModelGraph {
    var graph = self
    for index in graph.steps.indices {
      guard case .linear(var linear) = graph.steps[index].operation, linear.activation == .none,
        let norm = linear.norm, norm.kind == .noNorm, let bias = linear.bias
      else { continue }
      let gamma = graph.tensors[norm.gamma].expression
      let shifted = TensorExpression.sum(
        .scaled(graph.tensors[bias].expression, by: gamma), graph.tensors[norm.beta].expression)
      if linear.residual == nil {
        graph.tensors[linear.weight].expression = .scaled(
          graph.tensors[linear.weight].expression, by: gamma)
        graph.tensors[bias].expression = shifted
        linear.norm = nil
      } else {
        graph.tensors[norm.beta].expression = shifted
        linear.bias = nil
      }
      graph.steps[index].operation = .linear(linear)
    }
    return graph.droppingUnusedTensors()
  }

  /// Removes tensors that no operation uses.
  func droppingUnusedTensors() -> ModelGraph {
    var used = Set<Int>()
    for step in steps { used.formUnion(step.operation.tensors) }
    var graph = self
    var renumbered: [Int: Int] = [:]
    graph.tensors = []
    for (index, tensor) in tensors.enumerated() where used.contains(index) {
      renumbered[index] = graph.add(tensor)
    }
    for index in graph.steps.indices {
      graph.steps[index].operation = graph.steps[index].operation.mapTensors {
        renumbered[$0] ?? $0
      }
    }
    return graph
  }
}

extension Operation {
  /// The tensors read.
  public var tensors: [Int] {
    var found: [Int] = []
    _ = mapTensors {
      found.append($0)
      return $0
    }
    return found
  }

  /// The same operation with every tensor replaced.
  public func mapTensors(_ replace: (Int) -> Int) -> Operation {
    func norm(_ norm: Norm) -> Norm {
      var norm = norm
      norm.gamma = replace(norm.gamma)
      norm.beta = replace(norm.beta)
      return norm
    }
    switch self {
    case .embed(var o):
      o.word = o.word.map(replace)
      o.position = o.position.map(replace)
      o.type = o.type.map(replace)
      return .embed(o)
    case .linear(var o):
      o.weight = replace(o.weight)
      o.bias = o.bias.map(replace)
      o.norm = o.norm.map(norm)
      o.smoothing = o.smoothing.map(replace)
      return .linear(o)
    case .normalize(var o):
      o.norm = norm(o.norm)
      return .normalize(o)
    case .attention, .pool: return self
    }
  }
}
