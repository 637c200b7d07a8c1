import MBQModel

extension WorkingModel {
  /// The model without some attention heads, by layer: their rows of the query, key and value linears
  /// and their columns of `attention.output` (Michel et al., "Are Sixteen Heads Really Better than
  /// One?", 2019).
  ///
  /// The width of a head stays; head h is the columns `h·width ..< (h + 1)·width`. Goes before `folded`.
  /// Refuses, with `StructureError`, layers or heads that are not there, dropping all heads of a layer,
  /// and a number of heads whose columns are not a multiple of 16.
  public func droppingHeads(_ heads: [Int: Set<Int>]) throws(StructureError) -> WorkingModel {
    precondition(rounded.isEmpty, "weights are rounded after heads are dropped")
    var result = self
    for (layer, dropped) in heads.sorted(by: { $0.key < $1.key }) {
      guard graph.layers.contains(layer) else { throw .noLayer(layer, known: graph.layers) }
      for (index, step) in graph.steps.enumerated() where step.site.layer == layer {
        guard case .attention(let attention) = step.operation else { continue }
        guard dropped.allSatisfy((0..<attention.heads).contains), dropped.count < attention.heads
        else { throw .heads(layer: layer, found: dropped.sorted(), count: attention.heads) }
        let width = attention.query.width / attention.heads
        let kept = (0..<attention.heads).filter { !dropped.contains($0) }
        guard (kept.count * width).isMultiple(of: 16) else {
          throw .headWidth(layer: layer, heads: kept.count, headWidth: width)
        }
        result.keepHeads(kept, of: attention, at: index)
      }
    }
    return result
  }

  private mutating func keepHeads(_ kept: [Int], of attention: Operation.Attention, at index: Int) {
    guard kept.count < attention.heads else { return }
    let width = attention.query.width / attention.heads
    let columns = kept.flatMap { head in (head * width)..<((head + 1) * width) }
    let sources = Set([attention.query, attention.key, attention.value].map(\.buffer))
    let narrowed = sources.union([attention.output.buffer])
    for place in graph.steps.indices {
      guard case .linear(var linear) = graph.steps[place].operation else { continue }
      if sources.contains(linear.output.buffer) {
        keepRows(columns, of: linear.weight)
        if let bias = linear.bias { keepRows(columns, of: bias) }
        linear.output.width = columns.count
      } else if linear.input.buffer == attention.output.buffer {
        keepColumns(columns, of: linear.weight)
        linear.input.width = columns.count
      }
      graph.steps[place].operation = .linear(linear)
    }
    for buffer in narrowed { graph.buffers[buffer].width = columns.count }
    var attention = attention
    attention.query.width = columns.count
    attention.key.width = columns.count
    attention.value.width = columns.count
    attention.output.width = columns.count
    attention.heads = kept.count
    graph.steps[index].operation = .attention(attention)
  }

  private mutating func keepRows(_ kept: [Int], of tensor: Int) {
    let columns = graph.tensors[tensor].shape.count == 2 ? graph.tensors[tensor].shape[1] : 1
    values[tensor] = kept.flatMap { values[tensor][($0 * columns)..<(($0 + 1) * columns)] }
    graph.tensors[tensor].shape[0] = kept.count
  }

  private mutating func keepColumns(_ kept: [Int], of tensor: Int) {
    let (rows, columns) = matrixShape(tensor)
    let old = values[tensor]
    values[tensor] = (0..<rows).flatMap { row in kept.map { old[row * columns + $0] } }
    graph.tensors[tensor].shape[1] = kept.count
  }
}
