import MBQCore
import MBQSchemes

// What is refused before any work is done: what would otherwise be left out without a word.

extension Plan {
  func check(_ recipe: Recipe, mixesBits: Bool) throws(QuantizerError) {
    try checkText(recipe, mixesBits: mixesBits)
    try checkBits(recipe, mixesBits: mixesBits)
    if pruning.pattern == .twoOfFour, pruning.sparsity != 0.5 {
      throw .recipe(
        problem:
          "it prunes 2:4, which is half of the weights, and asks for \(pruning.sparsity) of them",
        advice: "leave the share out, or use the pattern unstructured or 4-block")
    }
  }

  private func checkText(_ recipe: Recipe, mixesBits: Bool) throws(QuantizerError) {
    guard !hasText else { return }
    var needs: [String] = []
    if activations.scheme == .isStatic { needs.append("static activations") }
    // Of the recipe: where bits are mixed, nobody asked for gptq by name.
    if recipe.weights?.rounding == .gptq { needs.append("gptq") }
    if prunes, pruning.method != .magnitude { needs.append(pruning.method.rawValue) }
    if biasCorrection == .everywhere { needs.append("bias-correction") }
    if structure.recovery != .nothing || recoversRounding { needs.append("recover") }
    if structure.droppedHeads > 0 { needs.append("drop-heads") }
    if structure.droppedStacks > 0 { needs.append("drop-stacks") }
    if mixesBits { needs.append("bits chosen for a target size") }
    guard needs.isEmpty else {
      throw .recipe(
        problem: "it asks for \(needs.joined(separator: ", ")), which needs calibration text",
        advice: "give some\(by: .text); no labels are needed")
    }
  }

  /// Hidden states are integers in the whole model or nowhere, and weights with them.
  private func checkBits(_ recipe: Recipe, mixesBits: Bool) throws(QuantizerError) {
    let bits = weights.bits
    if mixesBits, bits > 8 {
      throw .recipe(
        problem: "it has weights of \(bits) bits, and bits are to be chosen for a target size",
        advice: "leave out \(.bits) or \(.targetSize)")
    }
    if bits > 8, activations.scheme == .isStatic || recipe.activations?.int16 != nil {
      throw .recipe(
        problem: "it puts activations on grids beside weights of \(bits) bits",
        advice: "a model of \(bits) bits computes in fp32: leave activations out, or use 8 bits")
    }
    let others =
      overrides.map { (name: "overrides' '\($0.sites)'", bits: $0.bits) }
      + [(name: "embeddings", bits: embeddings.bits)]
    for other in others where bits > 8 ? other.bits != bits : other.bits > 8 {
      throw .recipe(
        problem: "its weights have \(bits) bits and its \(other.name) \(other.bits)",
        advice: bits > 8
          ? "a model of \(bits) bits has them throughout"
          : "beside weights of 8 bits and fewer, everything has 8 bits or fewer")
    }
  }
}

extension Recipe {
  public static let bitsAllowed = SchemeCode.bitChoices
  public static let groupsAllowed = SchemeCode.groupSizes
  public static let sparsityAllowed = 0...0.95
  public static let partsAllowed = 0...1000
  public static let seedsAllowed = 0...Int(Int32.max)

  /// A recipe file's values are checked as they are read; those of a program are checked here.
  func checkRanges() throws(QuantizerError) {
    func among(_ value: Int?, _ allowed: [Int], _ setting: Setting) throws(QuantizerError) {
      guard let value, !allowed.contains(value) else { return }
      throw .setting(
        setting, found: "\(value)", allowed: allowed.map { "\($0)" }.joined(separator: ", "))
    }
    func within(
      _ value: Int?, _ allowed: ClosedRange<Int>, _ setting: Setting
    ) throws(QuantizerError) {
      guard let value, !allowed.contains(value) else { return }
      throw .setting(
        setting, found: "\(value)", allowed: "\(allowed.lowerBound) to \(allowed.upperBound)")
    }
    try among(weights?.bits, Self.bitsAllowed, .bits)
    try among(embeddings?.bits, Self.bitsAllowed, .embeddingBits)
    try among(weights?.group, Self.groupsAllowed, .group)
    try among(embeddings?.group, Self.groupsAllowed, .group)
    for other in overrides ?? [] {
      try among(other.bits, Self.bitsAllowed, .bits)
      try among(other.group, Self.groupsAllowed, .group)
    }
    if case .first(let count)? = keepLayers, count < 1 {
      throw .setting(.keepLayers, found: "\(count)", allowed: "1 and more")
    }
    if let sparsity = prune?.sparsity, !Self.sparsityAllowed.contains(sparsity) {
      throw .setting(.sparsity, found: "\(sparsity)", allowed: "0 to 0.95")
    }
    try within(prune?.dropHeads, Self.partsAllowed, .prune)
    try within(prune?.dropStacks, Self.partsAllowed, .prune)
    if let observer = activations?.observer, Observers.named(observer) == nil {
      throw .setting(
        .observer, found: "'\(observer)'", allowed: Observers.names.joined(separator: ", "))
    }
    try within(calibration?.texts, CalibrationOptions.textsAllowed, .texts)
    try within(calibration?.maxTokens, CalibrationOptions.maximumTokensAllowed, .textTokens)
    try within(calibration?.seed, Self.seedsAllowed, .seed)
  }
}
