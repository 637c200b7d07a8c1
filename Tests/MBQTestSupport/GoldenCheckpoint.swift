import Foundation

/// One of the small random checkpoints in Formats/<family>/golden, with what transformers computed with
/// it in float64 (Tests/Oracles/reference).
public struct GoldenCheckpoint: CustomStringConvertible, Sendable {
  public struct Text: Decodable, Sendable {
    public var inputIds: [UInt32]
    public var tokenTypeIds: [Int]
    public var logits: [Double]
    /// Sigmoids; multi-label variants only.
    public var probabilities: [Double]?
    /// (tokens, width) by the name of transformers' module; some texts of `standard` only.
    public var taps: [String: [[Double]]]?
  }

  public var family: String
  public var name: String

  public init(_ family: String, _ name: String) {
    self.family = family
    self.name = name
  }

  public var path: String { Repository.path("Formats/\(family)/golden/\(name)") }
  public var description: String { "\(family)/\(name)" }

  /// Those of a single text: a pair has tokens of a second type, which no text has here.
  public func texts() throws -> [Text] {
    struct Golden: Decodable { var texts: [Text] }
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    let bytes = try Data(contentsOf: URL(fileURLWithPath: "\(path)/golden.json"))
    return try decoder.decode(Golden.self, from: bytes).texts
      .filter { text in text.tokenTypeIds.allSatisfy { $0 == 0 } }
  }

  /// The number is stated so that a folder that is not found fails a test.
  public static let families = ["mobilebert": 13, "bert": 10, "distilbert": 5]

  public static let all: [GoldenCheckpoint] = families.keys.sorted().flatMap { family in
    let folder = Repository.path("Formats/\(family)/golden")
    return ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
      .map { GoldenCheckpoint(family, $0) }
      .filter { FileManager.default.fileExists(atPath: "\($0.path)/golden.json") }
  }
}
