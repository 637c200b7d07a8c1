/// The class of a byte outside runs of ASCII letters and digits.
enum ByteClass: UInt8 {
  /// Part of a word as it is: a letter, a digit, or a control character that is not removed.
  case word = 0
  /// Ends a word.
  case space = 1
  /// Ends a word, and is a word of its own.
  case punctuation = 2
  /// Removed.
  case removed = 3
  /// The beginning of a character beyond ASCII, or ill-formed.
  case other = 4

  /// The class of every byte.
  static func table(cleansText: Bool) -> [UInt8] {
    (0..<256).map { byte -> UInt8 in
      if byte >= 0x80 { return ByteClass.other.rawValue }
      let record = UnicodeTables.record(UInt32(byte))
      if cleansText, record.isRemoved { return ByteClass.removed.rawValue }
      if record.isWhitespace { return ByteClass.space.rawValue }
      return (record.isPunctuation ? ByteClass.punctuation : .word).rawValue
    }
  }
}

/// Eight ASCII characters at a time, one in each byte of a 64-bit number.
enum ASCIIRun {
  private static var ones: UInt64 { 0x0101_0101_0101_0101 }
  private static var highs: UInt64 { 0x8080_8080_8080_8080 }

  /// The high bit of each byte of `text` that is `low` to `high`, which are ASCII.
  ///
  /// No byte carries into the next: 127 + 127 < 256.
  @inline(__always)
  private static func between(_ text: UInt64, _ low: UInt64, _ high: UInt64) -> UInt64 {
    let ascii = text & ~highs
    let atLeast = ascii &+ ones &* (0x80 &- low)
    let above = ascii &+ ones &* (0x7F &- high)
    return atLeast & ~above & ~text & highs
  }

  /// How many of the first characters are letters or digits.
  @inline(__always)
  static func wordLength(_ text: UInt64) -> Int {
    let letters = between(text | ones &* 0x20, 0x61, 0x7A)
    let digits = between(text, 0x30, 0x39)
    return ((letters | digits) ^ highs).trailingZeroBitCount &>> 3
  }

  /// The capitals among the characters made small if `bit` is 0x20, left if it is 0.
  @inline(__always)
  static func lowercased(_ text: UInt64, bit: UInt64) -> UInt64 {
    text | between(text, 0x41, 0x5A) &>> 7 &* bit
  }

  /// The first place from `start` on, below `end`, that has `byte`; `end` if there is none.
  static func first(
    _ byte: UInt8, _ start: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>
  ) -> UnsafePointer<UInt8> {
    var start = start
    let pattern = ones &* UInt64(byte)
    while end - start >= 8 {
      let difference = PieceView.load(start, end) ^ pattern
      let zeros = (difference &- ones) & ~difference & highs
      if zeros != 0 { return start + zeros.trailingZeroBitCount &>> 3 }
      start += 8
    }
    while start < end, start.pointee != byte { start += 1 }
    return start
  }
}
