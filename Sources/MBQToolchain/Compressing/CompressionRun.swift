import MBQCheckpoints
import MBQCore
import MBQQuantizer
import MBQRuntime
import MBQTokenizer

/// Compresses a checkpoint as options say.
struct CompressionRun {
  let toolchain: Toolchain
  let options: QuantizeOptions
  /// What stands before each stage's name; a run that makes several models says which.
  var label = ""
  /// Texts drawn already, in place of those of the options.
  var drawn: CalibrationTexts?
  /// Models whose structure is final, which other runs may have prepared.
  var preparations: Preparations?

  func run(_ checkpoint: Checkpoint) throws -> QuantizeResult {
    var recipe = options.recipe.resolved(hasText: options.hasText)
    let pool = try toolchain.pool()
    defer { withExtendedLifetime(pool) {} }
    var compressor = Compressor(recipe, parallel: pool.parallel)
    let data = CalibrationData(
      toolchain: toolchain, columns: options.dataset,
      options: recipe.calibration?.options ?? .init(), evaluation: options.evaluation,
      allowsOverlap: options.allowsOverlap)
    let drawn = try self.drawn ?? data.texts(options, checkpoint)
    compressor.texts = drawn?.texts ?? []
    if let corpus = options.vocabularyText {
      compressor.pieceCounts = try data.pieceCounts(corpus, checkpoint)
    } else if recipe.vocabulary?.keepUsed == true {
      guard let text = options.text else {
        throw CalibrationDataError.vocabularyWithoutText
      }
      compressor.pieceCounts = try data.pieceCounts(text, checkpoint)
    }
    let progress = StagedProgress(toolchain, label: label)
    defer { progress.finish() }
    compressor.progress = { progress.show($0, $1) }
    let prepared =
      try preparations?.prepared(by: compressor, checkpoint) ?? compressor.prepare(checkpoint)
    var (packed, model, report) = (nil as PackedFile?, prepared.model, prepared.report)
    if let target = options.targetBytes {
      progress.finish()
      let mixed = try MixedPrecision(
        target: target, checkpoint: checkpoint, prepared: prepared, recipe: recipe,
        sites: sensitivities(checkpoint, prepared, recipe, drawn, pool.parallel))
      // What Huffman codes make of the levels is only known when they are there: too large a file says by
      // how much the budget was wrong.
      var budget = target
      for _ in 0..<4 {
        compressor.recipe = try mixed.recipe(budget: budget)
        (model, report) = try compressor.finish(prepared)
        let file = try pack(checkpoint, model, compressor, progress)
        packed = file
        if file.bytes.count <= target { break }
        budget -= file.bytes.count - target + target / 200
      }
      if let size = packed?.bytes.count, size > target {
        throw QuantizerError.targetSize(bytes: target, smallest: size)
      }
      recipe = compressor.recipe
    } else {
      (model, report) = try compressor.finish(prepared)
    }
    let file = try packed ?? pack(checkpoint, model, compressor, progress)
    progress.finish()
    var change: TokenizationChange?
    if report.vocabulary != nil, let evaluation = options.evaluation {
      change = try VocabularyDiet.compare(
        data.allTexts(evaluation), before: checkpoint.tokenizer, after: model.tokenizer)
    }
    return QuantizeResult(
      path: name(recipe), recipe: recipe, packed: file, compression: report, texts: drawn,
      tokenization: change, options: options, nanoseconds: 0)
  }

  /// The checkpoint's name and what became of its weights.
  private func name(_ recipe: Recipe) -> String {
    let bits = recipe.weights?.bits ?? 8
    let scheme =
      options.targetBytes != nil ? "mixed" : bits > 8 ? "fp\(bits)" : "int\(bits)"
    return "\(options.checkpoint.name)-\(scheme).mbq"
  }
}

extension CompressionRun {
  /// What each linear costs: from the file `mbq sensitivity` left, or measured now and left there.
  private func sensitivities(
    _ checkpoint: Checkpoint, _ prepared: Compressor.Prepared, _ recipe: Recipe,
    _ calibration: CalibrationTexts?, _ parallel: Parallel
  ) throws -> [SiteSensitivity] {
    guard var drawn = calibration else {
      throw CalibrationDataError.targetSizeWithoutText
    }
    if let text = options.text {
      // The texts `mbq sensitivity` draws, so that what it measured counts.
      drawn = try CalibrationData(
        toolchain: toolchain, columns: options.dataset,
        options: .init(
          texts: SensitivityRun.texts, maximumTokens: SensitivityRun.maximumTokens,
          seed: recipe.calibration?.options.seed ?? CalibrationOptions().seed),
        evaluation: options.evaluation, allowsOverlap: options.allowsOverlap
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
      toolchain: toolchain, parallel: parallel,
      path: options.sensitivityFile ?? SensitivityRun.defaultPath(options.checkpoint),
      group: recipe.weights?.group ?? 64)
    return try run.run(
      prepared.model, drawn, checkpoint, structure: recipe.structureKey
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

extension CalibrationData {
  /// The texts that options name; `nil` if they name none.
  fileprivate func texts(
    _ options: QuantizeOptions, _ checkpoint: Checkpoint
  ) throws -> CalibrationTexts? {
    if let calibration = options.calibration {
      return try texts(calibration: calibration, checkpoint)
    }
    return try options.text.map { try texts($0, checkpoint) }
  }
}
