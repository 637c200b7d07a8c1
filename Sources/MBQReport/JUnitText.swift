import MBQEvaluation

/// A check as JUnit XML for continuous integration servers: a test case for each limit.
public enum JUnitText {
  /// The document; ends with a line break.
  public static func render(_ gate: GateSummary) -> String {
    let outcomes = gate.limits.map { gate.outcome(of: $0) }
    let (failed, warned) = (outcomes.count { $0 == .failed }, outcomes.count { $0 == .warned })
    let counts =
      "tests=\"\(outcomes.count)\" failures=\"\(failed)\" skipped=\"\(warned)\" errors=\"0\""
    var text = """
      <?xml version="1.0" encoding="UTF-8"?>
      <testsuites \(counts)>
        <testsuite name="mbq check \(escaped(gate.comparison.candidate.path))" \(counts)>

      """
    for (limit, outcome) in zip(gate.limits, outcomes) {
      let reason = escaped(limit.reason(confidence: gate.confidence))
      text += "    <testcase classname=\"mbq.check\" name=\"\(escaped(limit.title))\">\n"
      switch outcome {
      case .passed: text += "      <system-out>\(reason)</system-out>\n"
      case .warned: text += "      <skipped message=\"\(reason)\"/>\n"
      case .failed:
        text += "      <failure type=\"\(escaped(limit.verdict.rawValue))\" message=\"\(reason)\">"
        text += reason
        for flip in gate.comparison.listedFlips where limit.kind == .drop || limit.kind == .flips {
          text += escaped(
            "\nrow \(flip.row): \(flip.baseline) became \(flip.candidate)"
              + (flip.truth.map { ", true is \($0)" } ?? "") + ": \(flip.excerpt)")
        }
        text += "</failure>\n"
      }
      text += "    </testcase>\n"
    }
    return text + "  </testsuite>\n</testsuites>\n"
  }

  /// `text` for an attribute or an element: XML 1.0 has no control characters, escaped or not.
  static func escaped(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "'": result += "&apos;"
      case "\n": result += "&#10;"
      case "\t": result += "&#9;"
      case "\r": result += "&#13;"
      case "\0"..."\u{1F}", "\u{FFFE}", "\u{FFFF}": result += "\u{FFFD}"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}
