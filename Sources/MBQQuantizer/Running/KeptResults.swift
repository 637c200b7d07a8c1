import Foundation
import MBQCore

/// Results kept between runs, and between the parts of an interrupted one, as a JSON file with the key
/// they depend on.
public protocol KeptResults: Codable {
  associatedtype Key: Equatable
  var key: Key { get }
  /// What the file holds, for messages: "it does not hold …".
  static var contents: String { get }
  /// Figures are such as a run can have measured.
  var isPlausible: Bool { get }
}

/// The largest file read: some 400 linears take 200 kB.
private let largestFile = 64 << 20

extension KeptResults {
  /// What is kept at `path`, or nil if there is nothing or it depends on another key.
  ///
  /// Refuses, with `QuantizerError.results`, a file that is something else: it is not written over.
  static func kept(at path: String, key: Key) throws(QuantizerError) -> Self? {
    guard let attributes = try? FileManager.default.attributesOfItem(atPath: path) else {
      return nil
    }
    guard let size = attributes[.size] as? Int, size <= largestFile,
      let data = FileManager.default.contents(atPath: path),
      let file = try? JSONDecoder().decode(Self.self, from: data), file.isPlausible
    else {
      throw .results(
        path: path, problem: "it does not hold \(contents)", advice: "give another name")
    }
    return file.key == key ? file : nil
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
      throw .results(
        path: path, problem: "a figure is not finite", advice: "calibrate with other text")
    }
  }
}
