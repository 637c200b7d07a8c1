import MBQCore
import MBQEvaluation
import MBQRuntime

/// The two models that a check judges, and how their answers compare.
struct CheckedPair {
  var comparison: ComparisonSummary
  /// The models themselves, if both were given.
  var models: (baseline: Model, candidate: Model)?
  /// Why there is no accuracy, if there is none.
  let noLabels: EvaluationRunError

  /// From answers that were kept earlier: nothing is run.
  ///
  /// The candidate's file may hold the baseline's answers too.
  init(kept options: CheckOptions, _ toolchain: Toolchain) throws {
    let candidate = options.candidate
    let answers = try AnswersFile.read(path: candidate)
    try BaselineSource.refusePart(answers, candidate)
    if let data = options.data {
      let scan = try toolchain.scan(
        data, options.dataset, labels: answers.key.model.labels,
        withLabels: answers.key.dataset.labelColumn != nil)
      try BaselineSource.refuseOtherRows(answers, candidate, data, scan)
    }
    var pair = answers
    if let baseline = options.baseline {
      guard AnswersFile.isOne(at: baseline) else {
        throw EvaluationRunError.storedBesideModel(candidate: candidate, baseline: baseline)
      }
      let others = try AnswersFile.read(path: baseline)
      pair = try answers.beside(others, names: (candidate, baseline), flipLimit: options.flips)
    }
    BaselineSource.adviseOnLimits(pair.key, toolchain)
    guard var comparison = try pair.comparison(confidence: options.confidence.value) else {
      throw EvaluationRunError.noBaseline(path: candidate)
    }
    comparison.listedFlips = Array(comparison.listedFlips.prefix(options.flips))
    self.comparison = comparison
    noLabels = .noLabelsInAnswers(path: candidate)
  }

  /// From running the candidate, and the baseline unless its answers were kept.
  init(
    running options: CheckOptions, baseline: String, data: String, _ toolchain: Toolchain
  ) throws {
    let candidate = options.candidate
    let model = try toolchain.model(candidate)
    try EvaluationRunError.refuseMultiLabel(model, candidate)
    let source = try BaselineSource.open(baseline, for: model, named: candidate, toolchain)
    var run = EvaluationRun(
      toolchain: toolchain, options: options.dataset, maxTokens: options.maximumTokens,
      mistakeLimit: 0, flipLimit: options.flips)
    run.isUnlabelled = options.isUnlabelled
    let result = try run.run(candidate, model: model, data: data, baseline: source, name: "check")
    guard let comparison = try result.answers.comparison(confidence: options.confidence.value)
    else { preconditionFailure("a run beside a baseline compares") }
    self.comparison = comparison
    models = source.model.map { ($0, model) }
    noLabels = .noLabelsForDrop(data: data, column: options.dataset.labelColumn)
  }
}
