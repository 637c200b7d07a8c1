import Foundation
import MBQCore
import MBQReport
import Synchronization

/// Where commands print: results on standard output, remarks on standard error.
enum Output {
  /// Whether GitHub's runner reads along, and would do what looks like a command to it.
  static let isReadByGitHub = ProcessInfo.processInfo.environment["GITHUB_ACTIONS"] == "true"

  /// Nobody reads standard output any more (`mbq … | head`).
  private static let isReaderGone = Atomic(false)

  static func show(_ report: Report, json: Bool) {
    if json {
      show(JSONRenderer.render(report))
    } else {
      show(inert(TextRenderer.render(report)))
    }
  }

  /// Once nobody reads it, text goes nowhere, and the command ends as it would have; one that cannot be
  /// written ends the program.
  static func show(_ text: String) {
    guard !isReaderGone.load(ordering: .relaxed) else { return }
    let code = Standard.write(text.hasSuffix("\n") ? text : text + "\n", to: STDOUT_FILENO)
    if code == EPIPE {
      isReaderGone.store(true, ordering: .relaxed)
    } else if code != 0 {
      remark("error: cannot write to standard output: \(String(cString: strerror(code)))")
      exit(FailureKind.badInput.rawValue)
    }
  }

  /// Ends a program that goes on for as long as it is read.
  static func stopIfNobodyReads() {
    if isReaderGone.load(ordering: .relaxed) { exit(0) }
  }

  static func remark(_ text: String) { Standard.writeError(text + "\n") }

  /// `text`, of which the runner does nothing it says.
  static func inert(_ text: String) -> String {
    guard isReadByGitHub else { return text }
    return GitHubAnnotations.inert(text, token: "mbq-\(UInt64.random(in: 0...UInt64.max))")
  }
}
