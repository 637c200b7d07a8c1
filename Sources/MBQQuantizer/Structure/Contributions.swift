import MBQModel
import MBQRuntime

/// How much parts of a model matter on calibration texts: what to drop follows from it.
public struct Contributions: Sendable {
  /// By layer, how much the block turns the residual stream; the smallest may go first.
  ///
  /// `1 − mean cos(h, h')` of the stream before and after it, over tokens: the block influence of Men et
  /// al., "ShortGPT: Layers in Large Language Models are More Redundant Than You Expect" (2024),
  /// equation 1.
  public var blockInfluence: [Int: Double] = [:]
  /// By layer and head, the mean square of what the head adds to the residual stream of its layer, as a
  /// share of the stream's.
  public var heads: [Int: [Double]] = [:]
  /// By layer and feed-forward network, the same.
  public var stacks: [Int: [Int: Double]] = [:]

  /// Measures on the unfolded `model`; `texts` are token ids, `[CLS]` to `[SEP]`.
  ///
  /// Memory: the hidden states of all texts at once, some 6 kB a token for MobileBERT.
  public init(
    of model: WorkingModel, texts: [[UInt32]], parallel: Parallel = .serial
  ) {
    let runner = ModelRunner(model, parallel: parallel)
    let graph = model.graph
    var headsOf: [Int: Int] = [:]
    for step in graph.steps {
      if case .attention(let o) = step.operation { headsOf[o.output.buffer] = o.heads }
    }
    // The stream each layer begins with is gone when its last step is visited, so it is kept.
    var streams: [Int: HiddenRows] = [:]
    var result = self
    _ = runner.logits(texts) { index, states in
      let step = graph.steps[index]
      for (layer, input) in streams {
        guard let stream = graph.stream(ofLayer: layer), step.site.layer != layer else { continue }
        result.blockInfluence[layer] = Self.influence(
          input, stream.input, states.rows(stream.output), stream.output)
        streams[layer] = nil
      }
      guard let layer = step.site.layer else { return }
      if streams[layer] == nil, result.blockInfluence[layer] == nil,
        let stream = graph.stream(ofLayer: layer)
      {
        streams[layer] = states.rows(stream.input)
      }
      guard case .linear(let linear) = step.operation, let residual = linear.residual else {
        return
      }
      if let heads = headsOf[linear.input.buffer] {
        let width = linear.input.width / heads
        result.heads[layer] = (0..<heads).map { head in
          let columns = (head * width)..<((head + 1) * width)
          return Self.share(linear, columns, nil, residual, states, runner)
        }
      } else if let stack = step.site.stack {
        result.stacks[layer, default: [:]][stack] = Self.share(
          linear, 0..<linear.input.width, linear.bias, residual, states, runner)
      }
    }
    self = result
  }

  private init() {}

  /// The `count` heads of all layers that add least, by layer; each layer keeps one at least, and a
  /// number of heads whose columns are a multiple of 16.
  public func weakestHeads(_ count: Int, headWidth: Int) -> [Int: Set<Int>] {
    let unit = headWidth.isMultiple(of: 16) ? 1 : 16 / Self.gcd(16, headWidth)
    var dropped: [Int: Set<Int>] = [:]
    let ranked = heads.flatMap { layer, shares in
      shares.enumerated().map { (layer: layer, head: $0.offset, share: $0.element) }
    }.sorted { ($0.share, $0.layer, $0.head) < ($1.share, $1.layer, $1.head) }
    for entry in ranked where dropped.values.reduce(0, { $0 + $1.count }) < count {
      if dropped[entry.layer, default: []].count + 1 < heads[entry.layer]?.count ?? 0 {
        dropped[entry.layer, default: []].insert(entry.head)
      }
    }
    guard unit > 1 else { return dropped }
    for (layer, gone) in dropped {
      let total = heads[layer]?.count ?? 0
      var gone = gone
      while !(total - gone.count).isMultiple(of: unit),
        let strongest = gone.max(by: { first, second in
          (heads[layer]?[first] ?? 0) < (heads[layer]?[second] ?? 0)
        })
      { gone.remove(strongest) }
      dropped[layer] = gone.isEmpty ? nil : gone
    }
    return dropped
  }

  /// The `count` feed-forward networks of all layers that add least; each layer keeps one at least.
  public func weakestStacks(_ count: Int) -> [Int: Set<Int>] {
    var dropped: [Int: Set<Int>] = [:]
    let ranked = stacks.flatMap { layer, shares in
      shares.map { (layer: layer, stack: $0.key, share: $0.value) }
    }.sorted { ($0.share, $0.layer, $0.stack) < ($1.share, $1.layer, $1.stack) }
    for entry in ranked where dropped.values.reduce(0, { $0 + $1.count }) < count {
      if dropped[entry.layer, default: []].count + 1 < stacks[entry.layer]?.count ?? 0 {
        dropped[entry.layer, default: []].insert(entry.stack)
      }
    }
    return dropped
  }

  /// The `count` layers with the greatest block influence, in order.
  public func mostInfluentialLayers(_ count: Int) -> [Int] {
    blockInfluence.sorted { ($0.value, -$0.key) > ($1.value, -$1.key) }
      .prefix(count).map(\.key).sorted()
  }

  private static func gcd(_ first: Int, _ second: Int) -> Int {
    second == 0 ? first : gcd(second, first % second)
  }

  private static func influence(
    _ before: HiddenRows, _ first: Operand, _ after: HiddenRows, _ second: Operand
  ) -> Double {
    var total = 0.0
    for row in 0..<before.count {
      let a = before.row(row) + first.column
      let b = after.row(row) + second.column
      var (dot, aa, bb) = (0.0, 0.0, 0.0)
      for column in 0..<first.width {
        dot += Double(a[column]) * Double(b[column])
        aa += Double(a[column]) * Double(a[column])
        bb += Double(b[column]) * Double(b[column])
      }
      total += aa > 0 && bb > 0 ? dot / (aa * bb).squareRoot() : 1
    }
    return before.count == 0 ? 0 : 1 - total / Double(before.count)
  }

  /// `mean ‖W·x + b‖² / mean ‖r‖²` for the columns of x: the first from `Σ x·xᵀ` and `Σ x`.
  private static func share(
    _ linear: Operation.Linear, _ columns: Range<Int>, _ bias: Int?, _ residual: Operand,
    _ states: HiddenStates, _ runner: ModelRunner
  ) -> Double {
    let x = states.rows(linear.input)
    let r = states.rows(residual)
    guard x.count > 0 else { return 0 }
    let width = columns.count
    let start = linear.input.column + columns.lowerBound
    var moments = Moments(width: width)
    moments.add(x, start, x, start, runner)
    var sums = [Double](repeating: 0, count: width)
    var stream = 0.0
    for row in 0..<x.count {
      let values = x.row(row) + start
      for column in 0..<width { sums[column] += Double(values[column]) }
      let others = r.row(row) + residual.column
      for column in 0..<residual.width { stream += Double(others[column]) * Double(others[column]) }
    }
    let weights = runner.model.values[linear.weight]
    let biases = bias.map { runner.model.values[$0] }
    var added = 0.0
    for output in 0..<linear.output.width {
      let offset = output * linear.input.width + columns.lowerBound
      for a in 0..<width {
        let weight = Double(weights[offset + a])
        if weight == 0 { continue }
        var sum = 0.0
        for b in 0..<width {
          sum += Double(moments.values[a * width + b]) * Double(weights[offset + b])
        }
        added += weight * sum
        if let biases { added += 2 * weight * sums[a] * Double(biases[output]) }
      }
      if let biases { added += Double(x.count) * Double(biases[output]) * Double(biases[output]) }
    }
    return stream > 0 ? added / stream : .infinity
  }
}
