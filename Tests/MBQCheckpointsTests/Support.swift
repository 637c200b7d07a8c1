import Foundation
import MBQCore
import MBQTestSupport

@testable import MBQCheckpoints

/// What `body` throws, as the user would see it.
func message<R>(_ body: () throws -> R) -> String {
  do {
    _ = try body()
    return "no error"
  } catch let error as any ExplainedError {
    return error.explanation
  } catch {
    return "an error without explanation: \(error)"
  }
}

/// A folder that is removed with the value.
final class TemporaryFolder {
  let url: URL
  var path: String { url.path }

  init() throws {
    url = FileManager.default.temporaryDirectory.appendingPathComponent(
      "mbq-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  /// A copy of a folder under Formats/huggingface/golden.
  convenience init(copying name: String) throws {
    try self.init()
    let source = URL(fileURLWithPath: Repository.path("Formats/huggingface/golden/\(name)"))
    for file in try FileManager.default.contentsOfDirectory(atPath: source.path) {
      try FileManager.default.copyItem(
        at: source.appendingPathComponent(file), to: url.appendingPathComponent(file))
    }
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  func path(_ name: String) -> String { url.appendingPathComponent(name).path }

  func write(_ name: String, _ text: String) throws { try write(name, Array(text.utf8)) }

  func write(_ name: String, _ bytes: [UInt8]) throws {
    try Data(bytes).write(to: url.appendingPathComponent(name))
  }

  func read(_ name: String) throws -> [UInt8] {
    try Array(Data(contentsOf: url.appendingPathComponent(name)))
  }

  func remove(_ name: String) throws {
    try FileManager.default.removeItem(at: url.appendingPathComponent(name))
  }

  /// Replaces `old`, which must occur, by `new` in a text file.
  func edit(_ name: String, _ old: String, _ new: String) throws {
    let text = try String(decoding: read(name), as: UTF8.self)
    guard text.contains(old) else { throw NoSuchText(text: old) }
    try write(name, text.replacingOccurrences(of: old, with: new))
  }

  struct NoSuchText: Error {
    var text: String
  }

  /// `message` with this folder's path left out.
  func short(_ message: String) -> String { message.replacingOccurrences(of: path, with: "DIR") }

  /// What opening this folder throws.
  func openMessage(_ name: String? = nil) -> String {
    short(message { try Checkpoint.open(path: name.map(path) ?? path) })
  }
}

/// The lines of a text file of the repository.
func lines(_ relative: String) throws -> [String] {
  try String(contentsOfFile: Repository.path(relative), encoding: .utf8)
    .split(separator: "\n").map(String.init)
}
