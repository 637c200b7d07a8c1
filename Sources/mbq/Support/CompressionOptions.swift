import ArgumentParser
import MBQEvaluation
import MBQQuantizer
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

  /// The recipe's file with the options' changes.
  func recipe(_ toolchain: Toolchain) throws -> Recipe {
    try checkCalibration()
    let file = try recipe.map { try toolchain.recipe(named: $0) } ?? Recipe()
    return try file.overlaid(by: changes())
  }

  /// The options as a recipe.
  private func changes() throws -> Recipe {
    var changes = Recipe()
    var weights = Recipe.Weights()
    (weights.bits, weights.group) = (bits, group)
    weights.rounding = try named(rounding, "--rounding")
    changes.weights = weights
    var embeddings = Recipe.Embeddings()
    (embeddings.bits, embeddings.group) = (embeddingBits, group)
    changes.embeddings = embeddings
    changes.keepLayers = keepLayers.map { .first($0) }
    var prune = Recipe.Prune()
    prune.method = try named(self.prune, "--prune")
    prune.pattern = try named(pattern, "--pattern")
    prune.sparsity = sparsity?.value
    changes.prune = prune
    var activations = Recipe.Activations()
    activations.scheme = try named(self.activations, "--activations")
    activations.observer = observer
    changes.activations = activations
    changes.equalize = equalize
    changes.compress = compress ? true : nil
    var calibration = Recipe.Calibration()
    (calibration.texts, calibration.maxTokens) = (texts, textTokens)
    changes.calibration = calibration
    return changes
  }

  private func named<Choice: RawRepresentable & CaseIterable>(
    _ value: String?, _ option: String
  ) throws(CommandError) -> Choice? where Choice.RawValue == String {
    guard let value else { return nil }
    if let choice = Choice(rawValue: value) { return choice }
    let allowed = Choice.allCases.map(\.rawValue).joined(separator: ", ")
    throw .usage("\(option) is '\(value)'; allowed: \(allowed)")
  }

  private func checkCalibration() throws(CommandError) {
    guard calibration != nil else { return }
    for (option, isGiven) in [
      ("--text", text != nil), ("--texts", texts != nil), ("--text-tokens", textTokens != nil),
    ] where isGiven {
      throw .usage(
        "\(option) and --calibration are both given; the file of --calibration has its texts")
    }
  }
}
