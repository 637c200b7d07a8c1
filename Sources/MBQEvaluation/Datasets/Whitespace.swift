/// The result of Python's `str.strip()` for `bytes` (UTF-8, maybe invalid).
///
/// A byte that starts a character never continues one, so looking at bytes gives the same answer as
/// decoding first, invalid input included.
func strippedRange(of bytes: UnsafeBufferPointer<UInt8>) -> Range<Int> {
  var (start, end) = (0, bytes.count)
  while start < end {
    let length = spaceLength(bytes, start, end)
    if length == 0 { break }
    start += length
  }
  while start < end {
    // The space that ends here has one, two or three bytes.
    var length = 1
    while length <= 3 && (length > end - start || spaceLength(bytes, end - length, end) != length) {
      length += 1
    }
    if length > 3 { break }
    end -= length
  }
  return start..<end
}

func strippedRange(of bytes: [UInt8]) -> Range<Int> {
  bytes.withUnsafeBufferPointer { strippedRange(of: $0) }
}

/// The length of the white space that starts at `index`, or 0.
func spaceLength(_ bytes: UnsafeBufferPointer<UInt8>, _ index: Int, _ end: Int) -> Int {
  let first = bytes[index]
  if first < 0x80 { return (0x09...0x0D).contains(first) || (0x1C...0x20).contains(first) ? 1 : 0 }
  guard index + 1 < end else { return 0 }
  let second = bytes[index + 1]
  if first == 0xC2 { return second == 0x85 || second == 0xA0 ? 2 : 0 }
  guard index + 2 < end else { return 0 }
  switch (first, second, bytes[index + 2]) {
  case (0xE1, 0x9A, 0x80), (0xE2, 0x81, 0x9F), (0xE3, 0x80, 0x80): return 3
  case (0xE2, 0x80, 0x80...0x8A), (0xE2, 0x80, 0xA8), (0xE2, 0x80, 0xA9), (0xE2, 0x80, 0xAF):
    return 3
  default: return 0
  }
}
