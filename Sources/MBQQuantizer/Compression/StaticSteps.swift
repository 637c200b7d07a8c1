import MBQModel

extension ModelGraph {
  /// Gives every linear and attention its steps; returns how many inputs that were.
  mutating func setStaticSteps(_ steps: [CalibrationStatistics.StaticStep]) -> Int {
    var attention: [Int: [OperandRole: Float]] = [:]
    var count = 0
    for found in steps {
      let place = found.site.step
      switch self.steps[place].operation {
      case .linear(var linear):
        guard tensors[linear.weight].role == .weight else { continue }
        linear.inputGrid = .int8Static(step: found.step)
        count += 1
        self.steps[place].operation = .linear(linear)
      case .attention: attention[place, default: [:]][found.site.role] = found.step
      case .embed, .normalize, .pool: continue
      }
    }
    for (place, roles) in attention {
      guard case .attention(var o) = self.steps[place].operation, let query = roles[.query],
        let key = roles[.key], let value = roles[.value]
      else { continue }
      o.steps = AttentionSteps(query: query, key: key, value: value)
      self.steps[place].operation = .attention(o)
      count += 3
    }
    return count
  }
}

extension WorkingModel {
  var headWidth: Int {
    for step in graph.steps {
      if case .attention(let o) = step.operation { return o.query.width / o.heads }
    }
    return 0
  }
}
