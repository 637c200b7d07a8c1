import MBQCore
import MBQEvaluation
import MBQKernels
import MBQRuntime

/// Runs a model, and a baseline beside it, over the rows of a dataset or over a part of them.
///
/// Memory holds a portion of texts, the logits of every row, and the start of the texts that are to be
/// listed.
struct EvaluationRun {
  let toolchain: Toolchain
  let options: DatasetOptions
  var maxTokens: Int?
  var mistakeLimit = 5
  var flipLimit = 10
  /// Pays no attention to labels.
  var isUnlabelled = false
  var shard = AnswersKey.Shard.whole
  /// The file that keeps the answers, while they are found and when they are complete.
  var output: String?

  struct Result {
    var answers: Answers
    /// `nil` if answers of an earlier run were taken over.
    var timing: EvaluationSummary.Timing?
  }

  /// A row as it passes by, with all answers up to it; `place` is its own among them.
  typealias Visit = (_ row: LabelledText, _ place: Int, _ answers: Answers) throws -> Void

  /// `baseline` has the model's labels (`BaselineSource.open`); `name` is what the progress is called.
  func run(
    _ path: String, model: Model, data: String, baseline: BaselineSource? = nil,
    name: String = "evaluate", visit: Visit = { _, _, _ in }
  ) throws -> Result {
    try EvaluationRunError.refuseMultiLabel(model, path)
    if data != "-" {
      try OutputPlace.refusePipe(data, takesStandardInput: output == nil)
    }
    let isLabelled = try hasLabels(data, model, hasBaseline: baseline != nil)
    let scan =
      data == "-"
      ? nil
      : try toolchain.scan(data, options, labels: model.labels, withLabels: isLabelled)
    if case .stored(let answers, let path) = baseline {
      try BaselineSource.refuseOtherRows(answers, path, data, scan)
    }
    var rows = try options.texts(data, labels: model.labels, withLabels: isLabelled)
    let pool = try toolchain.pool()
    var stream = try TextStream<LabelledText>(
      model, RunState(model: model, parallel: pool.parallel), limit: maxTokens)
    var baselineStream: TextStream<LabelledText>?
    if let other = baseline?.model {
      baselineStream = try TextStream(
        other, RunState(model: other, parallel: pool.parallel), limit: maxTokens)
    }
    let needsDigests = output != nil
    let key = AnswersKey(
      model: try .init(model, path, limit: stream.tokenLimit, withDigest: needsDigests),
      baseline: try description(
        baseline, limit: baselineStream?.tokenLimit, withDigest: needsDigests),
      dataset: scan?.dataset ?? DatasetScan.description(rows, data),
      datasetDigest: scan?.digest ?? "", shard: shard, mistakeLimit: mistakeLimit,
      flipLimit: flipLimit)
    BaselineSource.adviseOnLimits(key, toolchain)
    var keeper = AnswersKeeper(toolchain, path: output)
    var answers = try keeper.resumed(key) ?? Answers(key: key)
    let known = answers.rowCount
    let progress = toolchain.stage(name, total: scan == nil ? nil : key.rowCount)
    defer { progress.finish() }
    progress.advance(by: known)
    var digest = DatasetDigest()
    var portion = Portion()
    var place = 0
    var nanoseconds: UInt64 = 0

    func answer() throws {
      let new = portion.rows.dropFirst(max(0, min(portion.rows.count, known - place)))
      let start = MonotonicClock.nanoseconds
      let found = try stream.answers(to: new)
      nanoseconds += MonotonicClock.nanoseconds - start
      let others = try baselineStream?.answers(to: new)
      for (index, answer) in found.enumerated() {
        var baselineLogits = others.map { $0[index].classification.logits }
        if case .stored(let stored, _) = baseline {
          baselineLogits = Array(stored.outputs.rawLogits(row: answer.row.row - 1))
        }
        try answers.append(
          text: answer.text, truth: answer.row.label,
          logits: answer.classification.logits,
          baselineLogits: baselineLogits, tokens: answer.classification.tokenCount,
          isTruncated: answer.classification.isTruncated)
      }
      for (index, row) in portion.rows.enumerated() { try visit(row, place + index, answers) }
      place += portion.rows.count
      progress.advance(by: new.count)
      portion.clear()
      if !new.isEmpty { try keeper.keepNowAndThen(answers) }
    }

    while let row = try rows.next() {
      digest.add(row.text, label: row.label)
      guard shard.contains(row.row - 1) else { continue }
      portion.add(row)
      if portion.isFull { try answer() }
    }
    try answer()
    if let scan {
      guard digest.value == scan.digest else {
        throw EvaluationRunError.changedData(path: data)
      }
    } else {
      answers.setDataset(DatasetScan.description(rows, data), digest: digest.value)
    }
    try keeper.keep(answers)
    withExtendedLifetime(pool) {}
    let run = answers.run
    return Result(
      answers: answers,
      timing: known > 0
        ? nil
        : EvaluationSummary.Timing(
          seconds: Double(nanoseconds) / 1e9, rows: answers.rowCount, tokens: run.tokens,
          threads: toolchain.threads, kernels: model.kernels.name))
  }

  /// Whether rows have labels that count; a dataset without the column is compared, never scored.
  private func hasLabels(_ data: String, _ model: Model, hasBaseline: Bool) throws -> Bool {
    if isUnlabelled { return false }
    guard data != "-" else { return true }
    do throws(DatasetError) {
      _ = try options.texts(data, labels: model.labels)
      return true
    } catch {
      guard case .missingColumn(_, options.labelColumn, "--label-column", _) = error else {
        throw error
      }
      if hasBaseline && options.labelColumn == DatasetOptions.defaultLabelColumn { return false }
      if hasBaseline { throw error }
      throw EvaluationRunError.noLabels(error)
    }
  }

  private func description(
    _ baseline: BaselineSource?, limit: Int?, withDigest: Bool
  ) throws(FileError) -> AnswersKey.Model? {
    switch baseline {
    case nil: nil
    case .stored(let answers, _): answers.key.model
    case .model(let model, let path):
      try .init(model, path, limit: limit ?? model.maximumTokens, withDigest: withDigest)
    }
  }
}
