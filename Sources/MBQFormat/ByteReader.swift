import MBQCore

/// Reads little-endian numbers from bytes it has checked for length, naming the field in every error.
struct ByteReader {
  private let bytes: UnsafeRawBufferPointer
  /// Where `bytes` starts in the file, for messages.
  private let origin: Int
  private(set) var offset = 0

  init(_ bytes: UnsafeRawBufferPointer, origin: Int = 0) {
    self.bytes = bytes
    self.origin = origin
  }

  var remaining: Int { bytes.count - offset }

  mutating func take(_ count: Int, _ field: StaticString) throws(FormatError)
    -> UnsafeRawBufferPointer
  {
    guard count >= 0, count <= remaining else {
      throw FormatError.truncated(
        field: "\(field)", offset: origin + offset, needed: count, available: remaining)
    }
    defer { offset += count }
    return UnsafeRawBufferPointer(rebasing: bytes[offset..<(offset + count)])
  }

  private mutating func number<T: FixedWidthInteger>(
    _ type: T.Type, _ field: StaticString
  ) throws(FormatError) -> T {
    T(littleEndian: try take(MemoryLayout<T>.size, field).loadUnaligned(as: T.self))
  }

  mutating func u8(_ field: StaticString) throws(FormatError) -> Int {
    Int(try number(UInt8.self, field))
  }
  mutating func u16(_ field: StaticString) throws(FormatError) -> Int {
    Int(try number(UInt16.self, field))
  }
  mutating func u32(_ field: StaticString) throws(FormatError) -> Int {
    try fitting(UInt64(try number(UInt32.self, field)), field)
  }
  /// 32 bits that are no count: all of them may be set.
  mutating func bits32(_ field: StaticString) throws(FormatError) -> UInt32 {
    try number(UInt32.self, field)
  }

  /// A count or offset of 64 bits that fits a file.
  mutating func u64(_ field: StaticString) throws(FormatError) -> Int {
    try fitting(try number(UInt64.self, field), field)
  }

  /// Far enough from the largest `Int` that two of them can be added.
  private func fitting(_ value: UInt64, _ field: StaticString) throws(FormatError) -> Int {
    let power = Int.bitWidth == 64 ? 48 : 30
    guard value <= UInt64(1) << power else {
      throw .invalid(field: "\(field)", found: "\(value)", allowed: "at most 2^\(power)")
    }
    return Int(value)
  }

  mutating func f32(_ field: StaticString) throws(FormatError) -> Float {
    Float(bitPattern: try number(UInt32.self, field))
  }

  /// Spare bytes that must be zero, so that a later version may give them a meaning.
  mutating func reserved(_ count: Int, _ field: StaticString) throws(FormatError) {
    for byte in try take(count, field) where byte != 0 {
      throw .invalid(field: "\(field)", found: "\(byte)", allowed: "0")
    }
  }

  /// UTF-8 text with its length in 32 bits before it.
  mutating func text(most: Int, _ field: StaticString) throws(FormatError) -> String {
    let count = try u32(field)
    guard count <= most else {
      throw .invalid(field: "\(field)", found: "\(count) bytes", allowed: "at most \(most)")
    }
    let bytes = try take(count, field)
    let text = String(repairing: bytes)
    // What is no UTF-8 was replaced, and is other bytes now.
    guard text.withUTF8Bytes({ $0.elementsEqual(bytes) }) else {
      throw .invalid(field: "\(field)", found: "not UTF-8", allowed: "UTF-8")
    }
    return text
  }

  func finish(_ field: StaticString) throws(FormatError) {
    guard remaining == 0 else {
      throw .invalid(
        field: "\(field)", found: "\(remaining) bytes longer than its contents", allowed: "no more")
    }
  }
}
