import MBQModel

/// Which hidden state of the original each step of the compressed model is to give.
struct RecoveryTargets {
  struct Target {
    /// A buffer of the original, and the step that writes it.
    var buffer: Int
    var producer: Int
    /// What is compared is what goes into the activation of both steps.
    var isBeforeActivation: Bool
  }

  private(set) var byStep: [Int: Target] = [:]
  /// The last step of the compressed model each buffer of the original is compared with.
  private(set) var lastUse: [Int: Int] = [:]

  init(_ compressed: WorkingModel, _ original: WorkingModel, _ rule: Recovery.Options.Targets) {
    let graph = compressed.graph
    var named: [String: ModelGraph.Step] = [:]
    for step in original.graph.steps { named[step.site.name] = step }
    var producers: [Int: Int] = [:]
    for (index, step) in original.graph.steps.enumerated() {
      producers[step.operation.output.buffer] = index
    }
    for (index, step) in graph.steps.enumerated() {
      guard step.operation.isFitted else { continue }
      var operand: Operand?
      if step.operation.output.buffer == graph.logits.buffer {
        operand = original.graph.logits
      } else if rule == .spread, let layer = step.site.layer {
        operand = Self.spread(layer, index, graph, original.graph)
      } else {
        operand = Self.readAfter(index, graph, named)
      }
      guard let operand, let producer = producers[operand.buffer],
        original.graph.buffers[operand.buffer] == graph.buffers[step.operation.output.buffer]
      else { continue }
      let other = original.graph.steps[producer].operation
      guard step.operation.activation == other.activation else { continue }
      byStep[index] = Target(
        buffer: operand.buffer, producer: producer,
        isBeforeActivation: step.operation.activation != .none)
      lastUse[operand.buffer] = index
    }
  }

  /// What the first reader of a step's buffer reads in the original.
  private static func readAfter(
    _ index: Int, _ graph: ModelGraph, _ named: [String: ModelGraph.Step]
  ) -> Operand? {
    let buffer = graph.steps[index].operation.output.buffer
    for reader in graph.steps[(index + 1)...] {
      guard let place = reader.operation.inputs.firstIndex(where: { $0.buffer == buffer }) else {
        continue
      }
      guard let other = named[reader.site.name]?.operation.inputs, other.count > place,
        other[place].column == reader.operation.inputs[place].column
      else { return nil }
      return other[place]
    }
    return nil
  }

  private static func spread(
    _ layer: Int, _ index: Int, _ graph: ModelGraph, _ original: ModelGraph
  ) -> Operand? {
    let (kept, all) = (graph.layers, original.layers)
    guard let place = kept.firstIndex(of: layer),
      let stream = graph.stream(ofLayer: layer),
      graph.steps[index].operation.output.buffer == stream.output.buffer
    else { return nil }
    let reached = (Double((place + 1) * all.count) / Double(kept.count)).rounded()
    return original.stream(ofLayer: all[max(0, Int(reached) - 1)])?.output
  }
}

/// The original's states on the texts, as far as they are needed.
final class TargetStates {
  private let runner: ModelRunner
  private let states: HiddenStates
  private let targets: RecoveryTargets
  private var next = 0
  private var kept: [Int: HiddenRows] = [:]
  private let before: Set<Int>

  init(_ runner: ModelRunner, _ texts: [[UInt32]], _ targets: RecoveryTargets) {
    self.runner = runner
    self.targets = targets
    states = HiddenStates(texts)
    before = Set(targets.byStep.values.filter(\.isBeforeActivation).map(\.producer))
  }

  /// The rows of a target; the original is run as far as that takes.
  func rows(_ target: RecoveryTargets.Target) -> HiddenRows {
    while next <= target.producer {
      let operation = runner.steps[next].operation
      runner.run(next, states)
      let buffer = operation.output.buffer
      if targets.lastUse[buffer] != nil {
        if before.contains(next), case .linear(var linear) = operation {
          linear.activation = .none
          kept[buffer] = runner.rows(of: .linear(linear), states)
        } else {
          kept[buffer] = states.rows(operation.output)
        }
      }
      runner.release(states, after: next)
      next += 1
    }
    guard let rows = kept[target.buffer] else {
      preconditionFailure("the original's step \(target.producer) was run and not kept")
    }
    return rows
  }

  /// Forgets what no step after `step` is compared with.
  func forget(after step: Int) {
    kept = kept.filter { (targets.lastUse[$0.key] ?? -1) > step }
  }
}

extension Operation {
  /// Least squares can change it.
  var isFitted: Bool {
    switch self {
    case .linear(let o):
      // An activation between the product and the norm has no closed form.
      (o.activation == .none || (o.norm == nil && o.residual == nil))
        && (o.bias != nil || o.norm != nil)
    case .normalize: true
    case .embed, .attention, .pool: false
    }
  }

  var activation: LinearActivation {
    if case .linear(let o) = self { o.activation } else { .none }
  }
}
