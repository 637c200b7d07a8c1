import MBQModel

/// What is refused before any work is done: a recipe's parts that would be left out without a word.
extension Compressor {
  func checkRecipe() throws(QuantizerError) {
    try checkText()
    try checkBits()
    if let prune = recipe.prune, prune.method != nil || prune.pattern != nil,
      prune.sparsity == nil, prune.pattern != .twoOfFour
    {
      throw .recipe(
        problem: "it prunes, but does not say how much",
        advice: "add prune.sparsity, the share of weights that become 0")
    }
    if let prune = recipe.prune, prune.pattern == .twoOfFour, let sparsity = prune.sparsity,
      sparsity != 0.5
    {
      throw .recipe(
        problem: "it prunes 2:4, which is half of the weights, and asks for \(sparsity) of them",
        advice: "leave the share out, or use the pattern unstructured or 4-block")
    }
  }

  /// Refuses text whose hidden states would take more than three quarters of the memory there is.
  func checkMemory(_ graph: ModelGraph, _ texts: [[UInt32]]) throws(QuantizerError) {
    let tokens = texts.reduce(0) { $0 + $1.count }
    let recovers = recipe.recover?.affine == true || recipe.recover?.linears == true
    // Recovery runs two models, and keeps what later steps are to aim at.
    let needed = tokens * graph.peakBytesPerToken * (recovers ? 3 : 1)
    guard needed / 3 * 4 <= memoryBytes else {
      throw .memory(tokens: tokens, needed: needed, available: memoryBytes)
    }
  }

  private func checkText() throws(QuantizerError) {
    guard texts.isEmpty else { return }
    var needs: [String] = []
    if recipe.activations?.scheme == .isStatic { needs.append("static activations") }
    if recipe.weights?.rounding == .gptq { needs.append("gptq") }
    if let method = recipe.prune?.method, method != .magnitude { needs.append(method.rawValue) }
    if recipe.biasCorrection == true { needs.append("bias-correction") }
    if recipe.recover?.affine == true || recipe.recover?.linears == true { needs.append("recover") }
    if recipe.prune?.dropHeads ?? 0 > 0 { needs.append("drop-heads") }
    if recipe.prune?.dropStacks ?? 0 > 0 { needs.append("drop-stacks") }
    guard needs.isEmpty else {
      throw .recipe(
        problem: "it asks for \(needs.joined(separator: ", ")), which needs calibration text",
        advice: "give some with --text FILE (no labels needed)")
    }
  }

  /// Hidden states are integers in the whole model or nowhere, and weights with them.
  private func checkBits() throws(QuantizerError) {
    let bits = recipe.weights?.bits ?? 8
    if bits > 8, recipe.activations?.scheme == .isStatic || recipe.activations?.int16 != nil {
      throw .recipe(
        problem: "it puts activations on grids beside weights of \(bits) bits",
        advice: "a model of \(bits) bits computes in fp32: leave activations out, or use 8 bits")
    }
    var others = (recipe.overrides ?? []).compactMap { other in
      other.bits.map { (name: "overrides' '\(other.sites)'", bits: $0) }
    }
    if let embeddings = recipe.embeddings?.bits { others.append(("embeddings", embeddings)) }
    for other in others where bits > 8 ? other.bits != bits : other.bits > 8 {
      throw .recipe(
        problem: "its weights have \(bits) bits and its \(other.name) \(other.bits)",
        advice: bits > 8
          ? "a model of \(bits) bits has them throughout"
          : "beside weights of 8 bits and fewer, everything has 8 bits or fewer")
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
      (recipe.overrides ?? []).map { ("overrides' sites", $0.sites) }
      + (recipe.activations?.int16 ?? []).map { ("activations.int16", $0) }
    for (key, pattern) in patterns {
      guard !names.contains(where: SitePattern(pattern).matches) else { continue }
      throw .recipe(
        problem: "no linear matches \(key) '\(pattern)'",
        advice: "`mbq inspect` lists the sites, such as '\(names.first ?? "none")'")
    }
  }
}
