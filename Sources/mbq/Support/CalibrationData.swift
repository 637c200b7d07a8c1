import MBQCheckpoints
import MBQCore
import MBQEvaluation
import MBQModel
import MBQQuantizer
import MBQReport
import MBQTokenizer

/// Draws calibration texts from a dataset, which needs no labels.
struct CalibrationData {
  var columns: DataOptions
  var options: CalibrationOptions
  var evaluation: String?
  var allowsOverlap = false

  func texts(_ path: String, _ checkpoint: Checkpoint) throws -> CalibrationTexts {
    let tokenizer = try tokenizer(checkpoint)
    var judged: TextDigests?
    if let evaluation {
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
    var rows = try columns.texts(path, labels: [], withLabels: false)
    let progress = ProgressBar(label, total: nil)
    defer { progress.finish() }
    while let row = try rows.next() {
      body(row.text)
      progress.advance()
    }
  }
}
