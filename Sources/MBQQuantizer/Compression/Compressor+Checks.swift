import MBQCore
import MBQModel

/// What is refused once the model is at hand, and before any work is done.
extension Compressor {
  /// Refuses text whose hidden states would take more than three quarters of the memory there is.
  func checkMemory(_ graph: ModelGraph, _ texts: [[UInt32]]) throws(QuantizerError) {
    let tokens = texts.reduce(0) { $0 + $1.count }
    let recovers = plan.structure.recovery != .nothing || plan.recoversRounding
    // Recovery runs two models, and keeps what later steps are to aim at.
    let needed = tokens * graph.peakBytesPerToken * (recovers ? 3 : 1)
    guard needed / 3 * 4 <= memoryBytes else {
      throw .memory(tokens: tokens, needed: needed, available: memoryBytes)
    }
  }

  /// Every pattern names something there is; `graph` is folded, with all its layers.
  func checkSites(_ graph: ModelGraph) throws(QuantizerError) {
    let names = graph.steps.compactMap { step -> String? in
      guard case .linear(let linear) = step.operation, graph.tensors[linear.weight].role == .weight
      else { return nil }
      return step.site.name
    }
    let patterns =
      plan.overrides.map { ("overrides' sites", $0.sites) }
      + plan.activations.int16.map { ("activations.int16", $0) }
    for (key, pattern) in patterns {
      guard !names.contains(where: SitePattern(pattern).matches) else { continue }
      throw .recipe(
        problem: "no linear matches \(key) '\(pattern)'",
        advice: "`mbq inspect` lists the sites, such as '\(names.first ?? "none")'")
    }
  }
}
