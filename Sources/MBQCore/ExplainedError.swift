/// What kind of failure an error is; the raw value is the command line's exit code.
public enum FailureKind: Int32, Sendable {
  /// A check or gate the user asked for did not hold.
  case checkFailed = 1
  /// The request itself makes no sense.
  case usage = 2
  /// A file, text or model the user gave cannot be used.
  case badInput = 3
  /// A fault of this program.
  case internalError = 4
}

/// An error written for the person who has to act on it: it names the file, field or tensor, what was
/// found, what was allowed, and what to do next.
public protocol ExplainedError: Error, Sendable {
  /// One or more complete lines, without a trailing newline and without an "error:" prefix.
  var explanation: String { get }
  var kind: FailureKind { get }
}

extension ExplainedError {
  public var kind: FailureKind { .badInput }
}
