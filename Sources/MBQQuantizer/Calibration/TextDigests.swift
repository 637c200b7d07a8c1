import MBQFormat

/// A set of texts that remembers 16 bytes of each, for finding the same text again.
///
/// Texts are the same if they are after every run of white space became one space and those at the ends
/// went. Two different texts of a million have the same 128 bits with a chance of 10⁻²⁷.
public struct TextDigests: Sendable {
  struct Digest: Hashable, Sendable {
    var high: UInt64
    var low: UInt64
  }

  private var seen = Set<Digest>()

  public init() {}

  public var count: Int { seen.count }

  /// Whether the text is a new one.
  @discardableResult
  public mutating func insert(_ text: String) -> Bool { insert(Self.digest(text)) }

  public func contains(_ text: String) -> Bool { contains(Self.digest(text)) }

  mutating func insert(_ digest: Digest) -> Bool { seen.insert(digest).inserted }
  func contains(_ digest: Digest) -> Bool { seen.contains(digest) }

  static func digest(_ text: String) -> Digest {
    var normalized: [UInt8] = []
    normalized.reserveCapacity(text.utf8.count)
    for word in text.unicodeScalars.split(whereSeparator: { $0.properties.isWhitespace }) {
      if !normalized.isEmpty { normalized.append(0x20) }
      normalized.append(contentsOf: String(word).utf8)
    }
    let bytes = normalized.withUnsafeBytes { sha256($0) }
    func word(_ start: Int) -> UInt64 {
      bytes[start..<start + 8].reduce(0) { $0 << 8 | UInt64($1) }
    }
    return Digest(high: word(0), low: word(8))
  }
}
