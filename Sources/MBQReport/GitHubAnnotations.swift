import MBQEvaluation

/// A check as workflow commands of GitHub, shown at the top of a run and beside a pull request.
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

  /// `text`, between `stop-commands` marks if the runner would take a part of it for a command.
  ///
  /// The runner takes a line for a command if `::` follows optional spaces, or if `##[` occurs anywhere. Text
  /// of a dataset or a model may look like that. `token`, which must be unpredictable, ends the stop.
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

  /// Escaped for the runner, for which a property ends at a comma or a colon, a message at a line break.
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
