import MBQCore
import MBQEvaluation
import MBQRuntime

/// Where the answers come from that a model's answers are compared with.
enum BaselineSource {
  case model(Model, path: String)
  /// A file that `mbq evaluate -o` wrote for the baseline.
  case stored(Answers, path: String)

  /// The packed model or the file of answers at `path`, for a model with these labels.
  static func open(
    _ path: String, for model: Model, named name: String, _ runtime: RuntimeOptions
  ) throws -> BaselineSource {
    let source: BaselineSource
    let labels: [String]
    if AnswersFile.isOne(at: path) {
      let answers = try AnswersFile.read(path: path)
      try refusePart(answers, path)
      source = .stored(answers, path: path)
      labels = answers.key.model.labels
    } else {
      let other = try runtime.model(path)
      try EvaluationRun.refuseMultiLabel(other, path)
      source = .model(other, path: path)
      labels = other.labels
    }
    guard labels == model.labels else {
      throw AnswersPairError.labels(
        candidate: name, model.labels, baseline: path, labels)
    }
    return source
  }

  /// Refuses answers to some of the rows only.
  static func refusePart(_ answers: Answers, _ path: String) throws(CommandError) {
    guard answers.key.shard == .whole else {
      throw .badInput(
        "'\(path)' holds the answers to part \(answers.key.shard.index) of "
          + "\(answers.key.shard.count) only; put the parts together with mbq evaluate --merge -o")
    }
    guard answers.isComplete else {
      throw .badInput(
        "'\(path)' is not finished (\(answers.rowCount) of \(answers.key.rowCount) rows); run the "
          + "mbq evaluate command that made it again, it goes on from there")
    }
  }

  /// Refuses answers to other rows than those of `data`, of which `scan` is `nil` for a stream.
  static func refuseOtherRows(
    _ answers: Answers, _ path: String, _ data: String, _ scan: DatasetScan?
  ) throws(CommandError) {
    guard let scan else {
      throw .usage("stored answers can only be compared on a file: give --data a file, not -")
    }
    let (then, now) = (answers.key.dataset.rows, scan.dataset.rows)
    // Anybody may have written the file: its number of rows does not follow from its digest.
    guard answers.key.datasetDigest == scan.digest, then == now else {
      throw .badInput(
        "'\(path)' holds answers to other rows than '\(data)' has"
          + (then == now ? " (texts or labels changed)" : " (\(then) rows then, \(now) now)")
          + "; make it again with mbq evaluate -o on this data")
    }
  }

  /// Says so if the two models did not read the same of a long text.
  static func remarkOnLimits(_ key: AnswersKey) {
    guard let baseline = key.baseline, baseline.tokenLimit != key.model.tokenLimit else { return }
    Output.remark(
      "warning: the baseline's answers are to texts cut to \(baseline.tokenLimit) tokens, these to "
        + "\(key.model.tokenLimit) (--max-tokens): what differs is not the models' doing alone")
  }

  var path: String {
    switch self {
    case .model(_, let path), .stored(_, let path): path
    }
  }

  /// The packed model itself, which stored answers do not have.
  var model: Model? {
    guard case .model(let model, _) = self else { return nil }
    return model
  }
}
