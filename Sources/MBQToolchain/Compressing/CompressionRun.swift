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
    let plan = try Plan(
      options.recipe, hasText: options.hasText, mixesBits: options.targetBytes != nil)
    let pool = try toolchain.pool()
    defer { withExtendedLifetime(pool) {} }
    var compressor = Compressor(plan, parallel: pool.parallel)
    let data = CalibrationData(
      toolchain: toolchain, columns: options.dataset, options: plan.calibration,
      evaluation: options.evaluation, allowsOverlap: options.allowsOverlap)
    let drawn = try self.drawn ?? data.texts(options, checkpoint)
    compressor.texts = drawn?.texts ?? []
    if let corpus = options.vocabularyText {
      compressor.pieceCounts = try data.pieceCounts(corpus, checkpoint)
    } else if plan.structure.keepsUsedPieces {
      guard let text = options.text else { throw CalibrationDataError.vocabularyWithoutText }
      compressor.pieceCounts = try data.pieceCounts(text, checkpoint)
    }
    let progress = StagedProgress(toolchain, label: label)
    defer { progress.finish() }
    compressor.progress = { progress.show($0, $1) }
    let prepared =
      try preparations?.prepared(by: compressor, checkpoint) ?? compressor.prepare(checkpoint)
    let result: Compressor.Packed
    if let target = options.targetBytes {
      progress.finish()
      let sites = try sensitivities(checkpoint, prepared, plan, drawn, pool.parallel)
      result = try compressor.pack(prepared, of: checkpoint, bytes: target, sites: sites)
    } else {
      result = try compressor.pack(prepared, of: checkpoint)
    }
    progress.finish()
    var change: TokenizationChange?
    if result.report.vocabulary != nil, let evaluation = options.evaluation {
      change = try VocabularyDiet.compare(
        data.allTexts(evaluation), before: checkpoint.tokenizer, after: result.model.tokenizer)
    }
    return QuantizeResult(
      path: name(plan), plan: result.plan, packed: result.file, compression: result.report,
      texts: drawn, tokenization: change, options: options, nanoseconds: 0)
  }

  /// The checkpoint's name and what became of its weights.
  private func name(_ plan: Plan) -> String {
    let bits = plan.weights.bits
    let scheme =
      options.targetBytes != nil ? "mixed" : bits > 8 ? "fp\(bits)" : "int\(bits)"
    return "\(options.checkpoint.name)-\(scheme).mbq"
  }

  /// What each linear costs: from the file `Toolchain.sensitivity` left, or measured now and left there.
  private func sensitivities(
    _ checkpoint: Checkpoint, _ prepared: Compressor.Prepared, _ plan: Plan,
    _ calibration: CalibrationTexts?, _ parallel: Parallel
  ) throws -> [SiteSensitivity] {
    // Bits are mixed with text alone (`Plan.init`).
    guard var drawn = calibration else { return [] }
    if let text = options.text {
      // The texts `Toolchain.sensitivity` draws, so that what it measured counts.
      drawn = try CalibrationData(
        toolchain: toolchain, columns: options.dataset,
        options: KeptSensitivities.drawing(seed: plan.calibration.seed),
        evaluation: options.evaluation, allowsOverlap: options.allowsOverlap
      ).texts(text, checkpoint)
    } else {
      drawn = KeptSensitivities.shortened(drawn)
    }
    let kept = KeptSensitivities(
      path: options.sensitivityFile ?? options.checkpoint.sensitivityPath,
      group: plan.weights.group, parallel: parallel)
    return try toolchain.measure(kept, prepared, drawn, of: checkpoint).sites
  }
}

extension Toolchain {
  /// What each linear costs, told as a stage.
  func measure(
    _ kept: KeptSensitivities, _ prepared: Compressor.Prepared, _ texts: CalibrationTexts,
    of checkpoint: Checkpoint
  ) throws -> (sites: [SiteSensitivity], measured: Int) {
    var stage: Stage?
    defer { stage?.finish() }
    var shown = 0
    return try kept.measure(prepared, texts, of: checkpoint) { done, total in
      let current = stage ?? self.stage("sensitivity", total: total, unit: "linears")
      stage = current
      current.advance(by: done - shown)
      shown = done
    }
  }
}

extension CheckpointSource {
  /// Where `Toolchain.sensitivity` leaves its figures and `Toolchain.quantize` looks for them.
  var sensitivityPath: String { "\(name).sensitivity.json" }
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
