import MBQCore

/// The problems of a split; scikit-learn refuses the same requests.
public enum SplitError: ExplainedError, Equatable {
  /// A size that is no number, or out of range for `rows` rows.
  case size(option: String, found: String, rows: Int?)
  case emptyTrain(rows: Int, held: String)
  /// Classes, in the dataset's words, of which a part cannot get a row.
  case rareClasses(part: String, classes: [String])
  case fewerThanClasses(part: String, rows: Int, classes: Int)
  case tooManyRows(limit: Int)
  case tooManyClasses(column: String, limit: Int)
  case seed(found: String)
  case blankLabel(file: String, row: Int, line: Int, column: String)

  public var kind: FailureKind {
    switch self {
    case .blankLabel, .tooManyRows, .tooManyClasses: .badInput
    case .rareClasses, .fewerThanClasses, .emptyTrain: .badInput
    case .size(_, _, let rows): rows == nil ? .usage : .badInput
    case .seed: .usage
    }
  }

  public var explanation: String {
    switch self {
    case .size(let option, let found, nil):
      "\(option) is '\(found)'; give a share between 0 and 1, such as 0.15, or a number of rows"
    case .size(let option, let found, let rows?):
      "\(option) is \(found), and there are \(counted(rows, "row")) to take from; give a share "
        + "between 0 and 1, such as 0.15, or fewer rows than that"
    case .emptyTrain(let rows, let held):
      "of \(counted(rows, "row")) \(held) leaves none to train on; hold back less"
    case .rareClasses(let part, let classes):
      "--stratify: \(Self.list(classes)) \(classes.count == 1 ? "has" : "have") only 1 row where "
        + "\(part) is taken from, and each class needs 2; add rows, leave the class out, or split "
        + "without --stratify"
    case .fewerThanClasses(let part, let rows, let classes):
      "--stratify: \(part) would get \(counted(rows, "row")) and there are \(classes) classes; it "
        + "needs one of each: change its size, or split without --stratify"
    case .tooManyRows(let limit):
      "more than \(limit) rows cannot be split"
    case .tooManyClasses(let column, let limit):
      "--stratify: the column '\(column)' has more than \(limit) different values; is it a label?"
    case .seed(let found):
      "--seed is \(found); allowed: 0 to 4294967295"
    case .blankLabel(let file, let row, let line, let column):
      "'\(file)', row \(row) (line \(line)): '\(column)' is blank; --stratify needs the class of "
        + "every row"
    }
  }

  private static func list(_ names: [String]) -> String {
    let shown = names.prefix(10).map { "'\(shortened($0))'" }.joined(separator: ", ")
    return names.count > 10 ? "\(shown) and \(names.count - 10) more" : shown
  }
}
