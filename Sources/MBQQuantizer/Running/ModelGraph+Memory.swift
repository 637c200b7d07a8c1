import MBQModel

extension ModelGraph {
  /// The most bytes a token's hidden states take at once when a `ModelRunner` runs the graph: buffers of
  /// which the last reader is still to come, and the one being written.
  var peakBytesPerToken: Int {
    var lastUse: [Int: Int] = [logits.buffer: Int.max]
    for (index, step) in steps.enumerated() {
      for operand in step.operation.inputs {
        lastUse[operand.buffer] = max(lastUse[operand.buffer] ?? 0, index)
      }
    }
    var live: [Int: Int] = [:]
    var peak = 0
    for (index, step) in steps.enumerated() {
      let buffer = step.operation.output.buffer
      if buffers[buffer].rows == .tokens { live[buffer] = (buffers[buffer].width + 15) / 16 * 64 }
      peak = max(peak, live.values.reduce(0, +))
      live = live.filter { lastUse[$0.key] ?? -1 > index }
    }
    return peak
  }
}
