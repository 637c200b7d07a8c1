/// Decompresses the raw Snappy format: a length, then literals and copies of what came before.
enum Snappy {
  /// The most bytes one compressed byte can become: a copy of 64 takes 3.
  private static let largestRatio = 22
  static let maximumLength = 64 << 20

  /// The decompressed bytes, or nil if `input` is not well formed or would take more than
  /// `maximumLength`.
  static func decompress(_ input: UnsafeRawBufferPointer) -> [UInt8]? {
    var cursor = ByteCursor(input)
    // Checked before anything is allocated.
    guard let length = cursor.varint(), length <= maximumLength,
      length <= input.count * largestRatio
    else { return nil }
    var output: [UInt8] = []
    output.reserveCapacity(length)
    while let tag = cursor.byte() {
      let isCopied: Bool
      switch tag & 3 {
      case 0: isCopied = appendLiteral(&output, tag, &cursor, length)
      case 1:
        guard let low = cursor.byte() else { return nil }
        let distance = Int(tag >> 5) << 8 | Int(low)
        isCopied = appendCopy(&output, 4 + Int(tag >> 2 & 7), distance, length)
      default:
        guard let distance = cursor.littleEndian(bytes: tag & 3 == 2 ? 2 : 4) else { return nil }
        isCopied = appendCopy(&output, 1 + Int(tag >> 2), distance, length)
      }
      if !isCopied { return nil }
    }
    return output.count == length ? output : nil
  }

  private static func appendLiteral(
    _ output: inout [UInt8], _ tag: UInt8, _ cursor: inout ByteCursor, _ length: Int
  ) -> Bool {
    var count = Int(tag >> 2)
    if count >= 60 {
      guard let more = cursor.littleEndian(bytes: count - 59) else { return false }
      count = more
    }
    guard count < length - output.count, let bytes = cursor.bytes(count + 1) else { return false }
    output.append(contentsOf: bytes)
    return true
  }

  private static func appendCopy(
    _ output: inout [UInt8], _ count: Int, _ distance: Int, _ length: Int
  ) -> Bool {
    guard distance > 0, distance <= output.count, count <= length - output.count else {
      return false
    }
    // One by one: the copy may overlap what it makes.
    for _ in 0..<count { output.append(output[output.count - distance]) }
    return true
  }
}
