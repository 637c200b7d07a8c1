import MBQCheckpoints
import MBQModel
import Testing

@testable import MBQQuantizer

/// What google/mobilebert-uncased has, in small: channels of the residual stream thousands of times the
/// others, and one that nothing reads but its own residuals, at -2.4e7 on the first token.
struct OutlierModels {
  let checkpoint: Checkpoint
  let clean: WorkingModel
  let outliers: WorkingModel

  static let hot = [3, 17, 40, 41, 66, 90, 101, 127]
  static let cut = 77

  /// tiny-news with a channel cut off, and the same function with outliers.
  init() throws {
    let working: WorkingModel
    (checkpoint, working) = try workingModel("example", "tiny-news")
    var clean = working.folded()
    let graph = clean.graph
    let stream = graph.scalingGroups().filter { group in
      group.width == clean.configuration.hiddenSize
        && group.states.contains { graph.isStream($0) }
    }
    try #require(stream.count > clean.configuration.layerCount - 1)
    let states = Set(stream.flatMap(\.states))
    for step in graph.steps {
      guard case .linear(let o) = step.operation else { continue }
      if o.input.width == clean.configuration.hiddenSize,
        states.contains(o.input) || o.output == graph.logits
      {
        for row in 0..<o.output.width {
          clean.values[o.weight][row * o.input.width + Self.cut] = 0
        }
      }
      // Nothing but the residual itself comes in, and it goes through as it is.
      if let norm = o.norm, o.output.width == clean.configuration.hiddenSize,
        let residual = o.residual, graph.isStream(residual)
      {
        clean.values[norm.gamma][Self.cut] = 1
        clean.values[norm.beta][Self.cut] = 0
      }
    }
    var outliers = clean
    for group in stream {
      outliers.scale(
        group, by: (0..<group.width).map { Self.hot.contains($0) ? 17 : 0 })
    }
    for step in graph.steps {
      guard case .embed(let o) = step.operation, let position = o.position else { continue }
      outliers.values[position][Self.cut] = -2.4e7
    }
    (self.clean, self.outliers) = (clean, outliers)
  }
}

extension ModelGraph {
  /// The residual stream between layers, from the embeddings on.
  func isStream(_ operand: Operand) -> Bool {
    let name = producer(of: operand.buffer)
    return name.hasPrefix("embeddings") || name.hasSuffix("bottleneck.output")
  }
}
