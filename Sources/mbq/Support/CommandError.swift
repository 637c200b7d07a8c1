import MBQCore

/// What a command refuses before it asks anybody else.
enum CommandError: ExplainedError, Equatable {
  /// A request that makes no sense.
  case usage(String)
  case badInput(String)
  /// Something the user asked to be checked does not hold.
  case checkFailed(String)

  var explanation: String {
    switch self {
    case .usage(let text), .badInput(let text), .checkFailed(let text): text
    }
  }

  var kind: FailureKind {
    switch self {
    case .usage: .usage
    case .badInput: .badInput
    case .checkFailed: .checkFailed
    }
  }
}
