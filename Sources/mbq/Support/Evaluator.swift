import MBQEvaluation
import MBQRuntime

/// Runs a model over a labelled dataset and scores it.
struct Evaluator {
  let options: DataOptions
  let runtime: RuntimeOptions
  var maxTokens: Int?
  var mistakeLimit = 5
  var confidence = 0.95

  struct Result {
    var summary: EvaluationSummary
    var predictions: Predictions
    /// (rows) The tokens the model read.
    var lengths: [Int]
  }

  func run(_ path: String, data: String, model: Model, name: String) throws -> Result {
    let run = EvaluationRun(
      options: options, runtime: runtime, maxTokens: maxTokens, mistakeLimit: mistakeLimit)
    let result = try run.run(path, model: model, data: data, name: name)
    guard let truths = result.answers.truths,
      let summary = try result.answers.evaluation(timing: result.timing, confidence: confidence)
    else { preconditionFailure("rows are scored without labels only beside a baseline") }
    return Result(
      summary: summary, predictions: Predictions(outputs: result.answers.outputs, truths: truths),
      lengths: result.answers.lengths)
  }
}

extension Evaluator.Result {
  /// This model's answers against those of `baseline` to the same rows.
  ///
  /// Texts are not kept, so that up to `flipLimit` flips are listed without them.
  func compared(
    with baseline: Evaluator.Result, flipLimit: Int = 10
  ) throws(EvaluationError) -> ComparisonSummary {
    let answers = try PairedAnswers(
      baseline: baseline.predictions.outputs, candidate: predictions.outputs,
      truths: predictions.truths, lengths: lengths)
    return ComparisonSummary(
      baseline: baseline.summary.model, candidate: summary.model, dataset: summary.dataset,
      answers: answers, labelNames: summary.labels.map(\.name),
      flips: answers.flips(limit: flipLimit), confidence: summary.confidence)
  }
}
