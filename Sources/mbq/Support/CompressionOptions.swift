import ArgumentParser
import MBQEvaluation
import MBQQuantizer
import MBQSchemes
import MBQToolchain

/// How a checkpoint is compressed: a recipe, and options that change it.
struct CompressionOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "A recipe's name or file (Calibration/recipes); other options change it.",
      valueName: "name"))
  var recipe: String?

  @Option(
    help: ArgumentHelp(
      "Bits a weight: 8, 16, 32, or 4, 3, 2 in groups (default: 8, or the recipe's).",
      valueName: "n"))
  var bits: Int?

  @Option(
    help: ArgumentHelp(
      "Inputs that share a scale at 4 bits or fewer: 32, 64 or 128 (default: 64).",
      valueName: "n"))
  var group: Int?

  @Option(
    help: ArgumentHelp(
      "nearest, mse or gptq (default: gptq at 4 bits or fewer with --text, else mse; nearest at 8).",
      valueName: "name"))
  var rounding: String?

  @Option(
    help: ArgumentHelp(
      "Bits of the word embeddings (default: as --bits, at least 3).", valueName: "n"))
  var embeddingBits: Int?

  @Option(
    help: ArgumentHelp(
      "Keep the first n layers; what is left is fitted to the whole with --text.", valueName: "n"))
  var keepLayers: Int?

  @Option(
    help: ArgumentHelp(
      "The share of weights to set to zero: 0 to 0.95, or 0% to 95%.", valueName: "share"),
    transform: Parse.share)
  var sparsity: Share?

  @Option(
    help: ArgumentHelp(
      "magnitude, wanda or sparsegpt (default: sparsegpt with --text).", valueName: "name"))
  var prune: String?

  @Option(
    help: ArgumentHelp("unstructured, 2:4 or 4-block (default: unstructured).", valueName: "name"))
  var pattern: String?

  @Option(
    help: ArgumentHelp(
      "per-token, or static: one step an input, chosen on --text (default: per-token).",
      valueName: "name"))
  var activations: String?

  @Option(
    help: ArgumentHelp(
      "How static steps are chosen: \(Observers.names.joined(separator: ", ")).",
      valueName: "name"))
  var observer: String?

  @Flag(inversion: .prefixedNo, help: "Rescale channels so that grids fit them; exact in fp32.")
  var equalize: Bool?

  @Flag(help: "Store weights as a zlib stream, inflated when the model is opened.")
  var compress = false

  @Option(help: ArgumentHelp("Calibration text; needs no labels.", valueName: "file"))
  var text: String?

  @Option(
    help: ArgumentHelp(
      "Calibration text from a file of 'mbq calibrate', instead of --text.", valueName: "file"))
  var calibration: String?

  @Option(help: ArgumentHelp("Calibration texts to draw (default: 128).", valueName: "n"))
  var texts: Int?

  @Option(
    help: ArgumentHelp("Cut calibration texts to this many tokens (default: 512).", valueName: "n"))
  var textTokens: Int?

  @OptionGroup var overlap: OverlapOptions

  @Option(
    help: ArgumentHelp(
      "Choose each linear's bits so that the file is at most this large, such as 10MB.",
      valueName: "size"))
  var targetSize: ByteSize?

  @Option(
    help: ArgumentHelp(
      "Where sensitivities for --target-size are kept (default: the checkpoint's name and .sensitivity.json).",
      valueName: "file"))
  var sensitivity: String?

  @Option(
    help: ArgumentHelp(
      "Drop the word pieces these texts never use; others fall back to shorter pieces.",
      valueName: "file"))
  var keepVocabularyOf: String?

  var hasText: Bool { text != nil || calibration != nil }

  /// The recipe with the options' changes.
  ///
  /// Values out of range are refused as the recipe reader refuses them.
  func recipe(_ toolchain: Toolchain) throws -> Recipe {
    var result = try recipe.map { try toolchain.recipe(named: $0) } ?? Recipe()
    if bits != nil || group != nil || rounding != nil {
      var weights = result.weights ?? .init()
      weights.bits = bits ?? weights.bits
      weights.group = group ?? weights.group
      weights.rounding = try named(rounding, "--rounding") ?? weights.rounding
      result.weights = weights
    }
    if embeddingBits != nil || group != nil {
      var embeddings = result.embeddings ?? .init()
      embeddings.bits = embeddingBits ?? embeddings.bits
      embeddings.group = group ?? embeddings.group
      result.embeddings = embeddings
    }
    if let keepLayers {
      result.keepLayers = .first(keepLayers)
      if hasText, result.recover == nil {
        result.recover = .init()
        result.recover?.linears = true
      }
    }
    try applyPruning(&result)
    if activations != nil || observer != nil {
      var activations = result.activations ?? .init()
      activations.scheme = try named(self.activations, "--activations") ?? activations.scheme
      if let observer, Observers.named(observer) == nil {
        throw CommandError.usage(
          "--observer is '\(observer)'; allowed: \(Observers.names.joined(separator: ", "))")
      }
      activations.observer = observer ?? activations.observer
      result.activations = activations
    }
    if let equalize { result.equalize = equalize }
    if compress { result.compress = true }
    if texts != nil || textTokens != nil {
      var calibration = result.calibration ?? .init()
      calibration.texts = texts ?? calibration.texts
      calibration.maxTokens = textTokens ?? calibration.maxTokens
      result.calibration = calibration
    }
    try check(result)
    return result
  }

  private func applyPruning(_ recipe: inout Recipe) throws {
    guard sparsity != nil || prune != nil || pattern != nil else { return }
    var pruning = recipe.prune ?? .init()
    pruning.method =
      try named(prune, "--prune") ?? pruning.method ?? (hasText ? .sparseGPT : .magnitude)
    pruning.pattern = try named(pattern, "--pattern") ?? pruning.pattern
    pruning.sparsity = sparsity?.value ?? pruning.sparsity ?? 0.5
    recipe.prune = pruning
  }

  private func named<Choice: RawRepresentable & CaseIterable>(
    _ value: String?, _ option: String
  ) throws(CommandError) -> Choice? where Choice.RawValue == String {
    guard let value else { return nil }
    if let choice = Choice(rawValue: value) { return choice }
    let allowed = Choice.allCases.map(\.rawValue).joined(separator: ", ")
    throw .usage("\(option) is '\(value)'; allowed: \(allowed)")
  }

  private func check(_ recipe: Recipe) throws(CommandError) {
    if calibration != nil {
      for (option, isGiven) in [
        ("--text", text != nil), ("--texts", texts != nil), ("--text-tokens", textTokens != nil),
      ] where isGiven {
        throw .usage(
          "\(option) and --calibration are both given; the file of --calibration has its texts")
      }
    }
    func within(_ value: Int?, _ allowed: [Int], _ option: String) throws(CommandError) {
      guard let value, !allowed.contains(value) else { return }
      let text = allowed.map { "\($0)" }.joined(separator: ", ")
      throw .usage("\(option) is \(value); allowed: \(text)")
    }
    try within(recipe.weights?.bits, SchemeCode.bitChoices, "--bits")
    try within(recipe.embeddings?.bits, SchemeCode.bitChoices, "--embedding-bits")
    try within(recipe.weights?.group, SchemeCode.groupSizes, "--group")
    if let keepLayers, keepLayers < 1 {
      throw .usage("--keep-layers is \(keepLayers); allowed: 1 and more")
    }
    if let sparsity = recipe.prune?.sparsity, !(0...0.95).contains(sparsity) {
      throw .usage("--sparsity is \(sparsity); allowed: 0 to 0.95")
    }
  }
}
