extension Plan {
  /// What is done, in a line for reports and provenance.
  public var summary: String {
    var parts: [String] = []
    switch structure.layers {
    case .all: break
    case .first(let count): parts.append("first \(count) layers")
    case .listed(let layers):
      parts.append("layers \(layers.map { "\($0)" }.joined(separator: " "))")
    }
    if prunes {
      let percent = Int((pruning.effectiveSparsity * 100).rounded())
      parts.append("\(percent) % zeros (\(pruning.method.rawValue), \(pruning.pattern.rawValue))")
    }
    let bits = weights.bits
    if bits > 8 {
      parts.append(precision.summary)
      return parts.joined(separator: ", ")
    }
    let all = overrides.map(\.bits) + [bits]
    if let least = all.min(), let most = all.max(), least < most {
      parts.append("int\(least) to int\(most) weights, groups of \(weights.group)")
    } else if bits <= 4 {
      parts.append("int\(bits) weights per group of \(weights.group)")
    } else {
      parts.append("int8 weights per output channel")
    }
    // Without text, mse is what few bits get: nothing was chosen.
    let isPlain = weights.rounding == .nearest || weights.rounding == .mse && bits <= 4 && !hasText
    if !isPlain { parts.append(weights.rounding.rawValue) }
    switch activations.scheme {
    case .isStatic: parts.append("static int8 activations")
    case .perToken: parts.append("int8 activations per token")
    }
    return parts.joined(separator: ", ")
  }
}
