import MBQCore

/// The problems of a merge of answers.
public enum AnswersMergeError: ExplainedError, Equatable {
  case nothing
  case different(first: String, second: String, what: String)
  case unfinished(name: String, rows: Int, expected: Int)
  case double(index: Int, count: Int, first: String, second: String)
  case missing(indices: [Int], count: Int)

  public var explanation: String {
    switch self {
    case .nothing:
      "there are no parts to put together; name the files that mbq evaluate --shard wrote"
    case .different(let first, let second, let what):
      "'\(second)' and '\(first)' differ in \(what); put together parts of one evaluation"
    case .unfinished(let name, let rows, let expected):
      "'\(name)' has \(rows) of its \(counted(expected, "row")); run the command that made it again, "
        + "it goes on from there"
    case .double(let index, let count, let first, let second):
      "'\(first)' and '\(second)' are both part \(index)/\(count); name each part once"
    case .missing(let indices, let count):
      "of \(count) parts "
        + indices.prefix(20).map { "\($0)/\(count)" }.joined(separator: ", ")
        + (indices.count > 20 ? " and \(indices.count - 20) more" : "")
        + (indices.count == 1 ? " is" : " are")
        + " missing; make what is missing with mbq evaluate --shard, and name every part"
    }
  }
}

/// The problems of a file of answers.
public enum AnswersFileError: ExplainedError, Equatable {
  case file(FileError)
  case notAnswers(path: String)
  case otherVersion(path: String, found: Int, known: Int)
  case damaged(path: String, what: String)

  public var explanation: String {
    switch self {
    case .file(let error): error.explanation
    case .notAnswers(let path):
      "'\(path)' is not a file of answers; mbq evaluate -o FILE writes one"
    case .otherVersion(let path, let found, let known):
      "'\(path)' holds answers in version \(found) of the format, this build reads \(known); "
        + "make it again with this build"
    case .damaged(let path, let what):
      "'\(path)' is damaged: \(what); make it again with mbq evaluate -o"
    }
  }
}

/// The problems of a comparison of two models' answers.
public enum AnswersPairError: ExplainedError, Equatable {
  case unfinished(name: String, rows: Int, expected: Int)
  case labels(candidate: String, [String], baseline: String, [String])
  case rows(candidate: String, baseline: String)

  public var explanation: String {
    switch self {
    case .unfinished(let name, let rows, let expected):
      "'\(name)' holds answers to \(rows) of \(counted(expected, "row")); run the command that made it "
        + "again, it goes on from there, and put parts together with mbq evaluate --merge -o"
    case .labels(let candidate, let labels, let baseline, let others):
      "'\(baseline)' has the labels \(Self.list(others)) and '\(candidate)' has "
        + "\(Self.list(labels)); compare models of the same task"
    case .rows(let candidate, let baseline):
      "'\(candidate)' and '\(baseline)' hold answers to different rows (texts or labels); make both "
        + "with mbq evaluate -o on the same data"
    }
  }

  private static func list(_ labels: [String]) -> String {
    labels.prefix(8).map { shortened($0) }.joined(separator: ", ")
      + (labels.count > 8 ? " and \(labels.count - 8) more" : "")
  }
}
