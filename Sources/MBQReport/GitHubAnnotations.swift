import MBQEvaluation

/// A check as GitHub's workflow commands, which show at the top of a run and beside a pull request.
public enum GitHubAnnotations {
  /// A line for each limit.
  public static func lines(_ gate: GateSummary) -> [String] {
    gate.limits.map { limit in
      let command =
        switch gate.outcome(of: limit) {
        case .passed: "notice"
        case .warned: "warning"
        case .failed: "error"
        }
      return "::\(command) title=\(escaped("mbq check: \(limit.title)", isProperty: true))::"
        + escaped(limit.reason(confidence: gate.confidence), isProperty: false)
    }
  }

  /// As the runner reads it back: a property ends at a comma or a colon, a message at a line break.
  static func escaped(_ text: String, isProperty: Bool) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "%": result += "%25"
      case "\r": result += "%0D"
      case "\n": result += "%0A"
      case ":" where isProperty: result += "%3A"
      case "," where isProperty: result += "%2C"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}
