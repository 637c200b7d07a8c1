/// Reads numbers one after the other, never beyond the end; nil once there is not enough left.
struct ByteCursor {
  private let buffer: UnsafeRawBufferPointer
  private(set) var offset = 0

  init(_ buffer: UnsafeRawBufferPointer) { self.buffer = buffer }

  var remaining: Int { buffer.count - offset }

  mutating func byte() -> UInt8? {
    guard offset < buffer.count else { return nil }
    defer { offset += 1 }
    return buffer[offset]
  }

  mutating func bytes(_ count: Int) -> UnsafeRawBufferPointer? {
    guard count >= 0, count <= remaining else { return nil }
    defer { offset += count }
    return UnsafeRawBufferPointer(rebasing: buffer[offset..<offset + count])
  }

  /// A number of `bytes` bytes, at most 7, the lowest first.
  mutating func littleEndian(bytes count: Int) -> Int? {
    guard let bytes = bytes(count) else { return nil }
    return bytes.reversed().reduce(0) { $0 << 8 | Int($1) }
  }

  /// A number of seven bits a byte, the lowest first, that fits an `Int`.
  mutating func varint() -> Int? {
    var value: UInt64 = 0
    for shift in stride(from: 0, to: 63, by: 7) {
      guard let next = byte() else { return nil }
      value |= UInt64(next & 0x7F) << UInt64(shift)
      if next & 0x80 == 0 { return Int(value) }
    }
    return nil
  }
}
