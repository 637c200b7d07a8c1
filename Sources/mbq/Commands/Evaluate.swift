import ArgumentParser
import MBQCore
import MBQEvaluation
import MBQReport
import MBQRuntime

struct Evaluate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measures a model's accuracy on labelled texts, alone or against a baseline.",
    discussion: """
      Reads a CSV with the columns title, text and label (0, 1, … or label names), streaming.

      Examples:
        mbq evaluate model-int8.mbq --data test.csv
        mbq evaluate model-int8.mbq --data test.csv --baseline model-fp32.mbq
        mbq evaluate model-int8.mbq --data tweets.csv --text-column tweet
      """)

  @Argument(help: "The packed model.")
  var model: String

  @Option(help: ArgumentHelp("The labelled dataset; - is standard input.", valueName: "file"))
  var data: String

  @Option(
    help: ArgumentHelp(
      "A model to compare the answers with, such as the fp32 one.", valueName: "model"))
  var baseline: String?

  @OptionGroup var columns: DataOptions

  @Option(help: ArgumentHelp("Cut texts to this many tokens.", valueName: "n"))
  var maxTokens: Int?

  @Option(help: ArgumentHelp("Wrong answers to show, the surest first.", valueName: "n"))
  var mistakes = 5

  @Flag(help: "Print the result as JSON.")
  var json = false

  @OptionGroup var runtime: RuntimeOptions

  func validate() throws {
    guard baseline == nil || data != "-" else {
      throw ValidationError("--baseline reads the data twice: give a file, not standard input.")
    }
    guard mistakes >= 0 else {
      throw ValidationError("--mistakes is \(mistakes); allowed: 0 or more.")
    }
  }

  func run() throws {
    let evaluator = Evaluator(
      options: columns, runtime: runtime, maxTokens: maxTokens, mistakeLimit: mistakes)
    let model = try runtime.model(model)
    var reference: (path: String, model: Model)?
    if let baseline {
      let other = try runtime.model(baseline)
      guard other.labels == model.labels else {
        throw CommandError.badInput(
          "'\(baseline)' has the labels \(other.labels.joined(separator: ", ")) and "
            + "'\(self.model)' has \(model.labels.joined(separator: ", ")); "
            + "compare models of the same task")
      }
      reference = (baseline, other)
    }
    let result = try evaluator.run(self.model, data: data, model: model, name: "evaluate")
    guard let reference else {
      try show(result.summary, nil)
      return
    }
    let base = try evaluator.run(
      reference.path, data: data, model: reference.model, name: "baseline")
    let agreement = try Agreement(
      baseline: base.predictions.outputs, candidate: result.predictions.outputs)
    try show(
      result.summary,
      Comparison(
        baseline: reference.path, baselineAccuracy: base.summary.accuracy,
        accuracyDifference: result.summary.accuracy - base.summary.accuracy, agreement: agreement,
        agreementShare: agreement.share))
  }

  /// The keys of the JSON form.
  private struct Comparison: Encodable {
    var baseline: String
    var baselineAccuracy: Double
    var accuracyDifference: Double
    var agreement: Agreement
    var agreementShare: Double
  }

  private struct Both: Encodable {
    var evaluation: EvaluationSummary
    var comparison: Comparison
  }

  private func show(_ summary: EvaluationSummary, _ comparison: Comparison?) throws {
    if json {
      if let comparison {
        Output.show(try JSONText.encode(Both(evaluation: summary, comparison: comparison)))
      } else {
        Output.show(try JSONText.encode(summary))
      }
      return
    }
    var report = summary.report(width: 80)
    if let comparison {
      let agreement = comparison.agreement
      let points = comparison.accuracyDifference * 100
      report.blocks += [
        .heading("Against \(comparison.baseline)"),
        .facts([
          .init(
            "accuracy",
            "\(Human.percent(comparison.baselineAccuracy)), here "
              + "\(points < 0 ? "" : "+")\(fixedPoint(points, digits: 2)) points"),
          .init(
            "same answers",
            "\(Human.percent(agreement.share)) (\(agreement.flips.count) of "
              + "\(agreement.rows) differ)"),
          .init(
            "logits",
            "differ by at most \(fixedPoint(agreement.largestLogitDifference, digits: 4)) "
              + "(row \(agreement.largestLogitDifferenceRow)), "
              + "\(fixedPoint(agreement.meanLogitDifference, digits: 4)) on average"),
          .init("KL divergence", "\(agreement.meanKLDivergence) nats"),
        ]),
      ]
    }
    Output.show(report, json: false)
  }
}
