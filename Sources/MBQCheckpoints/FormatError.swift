public import MBQCore

/// The problem of a file in a supported format; each format has its own type.
public protocol FormatProblem: Error, Sendable {
  /// Completes a sentence that starts with the file's path, such as "is cut off: …".
  var text: String { get }
}

/// A file that is not what its format allows.
public struct FormatError: ExplainedError, Equatable {
  public var path: String
  public var problem: any FormatProblem

  public init(path: String, problem: any FormatProblem) {
    self.path = path
    self.problem = problem
  }

  public var explanation: String { "\(quoted(path)) \(problem.text)" }

  /// Errors with the same text are equal.
  public static func == (a: FormatError, b: FormatError) -> Bool {
    a.explanation == b.explanation
  }
}
