/// Reading and writing UTF-8 scalar by scalar.
enum UTF8Text {
  static var replacement: UInt32 { 0xFFFD }

  /// Reads the scalar value at `start`, which must be below `end`, and moves `start` behind it.
  ///
  /// Ill-formed bytes are read as U+FFFD, one for each maximal subpart (Unicode, section 3.9, table
  /// 3-8; as in the WHATWG decoder, Rust and Python).
  @inline(__always)
  static func read(_ start: inout UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>) -> UInt32 {
    let lead = UInt32(start.pointee)
    start += 1
    if lead < 0x80 { return lead }
    return readRest(lead, &start, end)
  }

  private static func readRest(
    _ lead: UInt32, _ start: inout UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>
  ) -> UInt32 {
    // The number of following bytes, and the range of the first of them; the rest are 80 to BF.
    var value: UInt32
    var following: Int
    var lowest: UInt8 = 0x80
    var highest: UInt8 = 0xBF
    switch lead {
    case 0xC2...0xDF: (value, following) = (lead & 0x1F, 1)
    case 0xE0...0xEF:
      (value, following) = (lead & 0xF, 2)
      if lead == 0xE0 { lowest = 0xA0 }
      if lead == 0xED { highest = 0x9F }
    case 0xF0...0xF4:
      (value, following) = (lead & 7, 3)
      if lead == 0xF0 { lowest = 0x90 }
      if lead == 0xF4 { highest = 0x8F }
    default: return replacement
    }
    while following > 0 {
      guard start < end, start.pointee >= lowest, start.pointee <= highest else {
        return replacement
      }
      value = value << 6 | UInt32(start.pointee & 0x3F)
      start += 1
      following -= 1
      (lowest, highest) = (0x80, 0xBF)
    }
    return value
  }

  /// Reads the scalar value that ends at `end`, which must be above `start`, and moves `end` before it.
  static func readBackwards(
    _ start: UnsafePointer<UInt8>, _ end: inout UnsafePointer<UInt8>
  ) -> UInt32 {
    var lead = end - 1
    while lead > start, end - lead < 4, lead.pointee & 0xC0 == 0x80 { lead -= 1 }
    var next = lead
    let value = read(&next, end)
    if next == end {
      end = lead
      return value
    }
    end -= 1
    return replacement
  }

  /// Writes `scalar` at `target`; returns how many bytes, at most four.
  @inline(__always)
  static func write(_ scalar: UInt32, _ target: UnsafeMutablePointer<UInt8>) -> Int {
    if scalar < 0x80 {
      target[0] = UInt8(truncatingIfNeeded: scalar)
      return 1
    }
    if scalar < 0x800 {
      target[0] = UInt8(truncatingIfNeeded: 0xC0 | scalar &>> 6)
      target[1] = UInt8(truncatingIfNeeded: 0x80 | scalar & 0x3F)
      return 2
    }
    if scalar < 0x10000 {
      target[0] = UInt8(truncatingIfNeeded: 0xE0 | scalar &>> 12)
      target[1] = UInt8(truncatingIfNeeded: 0x80 | scalar &>> 6 & 0x3F)
      target[2] = UInt8(truncatingIfNeeded: 0x80 | scalar & 0x3F)
      return 3
    }
    target[0] = UInt8(truncatingIfNeeded: 0xF0 | scalar &>> 18)
    target[1] = UInt8(truncatingIfNeeded: 0x80 | scalar &>> 12 & 0x3F)
    target[2] = UInt8(truncatingIfNeeded: 0x80 | scalar &>> 6 & 0x3F)
    target[3] = UInt8(truncatingIfNeeded: 0x80 | scalar & 0x3F)
    return 4
  }

  /// Whether the bytes are well-formed UTF-8.
  static func isValid(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
    guard var start = bytes.baseAddress else { return true }
    let end = start + bytes.count
    while start < end {
      // ASCII, which is valid, eight or less at a time.
      if PieceView.load(start, end) & 0x8080_8080_8080_8080 == 0 {
        start += min(8, end - start)
        continue
      }
      let before = start
      // U+FFFD is EF BF BD; with other bytes it stands for an ill-formed sequence.
      if read(&start, end) == replacement {
        guard start - before == 3, before[0] == 0xEF, before[1] == 0xBF, before[2] == 0xBD else {
          return false
        }
      }
    }
    return true
  }
}
