import MBQModel

extension WorkingModel {
  /// The model without the steps for which `drops` holds: what read the buffer of a dropped step in
  /// `replacements` reads the operand given there instead.
  ///
  /// Tensors, values and buffers nothing names any more go too. Sites keep their names.
  func dropping(
    _ replacements: [Int: Operand], where drops: (ModelGraph.Step) -> Bool
  ) -> WorkingModel {
    var result = self
    result.graph.steps = graph.steps.filter { !drops($0) }
    // A gap may begin where another one ends.
    func place(_ operand: Operand) -> Operand {
      var operand = operand
      while let other = replacements[operand.buffer] {
        operand = Operand(
          buffer: other.buffer, column: other.column + operand.column, width: operand.width)
      }
      return operand
    }
    for index in result.graph.steps.indices {
      result.graph.steps[index].operation = result.graph.steps[index].operation.mapOperands(place)
    }
    result.graph.logits = place(result.graph.logits)
    return result.withoutUnused()
  }

  /// Removes tensors and buffers no step names.
  private func withoutUnused() -> WorkingModel {
    var result = self
    var tensors = Set<Int>()
    var buffers = Set<Int>()
    for step in graph.steps {
      tensors.formUnion(step.operation.tensors)
      buffers.formUnion(step.operation.inputs.map(\.buffer) + [step.operation.output.buffer])
    }
    var newTensor: [Int: Int] = [:]
    result.graph.tensors = []
    result.values = []
    result.rounded = [:]
    for (index, tensor) in graph.tensors.enumerated() where tensors.contains(index) {
      newTensor[index] = result.graph.add(tensor)
      result.values.append(values[index])
      result.rounded[result.values.count - 1] = rounded[index]
    }
    var newBuffer: [Int: Int] = [:]
    result.graph.buffers = []
    for (index, buffer) in graph.buffers.enumerated() where buffers.contains(index) {
      newBuffer[index] = result.graph.buffers.count
      result.graph.buffers.append(buffer)
    }
    func renumbered(_ operand: Operand) -> Operand {
      Operand(
        buffer: newBuffer[operand.buffer] ?? 0, column: operand.column, width: operand.width)
    }
    for index in result.graph.steps.indices {
      result.graph.steps[index].operation = result.graph.steps[index].operation
        .mapTensors { newTensor[$0] ?? 0 }
        .mapOperands(renumbered)
    }
    result.graph.logits = renumbered(result.graph.logits)
    return result
  }
}

extension ModelGraph {
  /// The encoder layers there are, in the order they run, under the numbers of the checkpoint.
  public var layers: [Int] {
    var found: [Int] = []
    for step in steps {
      if let layer = step.site.layer, found.last != layer { found.append(layer) }
    }
    return found
  }

  /// The steps of a layer; they follow each other.
  func steps(ofLayer layer: Int) -> [Step] { steps.filter { $0.site.layer == layer } }

  /// What a layer reads of the residual stream, and the stream it leaves.
  ///
  /// Its first step reads the stream in every family, and its last one writes it.
  func stream(ofLayer layer: Int) -> (input: Operand, output: Operand)? {
    let own = steps(ofLayer: layer)
    guard let first = own.first?.operation.inputs.first, let last = own.last?.operation.output
    else { return nil }
    return (first, last)
  }
}
