extension Answers {
  /// These answers beside those of `baseline` to the same rows, each whole and with the name of its file.
  ///
  /// It lists up to `flipLimit` flips, without their texts, because answers do not keep texts. The baselines of
  /// both files are ignored. Refuses answers to other rows, or with other labels (`AnswersPairError`).
  public func beside(
    _ baseline: Answers, names: (candidate: String, baseline: String), flipLimit: Int
  ) throws(AnswersPairError) -> Answers {
    for (name, answers) in [(names.candidate, self), (names.baseline, baseline)] {
      guard answers.isComplete, answers.key.shard == .whole else {
        throw .unfinished(name: name, rows: answers.rowCount, expected: answers.key.dataset.rows)
      }
    }
    guard key.model.labels == baseline.key.model.labels else {
      throw .labels(
        candidate: names.candidate, key.model.labels, baseline: names.baseline,
        baseline.key.model.labels)
    }
    guard key.datasetDigest == baseline.key.datasetDigest,
      key.dataset.rows == baseline.key.dataset.rows
    else { throw .rows(candidate: names.candidate, baseline: names.baseline) }
    var key = key
    key.baseline = baseline.key.model
    key.flipLimit = flipLimit
    return Answers(
      key: key, outputs: outputs, baseline: baseline.outputs, truths: truths,
      packedLengths: packedLengths, mistakes: mistakes,
      flips: FlipList(
        limit: flipLimit, baseline: baseline.outputs, candidate: outputs, truths: truths))
  }
}
