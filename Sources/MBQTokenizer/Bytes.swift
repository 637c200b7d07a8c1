/// Reads numbers and runs of bytes in order; each read reports whether enough bytes are left.
struct ByteReader {
  let bytes: UnsafeRawBufferPointer
  private(set) var offset = 0

  var available: Int { bytes.count - offset }

  init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  /// An unsigned little-endian number of `width` bytes, at most four.
  mutating func number(width: Int) -> UInt32? {
    guard available >= width else { return nil }
    var value: UInt32 = 0
    for index in 0..<width { value |= UInt32(bytes[offset + index]) << UInt32(8 * index) }
    offset += width
    return value
  }

  /// An unsigned LEB128 number of at most 21 bits, written in the fewest bytes.
  mutating func length() -> Int? {
    var value = 0
    for index in 0..<3 {
      guard available > index else { return nil }
      let byte = bytes[offset + index]
      value |= Int(byte & 0x7F) << (7 * index)
      if byte < 0x80 {
        if index > 0, byte == 0 { return nil }
        offset += index + 1
        return value
      }
    }
    return nil
  }

  mutating func run(_ count: Int) -> UnsafeBufferPointer<UInt8>? {
    guard available >= count else { return nil }
    defer { offset += count }
    return UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + count])
      .assumingMemoryBound(to: UInt8.self)
  }
}

extension [UInt8] {
  /// Appends `value` in `width` bytes, little-endian.
  mutating func append(_ value: UInt32, width: Int) {
    for index in 0..<width {
      append(UInt8(truncatingIfNeeded: value >> UInt32(8 * index)))
    }
  }

  /// Appends `value`, which must not be negative, as an unsigned LEB128 number.
  mutating func append(length value: Int) {
    var rest = value
    while rest >= 0x80 {
      append(UInt8(rest & 0x7F | 0x80))
      rest >>= 7
    }
    append(UInt8(rest))
  }
}
