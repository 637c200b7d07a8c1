import Foundation
import MBQCore
import MBQReport

/// The folder a report is left in.
enum ReportFolder {
  static func make(_ path: String) throws(ReportError) {
    var isFolder: ObjCBool = false
    if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) {
      guard isFolder.boolValue else { throw .folderIsFile(path: path) }
      return
    }
    do {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    } catch {
      throw .folder(path: path, reason: error.localizedDescription)
    }
  }

  /// Writes the three forms, each whole or not at all, and gives the JSON.
  static func write(_ document: ReportDocument, to folder: String) throws -> String {
    let json = try JSONText.encode(document)
    for (name, text) in [
      ("report.json", json), ("report.md", ReportMarkdown.render(document)),
      ("report.html", ReportPage.render(document)),
    ] {
      try Array(text.utf8).withUnsafeBytes {
        try AtomicFile.write([$0], to: "\(folder)/\(name)")
      }
    }
    return json
  }
}

/// Numbers the bars of a long run, so that people see how far it is.
final class Stages {
  private var done = 0
  /// How many there will be.
  var total = 0

  /// The label of the next bar, such as `[3/12] evaluate int8`.
  func next(_ name: String) -> String {
    done += 1
    return "[\(done)/\(max(total, done))] \(name)"
  }

  /// Stages that turned out to be done already.
  func skip(_ count: Int = 1) { done += count }
}
