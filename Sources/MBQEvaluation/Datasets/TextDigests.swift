import MBQFormat

/// A set of texts that keeps 16 bytes of each, to find duplicates.
///
/// Two texts are the same if they are equal after every run of white space becomes one space and white
/// space at both ends is removed. Among a million texts, the probability of a collision is 10⁻²⁷.
public struct TextDigests: Sendable {
  /// The first 128 bits of a text's SHA-256.
  public struct Digest: Hashable, Sendable {
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

  public mutating func insert(_ digest: Digest) -> Bool { seen.insert(digest).inserted }
  public func contains(_ digest: Digest) -> Bool { seen.contains(digest) }

  public static func digest(_ text: String) -> Digest {
    var text = text
    return text.withUTF8 { bytes in
      // Not longer than the text: a run of white space is at least the one byte it becomes.
      withUnsafeTemporaryAllocation(of: UInt8.self, capacity: max(bytes.count, 1)) { target in
        let count = normalize(bytes, into: target)
        let digest = sha256(
          UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(target)[..<count]))
        func word(_ start: Int) -> UInt64 {
          digest[start..<start + 8].reduce(0) { $0 << 8 | UInt64($1) }
        }
        return Digest(high: word(0), low: word(8))
      }
    }
  }

  /// Writes the words of `bytes`, one space between them, and returns how many bytes they are.
  private static func normalize(
    _ bytes: UnsafeBufferPointer<UInt8>, into target: UnsafeMutableBufferPointer<UInt8>
  ) -> Int {
    var count = 0
    var index = 0
    var isSpacePending = false
    while index < bytes.count {
      let byte = bytes[index]
      let space = byte <= 0x20 || byte >= 0xC2 ? spaceLength(bytes, index, bytes.count) : 0
      // Unicode's white space; Python's also has the separators of files and records.
      if space > 0, !(0x1C...0x1F).contains(byte) {
        isSpacePending = count > 0
        index += space
        continue
      }
      if isSpacePending {
        target[count] = 0x20
        count += 1
        isSpacePending = false
      }
      target[count] = byte
      count += 1
      index += 1
    }
    return count
  }
}
