import Foundation
import MBQCheckpoints
import MBQCore
import MBQEvaluation
import MBQQuantizer
import MBQRuntime

/// What `Toolchain.quantize` makes.
public struct QuantizeOptions: Sendable, Equatable {
  /// Where the packed model goes.
  public enum Destination: Sendable, Equatable {
    /// The checkpoint's name, how most weights are stored, and `.mbq`, such as `news-int8.mbq`.
    case named
    case file(String)
    /// Nothing is written.
    case nowhere
  }

  public var checkpoint: CheckpointSource
  /// How the checkpoint is compressed; what it leaves open follows from the rest.
  public var recipe = Recipe()
  public var output = Destination.named
  /// Calibration text: a dataset that needs no labels.
  public var text: String?
  /// A file of `Toolchain.calibrate`, whose texts are used in place of `text`.
  public var calibration: String?
  public var dataset = DatasetOptions()
  /// Texts the model will be judged by; none may be calibrated on.
  public var evaluation: String?
  public var allowsOverlap = false
  /// Chooses each linear's bits so that the file has at most so many bytes.
  public var targetBytes: Int?
  /// Keeps the sensitivities for `targetBytes`; `nil`: the checkpoint's name and `.sensitivity.json`.
  public var sensitivityFile: String?
  /// Word pieces that the texts of this dataset never use are dropped.
  public var vocabularyText: String?

  public init(checkpoint: CheckpointSource) { self.checkpoint = checkpoint }

  /// Whether there is calibration text.
  public var hasText: Bool { text != nil || calibration != nil }
}

/// What `Toolchain.quantize` made.
public struct QuantizeResult: Sendable {
  /// Where the model was written, or would have been.
  public var path: String
  /// The packed model.
  public var bytes: [UInt8] { packed.bytes }
  public var byteCount: Int { packed.bytes.count }
  /// What was done to the weights, in a line.
  public var summary: String { plan.summary }
  package var plan: Plan
  package var packed: PackedFile
  package var compression: CompressionReport
  package var texts: CalibrationTexts?
  /// How the vocabulary's text is tokenized now.
  package var tokenization: TokenizationChange?
  package var options: QuantizeOptions
  package var nanoseconds: Double
}

extension Toolchain {
  /// Compresses a checkpoint and writes it as one packed file.
  ///
  /// Refuses a recipe that cannot be followed, a checkpoint that cannot be read, and texts that do not do
  /// for what the recipe asks.
  public func quantize(_ options: QuantizeOptions) throws -> QuantizeResult {
    let start = MonotonicClock.nanoseconds
    let checkpoint = try options.checkpoint.open()
    var result = try CompressionRun(toolchain: self, options: options).run(checkpoint)
    switch options.output {
    case .file(let path):
      result.path = path
      try write(result.packed, to: path, options)
    case .named: try write(result.packed, to: result.path, options)
    case .nowhere: break
    }
    advise(on: result)
    result.nanoseconds = Double(MonotonicClock.nanoseconds - start)
    return result
  }

  /// The recipe of that name, or in the file of that name.
  public func recipe(named name: String) throws -> Recipe {
    try RecipeReader.read(path: RecipeFiles.find(name))
  }

  private func write(_ packed: PackedFile, to path: String, _ options: QuantizeOptions) throws {
    try OutputPlace.refuse(
      path, .output,
      ifOneOf: [
        options.checkpoint.path, options.text, options.calibration, options.evaluation,
        options.vocabularyText, options.sensitivityFile,
      ])
    try packed.bytes.withUnsafeBytes { try AtomicFile.write([$0], to: path) }
  }

  /// Fewer tokens than this make GPTQ's and SparseGPT's sums of products unsure.
  private static let fewTokens = 2048

  private func advise(on result: QuantizeResult) {
    if let tokens = result.texts?.audit.calibratingTokens, tokens < Self.fewTokens,
      result.plan.weights.rounding == .gptq || result.plan.pruning.method == .sparseGPT
    {
      advise(.fewCalibrationTokens(tokens, advised: Self.fewTokens))
    }
    if result.compression.layers != nil, result.texts == nil { advise(.layersWithoutText) }
    for warning in result.packed.report.warnings { advise(.checkpoint(warning)) }
  }
}
