import MBQCheckpoints
import MBQCore
import MBQQuantizer
import MBQReport
import MBQRuntime
import MBQTokenizer

/// Compresses a checkpoint as a command's options say, with a progress bar.
struct CompressionRun {
  let source: CheckpointOptions
  let options: CompressionOptions
  let columns: DataOptions
  let runtime: RuntimeOptions
  /// What stands before each stage's name in its bar; a run that makes several models says which.
  var label = ""

  struct Result {
    var plan: Plan
    var packed: PackedFile
    var compression: CompressionReport
    var texts: CalibrationTexts?
    /// How the vocabulary's text is tokenized now.
    var tokenization: TokenizationChange?
  }

  func run(_ checkpoint: Checkpoint) throws -> Result {
    let plan = try options.plan()
    let pool = runtime.pool()
    defer { withExtendedLifetime(pool) {} }
    var compressor = Compressor(plan, parallel: pool.parallel)
    var drawn: CalibrationTexts?
    let data = CalibrationData(
      columns: columns, options: plan.calibration,
      evaluation: options.overlap.evaluation,
      allowsOverlap: options.overlap.allowOverlap)
    if let text = options.text { drawn = try data.texts(text, checkpoint) }
    if let calibration = options.calibration {
      drawn = try data.texts(calibration: calibration, checkpoint)
    }
    compressor.texts = drawn?.texts ?? []
    if let corpus = options.keepVocabularyOf {
      compressor.pieceCounts = try data.pieceCounts(corpus, checkpoint)
    } else if plan.structure.keepsUsedPieces {
      guard let text = options.text else {
        throw CommandError.usage(
          "the recipe drops unused word pieces; say unused by which text with --keep-vocabulary-of"
            + " or --text; a file of 'mbq calibrate' has too little of it")
      }
      compressor.pieceCounts = try data.pieceCounts(text, checkpoint)
    }
    let progress = StagedProgress(label)
    defer { progress.finish() }
    compressor.progress = { progress.show($0, $1) }
    let prepared = try compressor.prepare(checkpoint)
    let result: Compressor.Packed
    if let target = options.targetSize {
      progress.finish()
      let sites = try sensitivities(checkpoint, prepared, plan, drawn, pool.parallel)
      result = try compressor.pack(prepared, of: checkpoint, bytes: target.bytes, sites: sites)
    } else {
      result = try compressor.pack(prepared, of: checkpoint)
    }
    progress.finish()
    var change: TokenizationChange?
    if result.report.vocabulary != nil, let evaluation = options.overlap.evaluation {
      change = try VocabularyDiet.compare(
        data.allTexts(evaluation), before: checkpoint.tokenizer, after: result.model.tokenizer)
    }
    return Result(
      plan: result.plan, packed: result.file, compression: result.report, texts: drawn,
      tokenization: change)
  }
}

extension CompressionRun {
  /// What each linear costs: from the file `mbq sensitivity` left, or measured now and left there.
  private func sensitivities(
    _ checkpoint: Checkpoint, _ prepared: Compressor.Prepared, _ plan: Plan,
    _ calibration: CalibrationTexts?, _ parallel: Parallel
  ) throws -> [SiteSensitivity] {
    // Bits are mixed with text alone (`Plan.init`).
    guard var drawn = calibration else { return [] }
    if let text = options.text {
      // The texts `mbq sensitivity` draws, so that what it measured counts.
      drawn = try CalibrationData(
        columns: columns, options: KeptSensitivities.drawing(seed: plan.calibration.seed),
        evaluation: options.overlap.evaluation, allowsOverlap: options.overlap.allowOverlap
      ).texts(text, checkpoint)
    } else {
      drawn = KeptSensitivities.shortened(drawn)
    }
    let kept = KeptSensitivities(
      path: options.sensitivity ?? source.sensitivityPath, group: plan.weights.group,
      parallel: parallel)
    return try kept.measureShowing(prepared, drawn, of: checkpoint).sites
  }
}

extension KeptSensitivities {
  /// With a progress bar.
  func measureShowing(
    _ prepared: Compressor.Prepared, _ texts: CalibrationTexts, of checkpoint: Checkpoint
  ) throws -> (sites: [SiteSensitivity], measured: Int) {
    var progress: ProgressBar?
    defer { progress?.finish() }
    var shown = 0
    return try measure(prepared, texts, of: checkpoint) { done, total in
      let bar = progress ?? ProgressBar("sensitivity", total: total)
      progress = bar
      bar.advance(by: done - shown)
      shown = done
    }
  }
}

extension CheckpointOptions {
  /// Where `mbq sensitivity` leaves its figures and `mbq quantize` looks for them.
  var sensitivityPath: String { "\(name).sensitivity.json" }
}

/// One bar a stage, each stage's share of 100.
final class StagedProgress {
  private let label: String
  private var stage = ""
  private var bar: ProgressBar?
  private var shown = 0

  /// `label` stands before each stage's name.
  init(_ label: String = "") { self.label = label }

  func show(_ stage: String, _ share: Double) {
    if stage != self.stage {
      bar?.finish()
      bar = ProgressBar(
        label.isEmpty ? stage : "\(label): \(stage)", total: 100, unit: "%")
      self.stage = stage
      shown = 0
    }
    let percent = min(max(Int(share * 100), shown), 100)
    bar?.advance(by: percent - shown)
    shown = percent
  }

  func finish() {
    bar?.finish()
    bar = nil
    stage = ""
  }
}
