import MBQCore
import MBQEvaluation
import MBQRuntime

/// Why a model is not evaluated, or not compared.
public enum EvaluationRunError: SettingError, Equatable {
  /// The output is there and holds no answers.
  case foreignOutput(path: String)
  case changedData(path: String)
  /// The dataset has no column of labels, and there is no baseline to compare with.
  case noLabels(DatasetError)
  /// There are no labels, and a limit on accuracy needs them.
  case noLabelsForDrop(data: String, column: String)
  case noLabelsInAnswers(path: String)
  /// Answers to one part of the rows.
  case partOnly(path: String, index: Int, count: Int)
  case unfinished(path: String, rows: Int, of: Int)
  case storedAnswersForStream
  /// Answers to other rows than those of the data.
  case otherRows(path: String, data: String, then: Int, now: Int)
  /// The candidate's answers are stored, and the baseline's are not.
  case storedBesideModel(candidate: String, baseline: String)
  /// Answers of one model only.
  case noBaseline(path: String)
  case multiLabel(path: String)

  public var kind: FailureKind {
    switch self {
    case .storedAnswersForStream, .storedBesideModel, .noBaseline: .usage
    case .foreignOutput, .changedData, .noLabels, .noLabelsForDrop, .noLabelsInAnswers, .partOnly,
      .unfinished, .otherRows, .multiLabel:
      .badInput
    }
  }

  public func explanation(naming name: (Setting) -> String) -> String {
    switch self {
    case .foreignOutput(let path):
      "'\(path)' exists and is not a file of answers, so that it is left as it is; "
        + "give \(name(.output)) another name, or remove it"
    case .changedData(let path):
      "'\(path)' changed while it was read; run this again when nothing writes to it"
    case .noLabels(let error):
      error.explanation
        + "; without labels there is no accuracy, but \(name(.baseline)) compares two models on such"
        + " texts"
    case .noLabelsForDrop(let data, let column):
      "'\(data)' has no column '\(column)', and \(name(.maximumDrop)) needs labels; choose the "
        + "column with \(name(.labelColumn)), or check \(name(.maximumFlips)) on texts alone"
    case .noLabelsInAnswers(let path):
      "'\(path)' holds answers to texts without labels; make it on texts with labels, or check "
        + "\(name(.maximumFlips)) on texts alone"
    case .partOnly(let path, let index, let count):
      "'\(path)' holds the answers to part \(index) of \(count) only; put the parts together with "
        + "mbq evaluate \(name(.merge)) \(name(.output))"
    case .unfinished(let path, let rows, let all):
      "'\(path)' is not finished (\(rows) of \(all) rows); run the "
        + "mbq evaluate command that made it again, it goes on from there"
    case .storedAnswersForStream:
      "stored answers can only be compared on a file: give \(name(.data)) a file, not -"
    case .otherRows(let path, let data, let then, let now):
      "'\(path)' holds answers to other rows than '\(data)' has"
        + (then == now ? " (texts or labels changed)" : " (\(then) rows then, \(now) now)")
        + "; make it again with mbq evaluate \(name(.output)) on this data"
    case .storedBesideModel(let candidate, let baseline):
      "'\(candidate)' holds answers, and '\(baseline)' does not; give the baseline's answers too "
        + "(mbq evaluate \(name(.output))), or the candidate's model"
    case .noBaseline(let path):
      "'\(path)' holds the answers of one model; give \(name(.baseline)), or make it with "
        + "mbq evaluate \(name(.baseline))"
    case .multiLabel(let path):
      "'\(path)' gives a text any number of labels (multi_label_classification), and there are no"
        + " metrics for that yet; 'mbq classify' gives its labels"
    }
  }

  /// Refuses a model that gives a text any number of labels.
  static func refuseMultiLabel(_ model: Model, _ path: String) throws(EvaluationRunError) {
    guard !model.isMultiLabel else { throw .multiLabel(path: path) }
  }
}
