import Foundation
import MBQTestSupport

/// The files that the scripts in Tests/Oracles/evaluation wrote.
enum Goldens {
  static func text(_ name: String) throws -> String {
    try String(contentsOfFile: Repository.path("Tests/Oracles/evaluation/\(name)"), encoding: .utf8)
  }

  static func decode<Value: Decodable>(_ type: Value.Type, from name: String) throws -> Value {
    try JSONDecoder().decode(type, from: Data(text(name).utf8))
  }
}

/// Python's name for a path of a dataset beside the repository.
func sharedDataset(_ name: String) -> String? {
  guard let path = Repository.shared?.appendingPathComponent("data/\(name)").path else {
    return nil
  }
  return FileManager.default.fileExists(atPath: path) ? path : nil
}

/// A file in a folder of its own, removed afterwards.
func withTemporaryFile<Result>(
  _ bytes: [UInt8], named name: String = "data.csv", body: (String) throws -> Result
) throws -> Result {
  let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer {
    do {
      try FileManager.default.removeItem(at: folder)
    } catch {
      print("left behind: \(folder.path)")
    }
  }
  let path = folder.appendingPathComponent(name).path
  try Data(bytes).write(to: URL(fileURLWithPath: path))
  return try body(path)
}
