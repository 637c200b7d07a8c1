/// The part of `bytes` (UTF-8, perhaps invalid) that Python's `str.strip()` would leave.
///
/// A byte that starts a character never continues one, so looking at bytes gives the same answer as
/// decoding first, invalid input included.
func strippedRange(of bytes: some RandomAccessCollection<UInt8>) -> Range<Int> {
  var range = 0..<bytes.count
  func byte(_ offset: Int) -> UInt8 { bytes[bytes.index(bytes.startIndex, offsetBy: offset)] }
  func isSpace(_ offset: Int, length: Int) -> Bool {
    switch length {
    case 1:
      return (0x09...0x0D).contains(byte(offset)) || (0x1C...0x20).contains(byte(offset))
    case 2:
      return byte(offset) == 0xC2 && [0x85, 0xA0].contains(byte(offset + 1))
    default:
      switch (byte(offset), byte(offset + 1), byte(offset + 2)) {
      case (0xE1, 0x9A, 0x80), (0xE2, 0x81, 0x9F), (0xE3, 0x80, 0x80): return true
      case (0xE2, 0x80, let last): return last <= 0x8A || [0xA8, 0xA9, 0xAF].contains(last)
      default: return false
      }
    }
  }
  leading: while !range.isEmpty {
    for length in 1...3 where range.count >= length && isSpace(range.lowerBound, length: length) {
      range = range.lowerBound + length..<range.upperBound
      continue leading
    }
    break
  }
  trailing: while !range.isEmpty {
    for length in 1...3
    where range.count >= length && isSpace(range.upperBound - length, length: length) {
      range = range.lowerBound..<range.upperBound - length
      continue trailing
    }
    break
  }
  return range
}
