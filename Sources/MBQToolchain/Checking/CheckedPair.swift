import MBQCore
import MBQEvaluation
import MBQReport
import MBQRuntime

/// The two models that `mbq check` judges, and how their answers compare.
struct CheckedPair {
  var comparison: ComparisonSummary
  /// The models themselves, if both were given.
  var models: (baseline: Model, candidate: Model)?
  /// Why there is no accuracy, if there is none, and what to do about it.
  let noLabels: String

  /// From answers that were kept earlier: nothing is run.
  ///
  /// The candidate's file may hold the baseline's answers too (`mbq evaluate --baseline -o`).
  init(
    kept candidate: String, baseline: String?, data: String?, columns: DataOptions,
    confidence: Double, flipLimit: Int
  ) throws {
    let answers = try AnswersFile.read(path: candidate)
    try BaselineSource.refusePart(answers, candidate)
    if let data {
      let scan = try DatasetScan(
        data, columns, labels: answers.key.model.labels,
        withLabels: answers.key.dataset.labelColumn != nil)
      try BaselineSource.refuseOtherRows(answers, candidate, data, scan)
    }
    var pair = answers
    if let baseline {
      guard AnswersFile.isOne(at: baseline) else {
        throw CommandError.usage(
          "'\(candidate)' holds answers, and '\(baseline)' does not; give the baseline's answers too "
            + "(mbq evaluate -o), or the candidate's model")
      }
      let others = try AnswersFile.read(path: baseline)
      pair = try answers.beside(others, names: (candidate, baseline), flipLimit: flipLimit)
    }
    BaselineSource.remarkOnLimits(pair.key)
    guard var comparison = try pair.comparison(confidence: confidence) else {
      throw CommandError.usage(
        "'\(candidate)' holds the answers of one model; give --baseline, or make it with "
          + "mbq evaluate --baseline")
    }
    comparison.listedFlips = Array(comparison.listedFlips.prefix(flipLimit))
    self.comparison = comparison
    noLabels =
      "'\(candidate)' holds answers to texts without labels; make it on texts with labels"
  }

  /// From running the candidate, and the baseline unless its answers were kept.
  init(
    _ candidate: String, baseline: String, data: String, run: EvaluationRun,
    runtime: RuntimeOptions, confidence: Double
  ) throws {
    let model = try runtime.model(candidate)
    try EvaluationRun.refuseMultiLabel(model, candidate)
    let source = try BaselineSource.open(baseline, for: model, named: candidate, runtime)
    let result = try run.run(candidate, model: model, data: data, baseline: source, name: "check")
    guard let comparison = try result.answers.comparison(confidence: confidence) else {
      preconditionFailure("a run beside a baseline compares")
    }
    self.comparison = comparison
    models = source.model.map { ($0, model) }
    noLabels =
      "'\(data)' has no column '\(run.options.labelColumn)', and --max-drop needs labels; choose the "
      + "column with --label-column"
  }
}
