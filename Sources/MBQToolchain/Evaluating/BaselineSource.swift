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
    _ path: String, for model: Model, named name: String, _ toolchain: Toolchain
  ) throws -> BaselineSource {
    let source: BaselineSource
    let labels: [String]
    if AnswersFile.isOne(at: path) {
      let answers = try AnswersFile.read(path: path)
      try refusePart(answers, path)
      source = .stored(answers, path: path)
      labels = answers.key.model.labels
    } else {
      let other = try toolchain.model(path)
      try EvaluationRunError.refuseMultiLabel(other, path)
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
  static func refusePart(_ answers: Answers, _ path: String) throws(EvaluationRunError) {
    guard answers.key.shard == .whole else {
      throw .partOnly(path: path, index: answers.key.shard.index, count: answers.key.shard.count)
    }
    guard answers.isComplete else {
      throw .unfinished(path: path, rows: answers.rowCount, of: answers.key.rowCount)
    }
  }

  /// Refuses answers to other rows than those of `data`, of which `scan` is `nil` for a stream.
  static func refuseOtherRows(
    _ answers: Answers, _ path: String, _ data: String, _ scan: DatasetScan?
  ) throws(EvaluationRunError) {
    guard let scan else {
      throw .storedAnswersForStream
    }
    let (then, now) = (answers.key.dataset.rows, scan.dataset.rows)
    // Anybody may have written the file: its number of rows does not follow from its digest.
    guard answers.key.datasetDigest == scan.digest, then == now else {
      throw .otherRows(path: path, data: data, then: then, now: now)
    }
  }

  /// Says so if the two models did not read the same of a long text.
  static func adviseOnLimits(_ key: AnswersKey, _ toolchain: Toolchain) {
    guard let baseline = key.baseline, baseline.tokenLimit != key.model.tokenLimit else { return }
    toolchain.advise(
      .tokenLimitsDiffer(baseline: baseline.tokenLimit, candidate: key.model.tokenLimit))
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
