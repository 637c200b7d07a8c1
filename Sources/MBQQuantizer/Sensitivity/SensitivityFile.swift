import Foundation
import MBQCore

/// Sensitivities kept between runs, and between the parts of an interrupted one: JSON, one object a
/// linear.
public struct SensitivityFile: Equatable, Sendable, Codable {
  /// What the figures depend on; figures of another key are of no use.
  public struct Key: Equatable, Sendable, Codable {
    /// SHA-256 of the checkpoint's weights, in hexadecimal.
    public var checkpoint: String
    /// SHA-256 of the calibration texts' ids.
    public var texts: String
    public var group: Int
    public var measuredBits: Int
    /// The recipe's structure: layers, vocabulary, equalization.
    public var structure: String

    public init(
      checkpoint: String, texts: String, group: Int, measuredBits: Int, structure: String
    ) {
      self.checkpoint = checkpoint
      self.texts = texts
      self.group = group
      self.measuredBits = measuredBits
      self.structure = structure
    }
  }

  public var key: Key
  public var sites: [SiteSensitivity]

  public init(key: Key, sites: [SiteSensitivity] = []) {
    self.key = key
    self.sites = sites
  }

  /// By name.
  public var known: [String: SiteSensitivity] {
    Dictionary(sites.map { ($0.site, $0) }, uniquingKeysWith: { $1 })
  }

  /// The largest file read: some 400 linears take 200 kB.
  static let largest = 64 << 20

  /// What is kept at `path`, or an empty one if there is nothing, or what is there has another key.
  ///
  /// Refuses, with `QuantizerError.sensitivity`, a file that is something else.
  public static func read(path: String, key: Key) throws(QuantizerError) -> SensitivityFile {
    guard let attributes = try? FileManager.default.attributesOfItem(atPath: path) else {
      return SensitivityFile(key: key)
    }
    guard let size = attributes[.size] as? Int, size <= largest,
      let data = FileManager.default.contents(atPath: path),
      let file = try? JSONDecoder().decode(SensitivityFile.self, from: data),
      file.sites.allSatisfy({ $0.isPlausible })
    else {
      throw .sensitivity(
        path: path, problem: "it does not hold sensitivities", advice: "give another file's name")
    }
    return file.key == key ? file : SensitivityFile(key: key)
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

extension SiteSensitivity {
  fileprivate var isPlausible: Bool {
    weights > 0 && logitChange >= 0 && logitChange.isFinite
      && relativeError.values.allSatisfy { $0 >= 0 && $0.isFinite }
  }
}
