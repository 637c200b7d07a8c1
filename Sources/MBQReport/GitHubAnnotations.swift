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

  /// `text`, between marks that stop the runner from obeying it if it would.
  ///
  /// A line is a command from `::` on, spaces before it aside, and from a `##[` anywhere: words of a dataset
  /// or a model may look like one. `token`, which they must not know, ends the stop.
  public static func inert(_ text: String, token: String) -> String {
    let isCommand = text.unicodeScalars.split(whereSeparator: { "\r\n".unicodeScalars.contains($0) }
    )
    .contains { line in
      line.drop { $0.properties.isWhitespace }.starts(with: "::".unicodeScalars)
        || line.indices.contains { line[$0...].starts(with: "##[".unicodeScalars) }
    }
    guard isCommand else { return text }
    return "::stop-commands::\(token)\n" + (text.hasSuffix("\n") ? text : text + "\n")
      + "::\(token)::"
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
