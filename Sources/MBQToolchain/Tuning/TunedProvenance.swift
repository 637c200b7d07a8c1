import Foundation

/// What a file's provenance says of `mbq tune-threshold`, under the key `tuned`.
struct TunedProvenance: Encodable {
  /// The file's name, without its folder.
  var data: String
  var rows: Int
  var temperature: Float
  var threshold: Float
  /// Nil: the threshold was not fitted.
  var goal: String?

  enum CodingKeys: String, CodingKey {
    case data, rows, temperature, threshold
    case goal = "for"
  }

  /// The provenance with this in place of what it said of an earlier fit, its other text as it is; nil if it
  /// is no JSON object, which anybody may have written.
  func added(to provenance: String) -> String? {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    guard provenance.hasSuffix("}"), Self.isObject(provenance),
      let json = try? encoder.encode(self)
    else { return nil }
    let end =
      provenance.range(of: Self.key, options: .backwards)?.lowerBound
      ?? provenance.index(before: provenance.endIndex)
    let result = provenance[..<end] + Self.key + String(decoding: json, as: UTF8.self) + "}"
    return Self.isObject(String(result)) ? String(result) : nil
  }

  private static let key = ",\"tuned\":"

  private static func isObject(_ text: String) -> Bool {
    (try? JSONSerialization.jsonObject(with: Data(text.utf8))) is [String: Any]
  }
}
