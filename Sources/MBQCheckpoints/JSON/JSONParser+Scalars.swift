extension JSONParser {
  /// Reads the text whose opening quote is the current byte.
  mutating func string() throws(JSONError) -> String {
    at += 1
    let start = at
    // Almost every text has no escape, and is then copied in one piece.
    while at < bytes.count {
      let byte = bytes[at]
      if byte == UInt8(ascii: "\"") {
        defer { at += 1 }
        return try text(UnsafeBufferPointer(rebasing: bytes[start..<at]), at: start)
      }
      if byte == UInt8(ascii: "\\") { return try escapedString(from: start) }
      if byte < 0x20 { throw error(.controlCharacter(byte)) }
      at += 1
    }
    throw error(.unexpectedEnd)
  }

  private func text(
    _ buffer: UnsafeBufferPointer<UInt8>, at place: Int
  ) throws(JSONError) -> String {
    guard let text = String(validating: buffer, as: UTF8.self) else {
      throw error(.invalidUTF8, at: place)
    }
    return text
  }

  private mutating func escapedString(from start: Int) throws(JSONError) -> String {
    var units = Array(bytes[start..<at])
    while true {
      let byte = try current()
      if byte < 0x20 { throw error(.controlCharacter(byte)) }
      if byte == UInt8(ascii: "\"") {
        at += 1
        guard let text = String(validating: units, as: UTF8.self) else {
          throw error(.invalidUTF8, at: start)
        }
        return text
      }
      if byte == UInt8(ascii: "\\") {
        units.append(contentsOf: String(try escape()).utf8)
      } else {
        units.append(byte)
        at += 1
      }
    }
  }

  /// Reads the escape whose backslash is the current byte.
  private mutating func escape() throws(JSONError) -> Unicode.Scalar {
    let start = at
    at += 1
    let byte = try current()
    at += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
    case UInt8(ascii: "b"): return "\u{8}"
    case UInt8(ascii: "f"): return "\u{C}"
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "u"): break
    default: throw error(.invalidEscape, at: start)
    }
    let first = try hexDigits(escapeAt: start)
    if let scalar = Unicode.Scalar(first) { return scalar }
    guard first < 0xDC00, at + 1 < bytes.count, bytes[at] == UInt8(ascii: "\\"),
      bytes[at + 1] == UInt8(ascii: "u")
    else { throw error(.loneSurrogate, at: start) }
    at += 2
    let second = try hexDigits(escapeAt: start)
    guard (0xDC00...0xDFFF).contains(second),
      let scalar = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
    else { throw error(.loneSurrogate, at: start) }
    return scalar
  }

  private mutating func hexDigits(escapeAt start: Int) throws(JSONError) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<4 {
      let byte = try current()
      guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue, byte < 0x80 else {
        throw error(.invalidEscape, at: start)
      }
      value = value << 4 | UInt32(digit)
      at += 1
    }
    return value
  }

  /// Reads the number that starts at the current byte.
  mutating func number() throws(JSONError) -> JSONValue {
    let start = at
    let negative = bytes[at] == UInt8(ascii: "-")
    if negative { at += 1 }
    let digits = skipDigits()
    // A zero may not be followed by another digit.
    guard digits > 0, digits == 1 || bytes[at - digits] != UInt8(ascii: "0") else {
      throw error(.invalidNumber, at: start)
    }
    var isInteger = true
    if at < bytes.count, bytes[at] == UInt8(ascii: ".") {
      isInteger = false
      at += 1
      guard skipDigits() > 0 else { throw error(.invalidNumber, at: start) }
    }
    if at < bytes.count, bytes[at] | 0x20 == UInt8(ascii: "e") {
      isInteger = false
      at += 1
      if at < bytes.count, bytes[at] == UInt8(ascii: "+") || bytes[at] == UInt8(ascii: "-") {
        at += 1
      }
      guard skipDigits() > 0 else { throw error(.invalidNumber, at: start) }
    }
    if isInteger, digits <= 18 {
      // 18 digits fit an Int64.
      var value = 0
      for byte in bytes[(at - digits)..<at] { value = value * 10 + Int(byte - 0x30) }
      return .integer(negative ? -value : value)
    }
    let text = String(decoding: bytes[start..<at], as: UTF8.self)
    if isInteger, let value = Int(text) { return .integer(value) }
    guard let value = Double(text) else { throw error(.invalidNumber, at: start) }
    guard value.isFinite else { throw error(.numberOutOfRange, at: start) }
    return .number(value)
  }

  private mutating func skipDigits() -> Int {
    let start = at
    while at < bytes.count, bytes[at] >= 0x30, bytes[at] <= 0x39 { at += 1 }
    return at - start
  }
}
