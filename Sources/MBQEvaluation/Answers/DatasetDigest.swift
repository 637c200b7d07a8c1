import MBQFormat

/// SHA-256 of the texts and labels of a dataset, row after row: the same rows in a file of another
/// format, place or line ending have the same digest.
///
/// A row is the length of its text (4 bytes, little-endian), the text in UTF-8, and its label's index
/// (4 bytes; all ones without one). A buffer of a million bytes or more is replaced by its digest, so that
/// the memory does not grow with the number of rows.
public struct DatasetDigest {
  private var pending: [UInt8] = []
  private static var portion: Int { 1_000_000 }

  public init() {}

  public mutating func add(_ text: String, label: Int?) {
    var text = text
    text.withUTF8 {
      append(UInt32(truncatingIfNeeded: $0.count))
      pending.append(contentsOf: $0)
    }
    append(label.map { UInt32(truncatingIfNeeded: $0) } ?? .max)
    if pending.count >= Self.portion {
      let digest = pending.withUnsafeBytes { sha256($0) }
      pending.removeAll(keepingCapacity: true)
      pending += digest
    }
  }

  /// In hexadecimal.
  public var value: String { hexadecimalDigest(of: pending) }

  private mutating func append(_ number: UInt32) {
    for shift in stride(from: 0, to: 32, by: 8) {
      pending.append(UInt8(truncatingIfNeeded: number >> shift))
    }
  }
}

/// SHA-256 of `bytes`, in hexadecimal.
public func hexadecimalDigest(of bytes: [UInt8]) -> String {
  bytes.withUnsafeBytes { hexadecimalDigest(of: $0) }
}

/// SHA-256 of `bytes`, in hexadecimal.
public func hexadecimalDigest(of bytes: UnsafeRawBufferPointer) -> String {
  let digits = Array("0123456789abcdef")
  return String(sha256(bytes).flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
}
