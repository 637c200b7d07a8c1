import MBQCheckpoints
import MBQCore
import MBQEvaluation
import MBQModel
import MBQQuantizer
import MBQTokenizer

/// Draws calibration texts from a dataset, which needs no labels.
struct CalibrationData {
  let toolchain: Toolchain
  var columns: DatasetOptions
  var options: CalibrationOptions
  var evaluation: String?
  var allowsOverlap = false
  /// The evaluation's texts, if a scan has found them already.
  var evaluationTexts: TextDigests?

  func texts(_ path: String, _ checkpoint: Checkpoint) throws -> CalibrationTexts {
    let tokenizer = try tokenizer(checkpoint)
    var judged = evaluationTexts
    if let evaluation, judged == nil {
      var digests = TextDigests()
      try each(evaluation, "reading \(evaluation)") { digests.insert($0) }
      judged = digests
    }
    var sampler = try CalibrationSampler(
      tokenizer,
      limit: min(checkpoint.configuration.maximumPositions, checkpoint.tokenizer.maximumLength),
      options: options, evaluation: judged)
    try each(path, "reading \(path)") { sampler.add($0) }
    return try sampler.finish(
      file: path, evaluation: evaluation ?? "", allowsOverlap: allowsOverlap)
  }

  /// The texts that a calibration drew for the checkpoint.
  ///
  /// Refuses a file of another checkpoint, and texts that begin as one of the evaluation's does, as far as
  /// they go.
  func texts(calibration path: String, _ checkpoint: Checkpoint) throws -> CalibrationTexts {
    let statistics = try StatisticsFile.read(path: path)
    guard statistics.key.checkpoint == checkpoint.digest else {
      throw CalibrationDataError.otherCheckpoint(path: path, checkpoint: checkpoint.weightsPath)
    }
    // The digest says who made the texts, not that they are right.
    let vocabulary = checkpoint.configuration.vocabularySize
    let longest = checkpoint.configuration.maximumPositions
    for (index, text) in statistics.texts.enumerated() {
      guard text.count <= longest, text.allSatisfy({ $0 < vocabulary }) else {
        throw CalibrationDataError.badText(
          path: path, index: index, longest: longest, vocabulary: vocabulary)
      }
    }
    var drawn = CalibrationTexts(texts: statistics.texts, options: statistics.key.options)
    drawn.audit.calibrating = drawn.texts.count
    drawn.audit.calibratingTokens = drawn.texts.reduce(0) { $0 + $1.count }
    if let evaluation, !allowsOverlap {
      let tokenizer = try tokenizer(checkpoint)
      let known = Set(drawn.texts)
      let limit = min(longest, statistics.key.options.maximumTokens)
      var (row, found, first) = (0, 0, 0)
      try each(evaluation, "reading \(evaluation)") { text in
        row += 1
        guard known.contains(tokenizer.encode(text, limit: limit).ids) else { return }
        found += 1
        if first == 0 { first = row }
      }
      if found > 0 {
        throw CalibrationDataError.overlap(
          path: path, evaluation: evaluation, texts: found, row: first)
      }
    }
    return drawn
  }

  /// How often each of the checkpoint's word pieces occurs in a dataset, texts whole.
  func pieceCounts(_ path: String, _ checkpoint: Checkpoint) throws -> [Int] {
    let tokenizer = try tokenizer(checkpoint)
    var counts = [Int](repeating: 0, count: checkpoint.configuration.vocabularySize)
    try each(path, "reading \(path)") { text in
      for id in tokenizer.encode(text, limit: .max).ids { counts[Int(id)] += 1 }
    }
    return counts
  }

  func allTexts(_ path: String) throws -> [String] {
    var texts: [String] = []
    try each(path, "reading \(path)") { texts.append($0) }
    return texts
  }

  private func tokenizer(_ checkpoint: Checkpoint) throws(QuantizerError) -> WordPieceTokenizer {
    do throws(TokenizerError) {
      return try WordPieceTokenizer(checkpoint.tokenizer)
    } catch {
      throw .tokenizer(path: checkpoint.sources.last?.path ?? checkpoint.weightsPath, error)
    }
  }

  private func each(_ path: String, _ label: String, _ body: (String) -> Void) throws {
    var rows = try columns.unlabelledTexts(path)
    let progress = toolchain.stage(label, total: nil)
    defer { progress.finish() }
    while let row = try rows.next() {
      body(row.text)
      progress.advance()
    }
  }
}
