import Foundation
import MBQCore
import MBQEvaluation

/// Keeps answers in a file while they are found, so that a run that is ended goes on where it stopped.
struct AnswersKeeper {
  /// `nil` keeps nothing.
  let path: String?
  private let toolchain: Toolchain
  private var lastWritten: UInt64?
  private var pause: UInt64 = 0
  /// The shortest time between two writes.
  private static let shortestPause: UInt64 = 2_000_000_000

  init(_ toolchain: Toolchain, path: String?) {
    self.toolchain = toolchain
    self.path = path
  }

  /// What the file has of the answers of `key`; `nil` if it has none.
  ///
  /// Answers of another key are replaced in time, and this is said. Refuses a file that is something
  /// else.
  func resumed(_ key: AnswersKey) throws -> Answers? {
    guard let path, FileManager.default.fileExists(atPath: path) else { return nil }
    guard AnswersFile.isOne(at: path) else {
      throw EvaluationRunError.foreignOutput(path: path)
    }
    let found: Answers
    do throws(AnswersFileError) {
      found = try AnswersFile.read(path: path)
    } catch .damaged(_, let what) {
      toolchain.advise(.answersDamaged(file: path, what: what))
      return nil
    }
    if let difference = found.key.difference(from: key) {
      toolchain.advise(.answersDiffer(file: path, what: difference))
      return nil
    }
    if found.rowCount > 0 {
      toolchain.advise(
        .answersKnown(file: path, rows: found.rowCount, of: found.key.rowCount))
    }
    return found
  }

  /// Writes at the first call, so that a place that cannot be written to is known at once, and then
  /// every two seconds, or less often where writing takes long.
  mutating func keepNowAndThen(_ answers: Answers) throws {
    guard path != nil else { return }
    let now = MonotonicClock.nanoseconds
    if let lastWritten, now - lastWritten < pause { return }
    try keep(answers)
    let end = MonotonicClock.nanoseconds
    lastWritten = end
    pause = max(Self.shortestPause, 20 * (end - now))
  }

  func keep(_ answers: Answers) throws {
    guard let path else { return }
    try AnswersFile.write(answers, to: path)
  }
}
