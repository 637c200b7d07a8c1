import MBQCore
import MBQEvaluation
import MBQReport
import MBQKernels
import MBQRuntime

/// The answers of all variants to a dataset, found in one pass over it.
struct VariantAnswers {
  struct Result {
    /// Beside the baseline's, unless it is the baseline.
    var answers: Answers
    var timing: EvaluationSummary.Timing

    var predictions: Predictions {
      Predictions(outputs: answers.outputs, truths: answers.truths ?? [])
    }

    func summary() throws(EvaluationError) -> EvaluationSummary {
      guard let summary = try answers.evaluation(timing: timing) else {
        preconditionFailure("a report has labels")
      }
      return summary
    }
  }

  /// (variants)
  private(set) var results: [Result]
  private(set) var survey: DatasetSurvey

  /// `first` is the place of the baseline, `limit` what texts are cut to.
  init(
    variants: [ReportVariant], models: [Model], first: Int, limit: Int, options: ReportOptions,
    _ toolchain: Toolchain, stage name: String
  ) throws {
    for (variant, model) in zip(variants, models) {
      try EvaluationRunError.refuseMultiLabel(model, variant.path)
    }
    let pool = try toolchain.pool()
    defer { withExtendedLifetime(pool) {} }
    var rows = try options.dataset.texts(options.data, labels: models[first].labels)
    var streams: [TextStream<LabelledText>] = []
    var answers: [Answers] = []
    let keys = try zip(variants, models).map { variant, model in
      try AnswersKey.Model(model, variant.path, limit: limit, withDigest: false)
    }
    for (index, model) in models.enumerated() {
      streams.append(
        try TextStream(model, RunState(model: model, parallel: pool.parallel), limit: limit))
      answers.append(
        try Answers(
          key: AnswersKey(
            model: keys[index], baseline: index == first ? nil : keys[first],
            dataset: DatasetScan.description(rows, options.data), datasetDigest: "", shard: .whole,
            mistakeLimit: 0, flipLimit: ComparisonFigures.shownLimit)))
    }
    // The baseline first: the others are set beside its answers.
    let order = [first] + models.indices.filter { $0 != first }
    var nanoseconds = models.map { _ in UInt64(0) }
    var survey = DatasetSurvey(labels: models[first].labels.count)
    let stage = toolchain.stage(name, total: nil, unit: "texts")
    defer { stage.finish() }
    var portion = Portion()
    func answer() throws {
      var baseline: [[Float]] = []
      for index in order {
        let start = MonotonicClock.nanoseconds
        let found = try streams[index].answers(to: portion.rows[...])
        nanoseconds[index] += MonotonicClock.nanoseconds - start
        if index == first { baseline = found.map(\.classification.logits) }
        for (place, answer) in found.enumerated() {
          try answers[index].append(
            text: answer.text, truth: answer.row.label, logits: answer.classification.logits,
            baselineLogits: index == first ? nil : baseline[place],
            tokens: answer.classification.tokenCount,
            isTruncated: answer.classification.isTruncated)
        }
      }
      stage.advance(by: portion.rows.count)
      portion.clear()
    }
    while let row = try rows.next() {
      survey.add(row, models[first], limit: limit)
      portion.add(row)
      if portion.isFull { try answer() }
    }
    try answer()
    survey.textColumns = rows.textColumns
    survey.rows = rows.rowCount
    survey.blankRows = rows.blankCount
    self.survey = survey
    results = models.indices.map { index in
      answers[index].setDataset(DatasetScan.description(rows, options.data), digest: "")
      return Result(
        answers: answers[index],
        timing: EvaluationSummary.Timing(
          seconds: Double(nanoseconds[index]) / 1e9, rows: answers[index].rowCount,
          tokens: answers[index].run.tokens, threads: toolchain.threads,
          kernels: models[index].kernels.name))
    }
  }
}
