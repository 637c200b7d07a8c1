import MBQModel

extension WorkingModel {
  /// The model with only these encoder layers, in order; the residual stream skips the others.
  ///
  /// `layers` are numbers of the checkpoint, which the sites keep: a model of the layers 0, 2 and 4 has
  /// sites such as `layer.4.ffn.0.down`, so recipes, statistics and `Recovery` find what belongs
  /// together. `configuration.layerCount` says how many there are. Keeping all gives the same model.
  ///
  /// Which ones: the first n keep their inputs exactly as they were trained (Sajjad et al., "On the
  /// Effect of Dropping Layers of Pre-trained Transformer Models", 2023, found dropping the top best for
  /// classifiers); `blockInfluence` ranks them otherwise. Goes before `folded`, and after it too.
  ///
  /// Refuses, with `StructureError`, no layers, unknown ones, and ones out of order.
  public func keepingLayers(_ layers: [Int]) throws(StructureError) -> WorkingModel {
    let known = graph.layers
    guard !layers.isEmpty, zip(layers, layers.dropFirst()).allSatisfy(<) else {
      throw .layers(found: layers, count: known.count)
    }
    for layer in layers where !known.contains(layer) { throw .noLayer(layer, known: known) }
    let kept = Set(layers)
    var gaps: [Int: Operand] = [:]
    for layer in known where !kept.contains(layer) {
      guard let stream = graph.stream(ofLayer: layer) else { continue }
      gaps[stream.output.buffer] = stream.input
    }
    var result = dropping(gaps) { step in step.site.layer.map { !kept.contains($0) } ?? false }
    result.configuration.layerCount = layers.count
    return result
  }

  /// The model without some of the feed-forward networks of MobileBERT layers, by layer.
  ///
  /// Network k is the pair of sites `ffn.k.up` and `ffn.k.down`; what follows reads what the network
  /// read. Refuses, with `StructureError`, layers that are not there, families with one unnumbered
  /// network, networks that are not there, and dropping all of a layer.
  public func droppingStacks(_ stacks: [Int: Set<Int>]) throws(StructureError) -> WorkingModel {
    var gaps: [Int: Operand] = [:]
    for (layer, dropped) in stacks.sorted(by: { $0.key < $1.key }) {
      guard graph.layers.contains(layer) else { throw .noLayer(layer, known: graph.layers) }
      let known = graph.stacks(ofLayer: layer)
      guard !known.isEmpty else { throw .noStacks(layer: layer) }
      guard dropped.isSubset(of: known), dropped.count < known.count else {
        throw .stacks(layer: layer, found: dropped.sorted(), known: known)
      }
      for stack in dropped {
        let own = graph.steps(ofLayer: layer).filter { $0.site.stack == stack }
        guard let first = own.first?.operation.inputs.first, let last = own.last else { continue }
        gaps[last.operation.output.buffer] = first
      }
    }
    return dropping(gaps) { step in
      guard let layer = step.site.layer, let stack = step.site.stack else { return false }
      return stacks[layer]?.contains(stack) ?? false
    }
  }
}

extension ModelGraph {
  /// The numbered feed-forward networks of a layer; none in families that have but one.
  public func stacks(ofLayer layer: Int) -> [Int] {
    Set(steps(ofLayer: layer).compactMap(\.site.stack)).sorted()
  }
}

extension Site {
  /// The number of the feed-forward network in `ffn.2.down`.
  var stack: Int? {
    let parts = role.split(separator: ".")
    guard parts.count == 3, parts[0] == "ffn" else { return nil }
    return Int(parts[1])
  }
}
