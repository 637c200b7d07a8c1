extension Recipe {
  /// What is done, in a line for reports and provenance.
  public var summary: String {
    let bits = weights?.bits ?? 8
    var parts: [String] = []
    switch keepLayers {
    case nil: break
    case .first(let count): parts.append("first \(count) layers")
    case .listed(let layers):
      parts.append("layers \(layers.map { "\($0)" }.joined(separator: " "))")
    }
    if let prune, let options = PruningOptions(prune) {
      let percent = Int((options.effectiveSparsity * 100).rounded())
      parts.append("\(percent) % zeros (\(options.method.rawValue), \(options.pattern.rawValue))")
    }
    if bits > 8 {
      parts.append(Precision(rawValue: bits)?.summary ?? "\(bits)-bit weights")
      return parts.joined(separator: ", ")
    }
    let all = Set((overrides ?? []).map { $0.bits ?? bits } + [bits])
    if let least = all.min(), let most = all.max(), least < most {
      parts.append("int\(least) to int\(most) weights, groups of \(weights?.group ?? 64)")
    } else if bits <= 4 {
      parts.append("int\(bits) weights per group of \(weights?.group ?? 64)")
    } else {
      parts.append("int8 weights per output channel")
    }
    if let rounding = weights?.rounding, rounding != .nearest { parts.append(rounding.rawValue) }
    parts.append(
      activations?.scheme == .isStatic
        ? "static int8 activations" : "int8 activations per token")
    return parts.joined(separator: ", ")
  }
}

extension Recipe {
  /// What `Compressor.prepare` depends on beside the checkpoint and its texts: results that depend on
  /// nothing else may be kept under it.
  public var structureKey: String {
    var parts: [String] = []
    switch keepLayers {
    case nil: parts.append("all layers")
    case .first(let count): parts.append("first \(count) layers")
    case .listed(let layers):
      parts.append("layers \(layers.map { "\($0)" }.joined(separator: " "))")
    }
    if let count = prune?.dropHeads, count > 0 { parts.append("\(count) heads dropped") }
    if let count = prune?.dropStacks, count > 0 { parts.append("\(count) stacks dropped") }
    if vocabulary?.keepUsed == true { parts.append("used pieces") }
    if let linears = recover?.linears {
      parts.append(linears ? "linears recovered" : "linears left")
    }
    if recover?.affine == true { parts.append("affine recovered") }
    if equalize == false || (weights?.bits ?? 8) > 8 {
      parts.append("not equalized")
    } else if activations?.scheme == .isStatic {
      // Equalization weighs errors by the grid of the activations.
      parts.append("equalized for static activations")
    }
    return parts.joined(separator: ", ")
  }
}
