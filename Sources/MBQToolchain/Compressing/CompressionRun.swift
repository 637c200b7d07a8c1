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
    var recipe: Recipe
    var packed: PackedFile
    var compression: CompressionReport
    var texts: CalibrationTexts?
    /// How the vocabulary's text is tokenized now.
    var tokenization: TokenizationChange?
  }

  func run(_ checkpoint: Checkpoint) throws -> Result {
    var recipe = try options.resolved()
    let pool = runtime.pool()
    defer { withExtendedLifetime(pool) {} }
    var compressor = Compressor(recipe, parallel: pool.parallel)
    var drawn: CalibrationTexts?
    let data = CalibrationData(
      columns: columns, options: recipe.calibration?.options ?? .init(),
      evaluation: options.overlap.evaluation,
      allowsOverlap: options.overlap.allowOverlap)
    if let text = options.text { drawn = try data.texts(text, checkpoint) }
    if let calibration = options.calibration {
      drawn = try data.texts(calibration: calibration, checkpoint)
    }
    compressor.texts = drawn?.texts ?? []
    if let corpus = options.keepVocabularyOf {
      compressor.pieceCounts = try data.pieceCounts(corpus, checkpoint)
    } else if recipe.vocabulary?.keepUsed == true {
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
    var (packed, model, report) = (nil as PackedFile?, prepared.model, prepared.report)
    if let target = options.targetSize {
      progress.finish()
      let mixed = try MixedPrecision(
        target: target.bytes, checkpoint: checkpoint, prepared: prepared, recipe: recipe,
        sites: sensitivities(checkpoint, prepared, recipe, drawn, pool.parallel))
      // What Huffman codes make of the levels is only known when they are there: too large a file says by
      // how much the budget was wrong.
      var budget = target.bytes
      for _ in 0..<4 {
        compressor.recipe = try mixed.recipe(budget: budget)
        (model, report) = try compressor.finish(prepared)
        let file = try pack(checkpoint, model, compressor, progress)
        packed = file
        if file.bytes.count <= target.bytes { break }
        budget -= file.bytes.count - target.bytes + target.bytes / 200
      }
      if let size = packed?.bytes.count, size > target.bytes {
        throw QuantizerError.targetSize(bytes: target.bytes, smallest: size)
      }
      recipe = compressor.recipe
    } else {
      (model, report) = try compressor.finish(prepared)
    }
    let file = try packed ?? pack(checkpoint, model, compressor, progress)
    progress.finish()
    var change: TokenizationChange?
    if report.vocabulary != nil, let evaluation = options.overlap.evaluation {
      change = try VocabularyDiet.compare(
        data.allTexts(evaluation), before: checkpoint.tokenizer, after: model.tokenizer)
    }
    return Result(
      recipe: recipe, packed: file, compression: report, texts: drawn, tokenization: change)
  }
}

extension CompressionRun {
  /// What each linear costs: from the file `mbq sensitivity` left, or measured now and left there.
  private func sensitivities(
    _ checkpoint: Checkpoint, _ prepared: Compressor.Prepared, _ recipe: Recipe,
    _ calibration: CalibrationTexts?, _ parallel: Parallel
  ) throws -> [SiteSensitivity] {
    guard var drawn = calibration else {
      throw CommandError.usage(
        "--target-size chooses bits by what they cost, which needs text: give some with --text")
    }
    if let text = options.text {
      // The texts `mbq sensitivity` draws, so that what it measured counts.
      drawn = try CalibrationData(
        columns: columns,
        options: .init(
          texts: SensitivityRun.texts, maximumTokens: SensitivityRun.maximumTokens,
          seed: recipe.calibration?.options.seed ?? CalibrationOptions().seed),
        evaluation: options.overlap.evaluation, allowsOverlap: options.overlap.allowOverlap
      ).texts(text, checkpoint)
    } else {
      drawn.texts = drawn.texts.prefix(SensitivityRun.texts).map {
        $0.count <= SensitivityRun.maximumTokens
          ? $0 : $0.prefix(SensitivityRun.maximumTokens - 1) + $0.suffix(1)
      }
    }
    if let vocabulary = prepared.report.vocabulary {
      drawn.texts = vocabulary.retokenized(
        drawn.texts, limit: SensitivityRun.maximumTokens)
    }
    let run = SensitivityRun(
      parallel: parallel, path: options.sensitivity ?? SensitivityRun.defaultPath(source),
      group: recipe.weights?.group ?? 64)
    return try run.run(
      prepared.model, drawn, checkpoint, structure: recipe.structureName
    ).sites
  }

  private func pack(
    _ checkpoint: Checkpoint, _ model: WorkingModel, _ compressor: Compressor,
    _ progress: StagedProgress
  ) throws -> PackedFile {
    var packer = Packer(checkpoint, precision: compressor.precision, model: model)
    packer.compressesWeights = compressor.recipe.compress ?? false
    packer.recipe = compressor.recipe.summary
    return try packer.pack { progress.show("pack", $0) }
  }
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
