import MBQCheckpoints
import MBQCore
import MBQModel
public import MBQRuntime

/// Exact equalization of hidden states: rescales channels by powers of two folded into the neighbouring
/// weights, so that int8 grids fit and the fp32 function stays the same to the bit.
///
/// For NoNorm/ReLU models every residual stream and every feed-forward vector can be rescaled, because
/// nothing re-centres them; cross-layer equalization (Nagel et al., "Data-Free Quantization through
/// Weight Equalization and Bias Correction", 2019) carried through residual sums. In LayerNorm/GELU
/// models values and query-key pairs can.
public enum Equalizer {
  public struct Site: Equatable, Sendable {
    /// The operation whose output is scaled, such as `layer.3.ffn.0.up`.
    public var name: String
    public var alpha: Float?
    /// The smallest and the largest exponent chosen.
    public var exponents: ClosedRange<Int>
    /// What is left of the squared int8 error of the products that read it.
    public var errorShare: Double

    init(_ name: String, _ choice: ScaleSearch.Choice, _ exponents: [Int]) {
      self.name = name
      alpha = choice.alpha
      self.exponents = (exponents.min() ?? 0)...(exponents.max() ?? 0)
      errorShare = choice.before > 0 ? choice.after / choice.before : 1
    }
  }

  /// The model with its channels equalized, and what was done where.
  ///
  /// `texts` are token ids; without any, seeded sequences of word pieces stand in for them, which is
  /// enough to see scales. `isStatic` for activations with one scale a tensor. Inputs that no exact
  /// rescaling reaches (LayerNorm's output, which is a residual too, and GELU's) get a vector the runtime
  /// multiplies them with before they are put on their grid, where text shows that it pays.
  public static func equalize(
    _ model: WorkingModel, texts: [[UInt32]] = [], isStatic: Bool = false,
    parallel: Parallel = .serial, progress: (Double) -> Void = { _ in }
  ) -> (model: WorkingModel, sites: [Site]) {
    let groups = model.graph.scalingGroups()
    let smoothed = texts.isEmpty ? [] : model.smoothableLinears(groups)
    guard !groups.isEmpty || !smoothed.isEmpty else { return (model, []) }
    let wanted = Set(groups.flatMap { $0.states + $0.inverse } + smoothed.map(\.linear.input))
    let states = observe(model, wanted, texts.isEmpty ? samples(model) : texts, parallel)
    // Random word pieces show where a grid does not fit at all; they do not show by how much.
    let share = texts.isEmpty ? 0.25 : 0.9
    let total = Double(groups.count + smoothed.count)
    var result = model
    var sites: [Site] = []
    for (index, group) in groups.enumerated() {
      // Groups share weights with their neighbours: each is judged by what those before it left.
      let choice = ScaleSearch.choose(
        view(result, group, states), channels: group.width, isStatic: isStatic, share: share)
      let exponents = representable(choice.exponents, group, result)
      if exponents.contains(where: { $0 != 0 }) { result.scale(group, by: exponents) }
      sites.append(Site(model.graph.producer(of: group.states[0].buffer), choice, exponents))
      progress(Double(index + 1) / total)
    }
    let (exact, exactSites) = (result, sites)
    for (index, place) in smoothed.enumerated() {
      let weights = result.values[place.linear.weight]
      var choice = ScaleSearch.choose(
        ChannelView(states: states[place.linear.input] ?? [], weights: [weights]),
        channels: place.linear.input.width, isStatic: isStatic, share: share * 0.8)
      if choice.alpha != nil, !result.smooth(place.step, by: choice.exponents) {
        choice = .init(
          exponents: choice.exponents.map { _ in 0 }, before: choice.before, after: choice.before,
          alpha: nil)
      }
      sites.append(Site(model.graph.steps[place.step].site.name, choice, choice.exponents))
      progress(Double(groups.count + index + 1) / total)
    }
    // What is better for each product alone can be worse for the answers: then only what is free is kept.
    if sites.dropFirst(exactSites.count).contains(where: { $0.alpha != nil }) {
      let truth = ModelRunner(model, parallel: parallel).logits(texts)
      if int8Error(result, texts, truth, parallel) >= int8Error(exact, texts, truth, parallel) {
        return (exact, exactSites)
      }
    }
    return (result, sites)
  }

  /// The squared change of the logits (texts, labels) that int8 makes, summed.
  private static func int8Error(
    _ model: WorkingModel, _ texts: [[UInt32]], _ truth: [Float], _ parallel: Parallel
  ) -> Double {
    var plan = RoundingPlan(
      weights: .init(grid: .int8, method: .nearest),
      embeddings: .init(grid: .int8, method: .nearest))
    plan.correctsBias = false
    // Without text nothing is refused but weights that are not finite, which packing names.
    guard let rounded = try? ModelRounding.round(model, plan, texts: [], parallel: parallel).model
    else { return .infinity }
    let runner = ModelRunner(rounded, parallel: parallel)
    runner.usesIntegerAttention = true
    return zip(runner.logits(texts), truth).reduce(0) { sum, pair in
      let change = Double(pair.0) - Double(pair.1)
      return sum + change * change
    }
  }

  /// Rows kept a state: enough to see the scales of every channel.
  private static let rowLimit = 512

  /// (tokens, width) of each state.
  private static func observe(
    _ model: WorkingModel, _ wanted: Set<Operand>, _ texts: [[UInt32]], _ parallel: Parallel
  ) -> [Operand: [Float]] {
    let runner = ModelRunner(model, parallel: parallel)
    let states = HiddenStates(texts)
    var byBuffer: [Int: [Operand]] = [:]
    for operand in wanted { byBuffer[operand.buffer, default: []].append(operand) }
    var seen: [Operand: [Float]] = [:]
    for step in runner.steps.indices {
      runner.run(step, states)
      let output = runner.steps[step].operation.output
      for operand in byBuffer[output.buffer] ?? [] {
        let rows = states.rows(operand)
        // The first tokens are where outliers sit, so each text's is among the rows.
        let firsts = rows.count == states.textCount ? [] : states.starts.dropLast()
        let stride = max(1, rows.count / rowLimit)
        let chosen = Set(Swift.stride(from: 0, to: rows.count, by: stride)).union(firsts).sorted()
        seen[operand] = chosen.flatMap {
          UnsafeBufferPointer(start: rows.row($0) + operand.column, count: operand.width)
        }
      }
      runner.release(states, after: step)
    }
    return seen
  }

  private static func view(
    _ model: WorkingModel, _ group: ScalingGroup, _ states: [Operand: [Float]]
  ) -> ChannelView {
    var others = group.consumers.compactMap { step -> [Float]? in
      guard case .linear(let o) = model.graph.steps[step].operation,
        model.graph.tensors[o.weight].role == .weight
      else { return nil }
      return model.values[o.weight]
    }
    others += group.inverse.compactMap { states[$0] }
    return ChannelView(states: group.states.flatMap { states[$0] ?? [] }, weights: others)
  }

  /// Word pieces at random, for want of text: 16 sequences of 64.
  static func samples(_ model: WorkingModel) -> [[UInt32]] {
    var generator = SeededGenerator(seed: 0x6d62_7131)
    let length = min(64, model.configuration.maximumPositions)
    return (0..<16).map { _ in
      [UInt32(model.tokenizer.classificationID)]
        + (0..<max(length - 2, 0)).map { _ in
          UInt32.random(in: 0..<UInt32(model.configuration.vocabularySize), using: &generator)
        } + [UInt32(model.tokenizer.separatorID)]
    }
  }

  /// The exponents where multiplying and dividing gives every weight back, 0 elsewhere.
  private static func representable(
    _ exponents: [Int], _ group: ScalingGroup, _ model: WorkingModel
  ) -> [Int] {
    guard exponents.contains(where: { $0 != 0 }) else { return exponents }
    func isExact(_ exponents: [Int]) -> Bool {
      var there = model
      let changed = there.scale(group, by: exponents)
      guard changed.allSatisfy({ there.values[$0].allSatisfy(\.isFinite) }) else { return false }
      there.scale(group, by: exponents.map { -$0 })
      return changed.allSatisfy { there.values[$0] == model.values[$0] }
    }
    guard !isExact(exponents) else { return exponents }
    // One channel alone is at fault as a rule; which one is found by trying them.
    return exponents.indices.map { channel in
      guard exponents[channel] != 0 else { return 0 }
      var alone = [Int](repeating: 0, count: exponents.count)
      alone[channel] = exponents[channel]
      return isExact(alone) ? exponents[channel] : 0
    }
  }
}

extension ModelGraph {
  /// The site of the step that writes a buffer.
  func producer(of buffer: Int) -> String {
    steps.first { $0.operation.output.buffer == buffer }?.site.name ?? "buffer \(buffer)"
  }
}
