import MBQCore
import MBQEvaluation
import MBQKernels
import MBQModel
import MBQReport
import MBQRuntime

/// Runs a model over a labelled dataset.
struct Evaluator {
  let options: DataOptions
  let runtime: RuntimeOptions
  var maxTokens: Int?
  var mistakeLimit = 5

  struct Result {
    var summary: EvaluationSummary
    var predictions: Predictions
  }

  func run(_ path: String, data: String, model: Model, name: String) throws -> Result {
    guard !model.isMultiLabel else {
      throw CommandError.badInput(
        "'\(path)' gives a text any number of labels (multi_label_classification), and there are no"
          + " metrics for that yet; 'mbq classify' gives its labels")
    }
    let description = ModelDescription(model, path: path)
    let pool = runtime.pool()
    let state = RunState(model: model, parallel: pool.parallel)
    var stream = try TextStream<LabelledText>(model, state, limit: maxTokens)
    var rows = try options.texts(data, labels: model.labels)
    var predictions = try Predictions(labelCount: model.labels.count)
    var mistakes = Mistakes(limit: mistakeLimit)
    let progress = ProgressBar(name, total: try options.rowCount(data))
    defer { progress.finish() }

    func score(_ answers: [TextStream<LabelledText>.Answer]) throws {
      for answer in answers {
        let truth = answer.row.label ?? 0
        // Probabilities and labels as the file's decision has them.
        let predicted = try predictions.append(
          truth: truth,
          logits: answer.classification.logits.map { $0 / model.decision.temperature },
          predicted: answer.classification.label)
        if predicted != truth {
          mistakes.add(
            row: answer.row.row, truth: truth, predicted: predicted,
            probability: predictions.outputs.probability(
              of: predicted, row: predictions.rowCount - 1),
            text: answer.text)
        }
      }
      progress.advance(by: answers.count)
    }

    let start = MonotonicClock.nanoseconds
    while let row = try rows.next() { try score(try stream.add(row.text, row)) }
    try score(try stream.finish())
    let seconds = Double(MonotonicClock.nanoseconds - start) / 1e9
    let summary = try EvaluationSummary(
      model: .init(path: path, scheme: description.scheme, fileBytes: description.fileBytes),
      dataset: .init(
        path: data, textColumns: rows.textColumns, labelColumn: rows.labelColumn,
        rows: rows.rowCount, blankRows: rows.blankCount),
      run: .init(
        tokens: stream.tokenCount, tokenLimit: stream.tokenLimit,
        truncatedRows: stream.truncatedCount, seconds: seconds, threads: runtime.threads,
        kernels: model.kernels.name),
      predictions: predictions, labelNames: model.labels, mistakes: mistakes)
    return Result(summary: summary, predictions: predictions)
  }
}
