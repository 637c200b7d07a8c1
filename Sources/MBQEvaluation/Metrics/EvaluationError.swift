import MBQCore

/// The problems of scoring or comparing outputs.
///
/// Rows count from 1.
public enum EvaluationError: ExplainedError, Equatable {
  case nonFiniteLogit(row: Int, label: Int)
  case tooManyLabels(found: Int, limit: Int)
  case differentRows(baseline: Int, candidate: Int)
  case differentLabels(baseline: Int, candidate: Int)
  case nothingToScore

  public var explanation: String {
    switch self {
    case .nonFiniteLogit(let row, let label):
      "row \(row): the logit of label \(label) is not a finite number; the model is damaged or "
        + "overflows, run mbq verify on it"
    case .tooManyLabels(let found, let limit):
      "the model has \(found) labels; at most \(limit) can be scored"
    case .differentRows(let baseline, let candidate):
      "the baseline answered \(counted(baseline, "row")) and the candidate "
        + "\(counted(candidate, "row")); compare answers to the same texts"
    case .differentLabels(let baseline, let candidate):
      "the baseline has \(counted(baseline, "label")) and the candidate "
        + "\(counted(candidate, "label")); compare models of the same task"
    case .nothingToScore:
      "there is no answer to score; give at least one text"
    }
  }
}
