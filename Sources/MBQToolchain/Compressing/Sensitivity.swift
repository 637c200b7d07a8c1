import MBQCheckpoints
import MBQCore
import MBQQuantizer
import MBQRuntime

/// What `Toolchain.sensitivity` measures.
public struct SensitivityOptions: Sendable, Equatable {
  public var checkpoint: CheckpointSource
  /// A dataset of texts; needs no labels.
  public var text: String
  public var dataset = DatasetOptions()
  /// Texts to draw, and the tokens each is cut to.
  public var sampleTexts = KeptSensitivities.texts
  public var sampleTokens = KeptSensitivities.maximumTokens
  /// Keeps the figures; `nil`: the checkpoint's name and `.sensitivity.json`.
  public var output: String?

  public init(checkpoint: CheckpointSource, text: String) {
    self.checkpoint = checkpoint
    self.text = text
  }
}

/// What rounding each linear alone costs.
public struct SensitivityResult: Sendable {
  public var file: String
  /// Linears that no earlier run had measured.
  public var measured: Int
  public var texts: Int
  package var sites: [SiteSensitivity]
  package var options: SensitivityOptions
}

extension Toolchain {
  /// Rounds one linear after the other to 3 bits and measures the change of the logits over texts.
  ///
  /// Figures are kept in a file as they are found: an interrupted run goes on, and `quantize` with a
  /// target size takes them from there.
  public func sensitivity(_ options: SensitivityOptions) throws -> SensitivityResult {
    let checkpoint = try options.checkpoint.open()
    let pool = try pool()
    defer { withExtendedLifetime(pool) {} }
    let sample = CalibrationOptions(
      texts: options.sampleTexts, maximumTokens: options.sampleTokens)
    try sample.check(textsName: .sampleTexts, tokensName: .sampleTokens)
    let drawn = try CalibrationData(
      toolchain: self, columns: options.dataset, options: sample
    ).texts(options.text, checkpoint)
    let plan = try Plan(Recipe(), hasText: true)
    var compressor = Compressor(plan, parallel: pool.parallel)
    compressor.texts = drawn.texts
    let prepared = try compressor.prepare(checkpoint)
    let path = options.output ?? options.checkpoint.sensitivityPath
    let kept = KeptSensitivities(path: path, group: plan.weights.group, parallel: pool.parallel)
    let (sites, measured) = try measure(kept, prepared, drawn, of: checkpoint)
    return SensitivityResult(
      file: path, measured: measured, texts: drawn.texts.count, sites: sites, options: options)
  }
}
