import Foundation
public import MBQFormat
public import MBQKernels
import MBQModel
public import MBQRuntime

/// The hidden states after each layer of a packed model, for a few texts.
public struct LayerStates: Sendable {
  public struct State: Sendable {
    /// From 0.
    public var layer: Int
    public var width: Int
    /// (tokens, width) Row after row.
    public var values: [Float]
  }

  public let states: [State]
  /// (texts, labels) What the runtime gives, to the bit.
  public let logits: [Float]
  /// Channels may have been rescaled: nothing re-centres the hidden states.
  let isScalable: Bool

  /// Runs `texts` (token ids, none empty nor longer than the model takes) through `packed` on the
  /// runtime's kernels, one step after the other.
  ///
  /// `nil` for a file whose steps do not each fill a buffer of their own, as those of every file that
  /// mbq writes do; the runtime runs others too.
  public init?(
    _ packed: PackedModel, texts: [[UInt32]], parallel: Parallel = .serial,
    kernels: KernelSet = KernelSets.best
  ) {
    let header = packed.header
    guard Self.canRun(header) else { return nil }
    let runner = ModelRunner(
      WorkingModel(looking: packed), parallel: parallel, kernels: kernels)
    runner.usesIntegerAttention = header.activations == .int8PerToken
    // What a layer gives is what its last step on the tokens gives.
    var last: [Int: Int] = [:]
    for (index, step) in header.steps.enumerated() {
      guard let layer = step.layer, header.buffers[step.operation.output.buffer].rows == .tokens
      else { continue }
      last[layer] = index
    }
    let wanted = Set(last.values)
    let states = HiddenStates(texts)
    var found: [State] = []
    for (index, step) in header.steps.enumerated() {
      runner.run(index, states)
      if wanted.contains(index), let layer = step.layer {
        let output = step.operation.output
        let rows = states.rows(output)
        found.append(
          State(
            layer: layer, width: output.width,
            values: (0..<rows.count).flatMap {
              UnsafeBufferPointer(start: rows.row($0) + output.column, count: output.width)
            }))
      }
      runner.release(states, after: index)
    }
    self.states = found.sorted { $0.layer < $1.layer }
    logits = runner.logits(states)
    isScalable = !header.steps.contains { step in
      switch step.operation {
      case .linear(let o): o.norm?.kind == .layerNorm
      case .normalize(let o): o.norm.kind == .layerNorm
      case .embed, .attention, .pool: false
      }
    }
  }

  /// Whether every step fills a buffer of its own, from buffers that are there.
  static func canRun(_ header: PackedHeader) -> Bool {
    var written: Set<Int> = []
    for step in header.steps {
      let output = step.operation.output
      guard output.column == 0, output.width == header.buffers[output.buffer].width,
        step.operation.inputs.allSatisfy({ written.contains($0.buffer) }),
        written.insert(output.buffer).inserted
      else { return false }
    }
    return written.contains(header.logits.buffer)
  }

  /// ‖this − baseline‖ / ‖baseline‖ of every layer that both have, of the same width and tokens.
  ///
  /// A channel that equalization rescaled by a power of two, which the next weights undo, is scaled back
  /// first: by the power of two nearest to the ratio of its norms.
  public func relativeErrors(against baseline: LayerStates) -> [(layer: Int, error: Double)] {
    states.compactMap { state in
      guard let other = baseline.states.first(where: { $0.layer == state.layer }),
        other.width == state.width, other.values.count == state.values.count
      else { return nil }
      let error = Self.relativeError(
        state.values, against: other.values, width: state.width,
        rescales: isScalable && baseline.isScalable)
      return (state.layer, error)
    }
  }

  static func relativeError(
    _ values: [Float], against baseline: [Float], width: Int, rescales: Bool
  ) -> Double {
    var (difference, size) = (0.0, 0.0)
    for channel in 0..<width {
      let places = stride(from: channel, to: baseline.count, by: width)
      var factor = 1.0
      if rescales {
        let mine = places.reduce(0.0) { $0 + Double(values[$1]) * Double(values[$1]) }
        let theirs = places.reduce(0.0) { $0 + Double(baseline[$1]) * Double(baseline[$1]) }
        if mine > 0, theirs > 0 { factor = exp2(-(log2(mine / theirs) / 2).rounded()) }
      }
      for place in places {
        let expected = Double(baseline[place])
        let change = Double(values[place]) * factor - expected
        difference += change * change
        size += expected * expected
      }
    }
    return size > 0 ? (difference / size).squareRoot() : 0
  }
}
