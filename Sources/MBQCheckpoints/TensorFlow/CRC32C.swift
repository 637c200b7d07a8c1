/// The checksum of TensorFlow's files: CRC-32C (Castagnoli, reflected polynomial 0x82F63B78).
///
/// Sixteen bytes a step, each through a table of its own, so that the look-ups of a step do not wait
/// for each other.
enum CRC32C {
  /// `tables[256 * k + b]` is what the byte `b` contributes when `k` zero bytes follow it.
  private static let tables: [UInt32] = {
    var tables = [UInt32](repeating: 0, count: 16 * 256)
    for byte in 0..<256 {
      var value = UInt32(byte)
      for _ in 0..<8 { value = value & 1 == 0 ? value >> 1 : value >> 1 ^ 0x82F6_3B78 }
      tables[byte] = value
    }
    for index in 256..<tables.count {
      let before = tables[index - 256]
      tables[index] = before >> 8 ^ tables[Int(before & 0xFF)]
    }
    return tables
  }()

  /// The checksum of the concatenation of what `start` is the checksum of and `bytes`.
  static func checksum(_ bytes: UnsafeRawBufferPointer, after start: UInt32 = 0) -> UInt32 {
    guard let base = bytes.baseAddress else { return start }
    return tables.withUnsafeBufferPointer { buffer -> UInt32 in
      guard let table = buffer.baseAddress else { return start }
      var crc = ~start
      var offset = 0
      // Wrapping arithmetic: the offset stays inside `bytes`, the index below 16 * 256.
      let whole = bytes.count & ~15
      while offset < whole {
        func word(_ index: Int) -> UInt32 {
          UInt32(
            littleEndian: base.loadUnaligned(
              fromByteOffset: offset &+ 4 &* index, as: UInt32.self))
        }
        // Only the first word waits for the step before this one.
        let rest =
          four(word(1), table + 8 * 256) ^ four(word(2), table + 4 * 256) ^ four(word(3), table)
        crc = rest ^ four(word(0) ^ crc, table + 12 * 256)
        offset &+= 16
      }
      while offset < bytes.count {
        let byte = base.load(fromByteOffset: offset, as: UInt8.self)
        crc = crc &>> 8 ^ table[Int(UInt8(truncatingIfNeeded: crc) ^ byte)]
        offset &+= 1
      }
      return ~crc
    }
  }

  /// What four bytes, the first in the lowest bits, contribute; `table` is that of the last of them.
  @inline(__always)
  private static func four(_ bytes: UInt32, _ table: UnsafePointer<UInt32>) -> UInt32 {
    let low = table[3 * 256 + Int(bytes & 0xFF)] ^ table[2 * 256 + Int(bytes &>> 8 & 0xFF)]
    let high = table[256 + Int(bytes &>> 16 & 0xFF)] ^ table[Int(bytes &>> 24)]
    return low ^ high
  }

  /// The form in which a file stores a checksum, so that the checksum of bytes that hold one of
  /// themselves stays useful.
  static func masked(_ checksum: UInt32) -> UInt32 {
    (checksum >> 15 | checksum << 17) &+ 0xA282_EAD8
  }
}
