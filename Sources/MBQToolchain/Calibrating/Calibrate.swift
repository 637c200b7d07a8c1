import Foundation
import MBQCheckpoints
import MBQCore
import MBQEvaluation
import MBQQuantizer
import MBQRuntime

/// What `Toolchain.calibrate` measures.
public struct CalibrateOptions: Sendable, Equatable {
  public var checkpoint: CheckpointSource
  /// The dataset of texts; `-` is standard input.
  public var text: String
  public var dataset = DatasetOptions()
  /// The file to write; `nil`: the checkpoint's name and `.stats`.
  public var output: String?
  /// Texts to draw.
  public var texts = CalibrationOptions().texts
  /// Texts are cut to this many tokens.
  public var textTokens = CalibrationOptions().maximumTokens
  /// Starts the draw: another number draws other texts.
  public var seed = CalibrationOptions().seed
  /// Texts the model will be judged by; none may be calibrated on.
  public var evaluation: String?
  public var allowsOverlap = false
  /// Also sums the products of inputs, which GPTQ needs.
  public var secondMoments = false

  public init(checkpoint: CheckpointSource, text: String) {
    self.checkpoint = checkpoint
    self.text = text
  }
}

/// What `Toolchain.calibrate` found.
public struct CalibrateResult: Sendable {
  public var file: String
  public var texts: Int
  public var tokens: Int
  /// Texts an interrupted run had done.
  public var resumedTexts: Int
  package var drawn: CalibrationTexts
  package var statistics: CalibrationStatistics
  package var options: CalibrateOptions
  package var nanoseconds: Double
}

extension Toolchain {
  /// Draws texts and writes their token ids, and the ranges, histograms and second moments of every
  /// product's input, to a file.
  ///
  /// An interrupted run leaves a partial file beside it, from which the same call goes on.
  public func calibrate(_ options: CalibrateOptions) throws -> CalibrateResult {
    let start = MonotonicClock.nanoseconds
    let path = options.output ?? "\(options.checkpoint.name).stats"
    try OutputPlace.refuse(
      path, .output, ifOneOf: [options.text, options.evaluation, options.checkpoint.path])
    let checkpoint = try options.checkpoint.open()
    let calibration = CalibrationOptions(
      texts: options.texts, maximumTokens: options.textTokens, seed: options.seed)
    let drawn = try CalibrationData(
      toolchain: self, columns: options.dataset, options: calibration,
      evaluation: options.evaluation, allowsOverlap: options.allowsOverlap
    ).texts(options.text, checkpoint)
    let pool = try pool()
    defer { withExtendedLifetime(pool) {} }
    let run = CalibrationRun(
      toolchain: self, parallel: pool.parallel, kernels: try kernelSet(), output: path)
    let (statistics, resumed) = try run.statistics(
      try WorkingModel(checkpoint).folded(), drawn,
      key: CalibrationStatistics.Key(
        checkpoint: checkpoint.digest, texts: drawn.digest, options: calibration,
        textCount: drawn.texts.count, secondMoments: options.secondMoments))
    try StatisticsFile.write(statistics, to: path)
    // It has served; one that cannot be removed does no harm: it continues nothing but itself.
    try? FileManager.default.removeItem(atPath: StatisticsFile.partialPath(path))
    for warning in checkpoint.warnings { advise(.checkpoint(warning)) }
    return CalibrateResult(
      file: path, texts: drawn.texts.count, tokens: drawn.audit.calibratingTokens,
      resumedTexts: resumed, drawn: drawn, statistics: statistics, options: options,
      nanoseconds: Double(MonotonicClock.nanoseconds - start))
  }
}
