import Foundation
import MBQCore
import MBQReport

/// The folder a report is left in.
package enum ReportFolder {
  package static let names = ["report.json", "report.md", "report.html"]

  /// Makes the folder if need be.
  ///
  /// Refuses one that the report could not be left in, before any work.
  static func make(_ path: String) throws {
    var isFolder: ObjCBool = false
    if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) {
      guard isFolder.boolValue else { throw ReportError.folderIsFile(path: path) }
      for name in names { _ = try PendingFile(at: "\(path)/\(name)") }
      return
    }
    try Paths.makeFolder(path)
  }

  /// Writes the three forms, all of them or none, and gives the JSON.
  static func write(_ document: ReportDocument, to folder: String) throws -> String {
    let json = try JSONText.encode(document)
    let texts = [json, ReportMarkdown.render(document), ReportPage.render(document)]
    var files: [PendingFile] = []
    for (name, text) in zip(names, texts) {
      let file = try PendingFile(at: "\(folder)/\(name)")
      try file.append(text)
      files.append(file)
    }
    try PendingFile.commit(files)
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
