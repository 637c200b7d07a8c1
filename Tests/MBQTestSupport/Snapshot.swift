import Foundation

/// Compares `text` with a stored file; `MBQ_RECORD=1` writes the file instead.
///
/// Returns what differs, or `nil`.
public func differenceFromSnapshot(_ text: String, _ path: String) throws -> String? {
  let url = Repository.root.appendingPathComponent(path)
  if ProcessInfo.processInfo.environment["MBQ_RECORD"] == "1" {
    try Data(text.utf8).write(to: url)
    return nil
  }
  guard let stored = try? String(contentsOf: url, encoding: .utf8) else {
    return "\(path) does not exist; run the tests with MBQ_RECORD=1 and review it"
  }
  guard stored != text else { return nil }
  let (old, new) = (stored.components(separatedBy: "\n"), text.components(separatedBy: "\n"))
  let line = zip(old, new).enumerated().first { $1.0 != $1.1 }?.offset ?? min(old.count, new.count)
  return """
    \(path), line \(line + 1)
    stored: \(line < old.count ? old[line] : "(end)")
    now:    \(line < new.count ? new[line] : "(end)")
    """
}
