import Foundation
import MBQTestSupport
import MBQTokenizer
import Testing

/// Formats/wordpiece/golden, made by Tests/Oracles/tokenizer/make_goldens.py.
enum Golden {
  static func data(_ name: String) throws -> Data {
    try Data(
      contentsOf: URL(fileURLWithPath: Repository.path("Formats/wordpiece/golden/\(name)")))
  }

  static func pieces(ofLines data: Data) -> [[UInt8]] {
    var pieces = data.split(separator: 0x0A, omittingEmptySubsequences: false).map { [UInt8]($0) }
    if pieces.last == [] { pieces.removeLast() }
    return pieces
  }

  static func vocabulary() throws -> Vocabulary {
    try Vocabulary(pieces: pieces(ofLines: data("vocab.txt")))
  }

  /// The options of a configuration as tokenizer.json gives them.
  struct Configuration: Decodable {
    struct Token: Decodable {
      var content: String
      var id: UInt32
      var singleWord: Bool
      var lstrip: Bool
      var rstrip: Bool
      var normalized: Bool
    }
    var cleanText: Bool
    var handleChineseChars: Bool
    var stripAccents: Bool?
    var lowercase: Bool
    var length: Int
    var added: [Token]
    /// The stored form of the options, written by the script.
    var stored: String

    var options: TokenizerOptions {
      TokenizerOptions(
        lowercases: lowercase, stripsAccents: stripAccents, spacesIdeographs: handleChineseChars,
        cleansText: cleanText, maximumWordLength: length, unknownID: 1, classificationID: 2,
        separatorID: 3, paddingID: 0,
        addedTokens: added.map {
          AddedToken(
            content: [UInt8]($0.content.utf8), id: $0.id, isSingleWord: $0.singleWord,
            stripsLeft: $0.lstrip, stripsRight: $0.rstrip, isNormalized: $0.normalized)
        })
    }
  }

  static func configurations() throws -> [String: Configuration] {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode([String: Configuration].self, from: data("configurations.json"))
  }

  struct Case {
    var line: Int
    var configuration: String
    var limit: Int
    var first: [UInt8]
    var second: [UInt8]?
    var ids: [UInt32]
    var untruncatedCount: Int
    var secondStart: Int
  }

  static func cases() throws -> [Case] {
    let text = String(decoding: try data("cases.tsv"), as: UTF8.self)
    // By scalars: a combining mark at the start of a field would join the tab before it.
    return try text.unicodeScalars.split(separator: "\n").enumerated().map { line, row in
      let fields = row.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
      try #require(fields.count == 7, "line \(line + 1) of cases.tsv")
      return Case(
        line: line + 1, configuration: fields[0], limit: try #require(Int(fields[1])),
        first: try bytes(fields[2]), second: fields[3].isEmpty ? nil : try bytes(fields[3]),
        ids: fields[4].split(separator: " ").compactMap { UInt32($0) },
        untruncatedCount: try #require(Int(fields[5])), secondStart: try #require(Int(fields[6])))
    }
  }

  private static func bytes(_ field: String) throws -> [UInt8] {
    guard field.hasPrefix("bytes:") else {
      let options: JSONSerialization.ReadingOptions = .fragmentsAllowed
      let value = try JSONSerialization.jsonObject(with: Data(field.utf8), options: options)
      return [UInt8](try #require(value as? String).utf8)
    }
    return try bytes(hexadecimal: String(field.dropFirst(6)))
  }

  static func bytes(hexadecimal text: String) throws -> [UInt8] {
    let digits = try text.map { try #require($0.hexDigitValue) }
    return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] * 16 + digits[$0 + 1]) }
  }
}

extension WordPieceTokenizer {
  /// The golden vocabulary with one of the golden configurations.
  static func golden(_ configuration: String) throws -> WordPieceTokenizer {
    let options = try #require(try Golden.configurations()[configuration]).options
    return try WordPieceTokenizer(vocabulary: Golden.vocabulary(), options: options)
  }

  func encode(_ text: [UInt8], limit: Int = .max, countsAll: Bool = true) -> (
    ids: [UInt32], summary: EncodingSummary
  ) {
    var ids: [UInt32] = []
    let summary = text.withUnsafeBufferPointer {
      encode($0, limit: limit, countsAll: countsAll, into: &ids)
    }
    return (ids, summary)
  }
}
