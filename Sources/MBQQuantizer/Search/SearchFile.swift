import Foundation
import MBQCore

/// Every point tried so far, kept beside the model: an interrupted search goes on from it.
public struct SearchFile: Equatable, Sendable, Codable {
  /// SHA-256 of the checkpoint's weights and of the texts calibrated on and held back, and the recipe
  /// everything starts from; results of another key are of no use.
  public var key: [String]
  public var results: [SearchResult]

  public init(key: [String], results: [SearchResult] = []) {
    self.key = key
    self.results = results
  }

  /// What is kept at `path`, or an empty file if there is none or it has another key.
  ///
  /// Refuses, with `QuantizerError.sensitivity`, a file that is something else.
  public static func read(path: String, key: [String]) throws(QuantizerError) -> SearchFile {
    guard let attributes = try? FileManager.default.attributesOfItem(atPath: path) else {
      return SearchFile(key: key)
    }
    guard let size = attributes[.size] as? Int, size <= SensitivityFile.largest,
      let data = FileManager.default.contents(atPath: path),
      let file = try? JSONDecoder().decode(SearchFile.self, from: data)
    else {
      throw .sensitivity(
        path: path, problem: "it does not hold a search's results",
        advice: "give another output folder")
    }
    return file.key == key ? file : SearchFile(key: key)
  }

  public func write(to path: String) throws(QuantizerError) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted]
    do {
      let data = try encoder.encode(self)
      try data.withUnsafeBytes { try AtomicFile.write([$0], to: path) }
    } catch let error as FileError {
      throw .write(error)
    } catch {
      throw .sensitivity(
        path: path, problem: "a figure is not finite", advice: "calibrate with other text")
    }
  }
}
