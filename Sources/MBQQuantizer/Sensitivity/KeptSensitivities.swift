public import MBQCheckpoints
import MBQCore
import MBQEvaluation
import MBQFormat
public import MBQRuntime

/// Measures what rounding each linear costs, keeping each figure in a file as it is found: an interrupted
/// run goes on, and a later one uses what is there.
public struct KeptSensitivities {
  public var path: String
  /// Weights with one scale.
  public var group: Int
  public var parallel: Parallel
  /// Few and short: linears are told apart by far less text than GPTQ wants, and each is a run of its own.
  public static let texts = 32
  public static let maximumTokens = 64
  static let nanosecondsBetweenWrites: UInt64 = 2_000_000_000

  public init(path: String, group: Int, parallel: Parallel = .serial) {
    self.path = path
    self.group = group
    self.parallel = parallel
  }

  /// How texts are drawn to measure on: the same for every run of a seed, so that figures are shared.
  public static func drawing(seed: UInt64 = CalibrationOptions().seed) -> CalibrationOptions {
    CalibrationOptions(texts: texts, maximumTokens: maximumTokens, seed: seed)
  }

  /// As many of `calibration`'s texts, cut as short, where there is nothing to draw from.
  public static func shortened(_ calibration: CalibrationTexts) -> CalibrationTexts {
    var result = calibration
    result.texts = calibration.texts.prefix(texts).map {
      $0.count <= maximumTokens ? $0 : $0.prefix(maximumTokens - 1) + $0.suffix(1)
    }
    return result
  }

  /// Every linear's figures, in the order they run; `measured` is how many were not in the file.
  ///
  /// `texts` are ids of the checkpoint's vocabulary. `progress` is told how many linears are done of how
  /// many. Refuses, with `QuantizerError.results`, a file that is something else.
  public func measure(
    _ prepared: Compressor.Prepared, _ texts: CalibrationTexts, of checkpoint: Checkpoint,
    progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }
  ) throws(QuantizerError) -> (sites: [SiteSensitivity], measured: Int) {
    var texts = texts
    if let vocabulary = prepared.report.vocabulary {
      texts.texts = vocabulary.retokenized(texts.texts, limit: Self.maximumTokens)
    }
    var analysis = SensitivityAnalysis(prepared.model, texts: texts.texts, parallel: parallel)
    analysis.group = group
    var file = try SensitivityFile.read(
      path: path, key: .init(prepared, texts, analysis, checkpoint))
    let known = file.known
    let names = analysis.sites
    var done = names.count { known[$0] != nil }
    progress(done, names.count)
    var written = MonotonicClock.nanoseconds
    let sites = try analysis.run(known: known) { site throws(QuantizerError) in
      file.sites.append(site)
      done += 1
      progress(done, names.count)
      if MonotonicClock.nanoseconds - written > Self.nanosecondsBetweenWrites {
        try file.write(to: path)
        written = MonotonicClock.nanoseconds
      }
    }
    file.sites = sites
    try file.write(to: path)
    return (sites, sites.count - known.count)
  }
}

extension SensitivityFile.Key {
  /// Of figures measured on a prepared model.
  ///
  /// The texts it was equalized with are not in it: scales found on other texts are as good, and
  /// `mbq sensitivity` measures for files of any calibration text.
  init(
    _ prepared: Compressor.Prepared, _ texts: CalibrationTexts, _ analysis: SensitivityAnalysis,
    _ checkpoint: Checkpoint
  ) {
    self.init(
      checkpoint: hexadecimal(checkpoint.digest), texts: hexadecimal(texts.digest),
      group: analysis.group, measuredBits: analysis.measuredBits,
      structure: prepared.structure.key + prepared.vocabularyKey)
  }
}

extension Compressor.Prepared {
  /// Which word pieces are left, if some are not: the text they were counted in is no part of the plan.
  fileprivate var vocabularyKey: String {
    guard report.vocabulary != nil else { return "" }
    var bytes: [UInt8] = []
    for piece in model.tokenizer.pieces { bytes += Array(piece) + [0] }
    return " " + hexadecimal(bytes.withUnsafeBytes { sha256($0) })
  }
}
