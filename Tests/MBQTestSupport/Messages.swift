import Foundation
import MBQCore

/// What `body` throws, as the user would see it.
public func explanation<R>(_ body: () throws -> R) -> String {
  do {
    _ = try body()
    return "no error"
  } catch let error as any ExplainedError {
    return error.explanation
  } catch {
    return "an error without explanation: \(error)"
  }
}

extension Repository {
  /// The bytes of a file named from the root.
  public static func bytes(_ relative: String) throws -> [UInt8] {
    try Array(Data(contentsOf: root.appendingPathComponent(relative)))
  }

  /// The files in a folder that end in `suffix`, without it, in order.
  public static func names(_ folder: String, suffix: String) -> [String] {
    let files = (try? FileManager.default.contentsOfDirectory(atPath: path(folder))) ?? []
    return files.filter { $0.hasSuffix(suffix) }.map { String($0.dropLast(suffix.count)) }.sorted()
  }
}

/// How much longer than usual random sweeps are to be: `MBQ_SWEEP`, 1 if it is not set.
public let sweepFactor: Int = {
  ProcessInfo.processInfo.environment["MBQ_SWEEP"].flatMap { Int($0) }.map { max($0, 1) } ?? 1
}()

/// A line of Tests/Oracles/format/numbers.txt.
public func oracleNumber(_ key: String) throws -> String {
  let text = String(
    decoding: try Repository.bytes("Tests/Oracles/format/numbers.txt"), as: UTF8.self)
  for line in text.split(separator: "\n") where line.hasPrefix(key + ": ") {
    return String(line.dropFirst(key.count + 2))
  }
  return "numbers.txt has no \(key)"
}

/// A folder that is removed with the value.
public final class ScratchFolder {
  public let path: String

  public init() throws {
    let url = FileManager.default.temporaryDirectory.appendingPathComponent(
      "mbq-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    path = url.path
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// The names in it, in order.
  public var names: [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted()
  }
}
