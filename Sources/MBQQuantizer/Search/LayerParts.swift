import MBQModel

/// What a layer can lose parts of: means over the layers, of a folded graph.
struct LayerParts {
  var stacks = 0
  var heads = 0
  var headWidth = 0
  var stackWeights = 0
  var headWeights = 0

  init(_ graph: ModelGraph) {
    let layers = max(graph.layers.count, 1)
    var attention: [Int: Operation.Attention] = [:]
    for step in graph.steps {
      guard let layer = step.site.layer, case .attention(let found) = step.operation else {
        continue
      }
      attention[layer] = found
      heads = found.heads
      headWidth = found.query.width / max(found.heads, 1)
    }
    var named = Set<Int>()
    var (inStacks, inHeads) = (0, 0)
    for step in graph.steps {
      guard let layer = step.site.layer, case .linear(let linear) = step.operation else { continue }
      let count = linear.input.width * linear.output.width
      if let stack = step.site.stack {
        named.insert(stack)
        inStacks += count
      } else if let found = attention[layer],
        [found.query, found.key, found.value].map(\.buffer).contains(linear.output.buffer)
          || linear.input.buffer == found.output.buffer
      {
        inHeads += count
      }
    }
    stacks = named.count
    stackWeights = inStacks / layers / max(stacks, 1)
    headWeights = inHeads / layers / max(heads, 1)
  }
}
