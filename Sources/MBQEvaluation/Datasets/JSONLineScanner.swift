/// Reads the JSON (RFC 8259) of one line, from its start to its end.
///
/// Texts are decoded as in Python's `json`, but half a surrogate pair, which UTF-8 cannot hold, becomes
/// U+FFFD. Bytes outside ASCII are not checked or changed, as in CSV: ill-formed bytes become U+FFFD in
/// the conversion to text.
struct JSONLineScanner {
  /// The deepest nesting of lists and objects.
  static let depthLimit = 64

  /// The kind of a value; its bytes are appended to those of the caller.
  enum Kind {
    /// A string, without quotes and escapes.
    case text
    /// A number, `true` or `false`, as in the file.
    case word
    /// Nothing is appended.
    case null
    /// A list or an object, as in the file.
    case nested
  }

  let bytes: UnsafeBufferPointer<UInt8>
  private(set) var at = 0
  /// The start of the problem, if it differs from the scanner's place.
  private var fault: Int?

  init(_ bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

  /// The byte, from 1, of the last error.
  var errorColumn: Int { min(fault ?? at, bytes.count) + 1 }

  mutating func skipSpace() {
    while at < bytes.count {
      switch bytes[at] {
      case 0x20, 0x09, 0x0A, 0x0D: at += 1
      default: return
      }
    }
  }

  var isAtEnd: Bool { at == bytes.count }

  func current() throws(JSONLineProblem) -> UInt8 {
    guard at < bytes.count else { throw .cutShort }
    return bytes[at]
  }

  /// Steps over `byte`, after white space.
  mutating func expect(_ byte: UInt8, _ wanted: String) throws(JSONLineProblem) {
    skipSpace()
    let found = try current()
    guard found == byte else { throw .unexpected(found: found, wanted: wanted) }
    at += 1
  }

  /// Steps over a comma, or over `end`, then returning true.
  mutating func isEnd(_ end: UInt8, _ wanted: String) throws(JSONLineProblem) -> Bool {
    skipSpace()
    let found = try current()
    guard found == end || found == UInt8(ascii: ",") else {
      throw .unexpected(found: found, wanted: wanted)
    }
    at += 1
    return found == end
  }

  /// Reads a value of any kind.
  mutating func value(into target: inout [UInt8]) throws(JSONLineProblem) -> Kind {
    skipSpace()
    switch try current() {
    case UInt8(ascii: "\""):
      try string(into: &target)
      return .text
    case UInt8(ascii: "{"), UInt8(ascii: "["):
      let start = at
      var ignored: [UInt8] = []
      try skipNested(&ignored)
      target.append(contentsOf: bytes[start..<at])
      return .nested
    case let byte:
      let start = at
      try scalar(byte)
      if byte == UInt8(ascii: "n") { return .null }
      target.append(contentsOf: bytes[start..<at])
      return .word
    }
  }

  /// Steps over a number, `true`, `false` or `null`.
  private mutating func scalar(_ byte: UInt8) throws(JSONLineProblem) {
    switch byte {
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): try number()
    case UInt8(ascii: "t"): try word("true")
    case UInt8(ascii: "f"): try word("false")
    case UInt8(ascii: "n"): try word("null")
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"):
      throw .badWord
    default: throw .unexpected(found: byte, wanted: "a value")
    }
  }

  private mutating func word(_ word: StaticString) throws(JSONLineProblem) {
    for index in 0..<word.utf8CodeUnitCount {
      guard at + index < bytes.count else {
        fault = bytes.count
        throw .cutShort
      }
      guard bytes[at + index] == word.utf8Start[index] else { throw .badWord }
    }
    at += word.utf8CodeUnitCount
  }

  private mutating func number() throws(JSONLineProblem) {
    fault = at
    if bytes[at] == UInt8(ascii: "-") { at += 1 }
    let first = at
    let digits = skipDigits()
    guard digits == 1 || digits > 1 && bytes[first] != UInt8(ascii: "0") else { throw .badNumber }
    if at < bytes.count, bytes[at] == UInt8(ascii: ".") {
      at += 1
      guard skipDigits() > 0 else { throw .badNumber }
    }
    if at < bytes.count, bytes[at] | 0x20 == UInt8(ascii: "e") {
      at += 1
      if at < bytes.count, bytes[at] == UInt8(ascii: "+") || bytes[at] == UInt8(ascii: "-") {
        at += 1
      }
      guard skipDigits() > 0 else { throw .badNumber }
    }
    fault = nil
  }

  private mutating func skipDigits() -> Int {
    let start = at
    while at < bytes.count, bytes[at] >= 0x30, bytes[at] <= 0x39 { at += 1 }
    return at - start
  }

  /// Steps over the list or object that starts here, without recursion, because the input sets the depth.
  private mutating func skipNested(_ ignored: inout [UInt8]) throws(JSONLineProblem) {
    var closing: [UInt8] = []
    while true {
      skipSpace()
      let byte = try current()
      if byte == UInt8(ascii: "{") || byte == UInt8(ascii: "[") {
        let isObject = byte == UInt8(ascii: "{")
        guard closing.count < Self.depthLimit else { throw .tooDeep(limit: Self.depthLimit) }
        closing.append(isObject ? UInt8(ascii: "}") : UInt8(ascii: "]"))
        at += 1
        skipSpace()
        if try current() != closing.last {
          if isObject { try skipKey(&ignored) }
          continue
        }
        at += 1
        closing.removeLast()
      } else if byte == UInt8(ascii: "\"") {
        try string(into: &ignored)
        ignored.removeAll(keepingCapacity: true)
      } else {
        try scalar(byte)
      }
      // A value is complete; so are the lists and objects that end with it.
      while let end = closing.last {
        guard try isEnd(end, end == UInt8(ascii: "}") ? "',' or '}'" : "',' or ']'") else { break }
        closing.removeLast()
      }
      guard let end = closing.last else { return }
      if end == UInt8(ascii: "}") { try skipKey(&ignored) }
    }
  }

  private mutating func skipKey(_ ignored: inout [UInt8]) throws(JSONLineProblem) {
    try key(into: &ignored)
    ignored.removeAll(keepingCapacity: true)
  }

  /// Reads a key and the colon after it.
  mutating func key(into target: inout [UInt8]) throws(JSONLineProblem) {
    skipSpace()
    let byte = try current()
    guard byte == UInt8(ascii: "\"") else {
      throw .unexpected(found: byte, wanted: "a key in double quotes")
    }
    try string(into: &target)
    try expect(UInt8(ascii: ":"), "':'")
  }

  /// Appends the string whose opening quote is the current byte.
  private mutating func string(into target: inout [UInt8]) throws(JSONLineProblem) {
    at += 1
    while true {
      let stop = indexOfSpecial(from: at)
      if stop > at { target.append(contentsOf: UnsafeBufferPointer(rebasing: bytes[at..<stop])) }
      at = stop
      let byte = try current()
      if byte == UInt8(ascii: "\"") {
        at += 1
        return
      }
      guard byte == UInt8(ascii: "\\") else { throw .controlCharacter(byte) }
      try escape(into: &target)
    }
  }

  private mutating func escape(into target: inout [UInt8]) throws(JSONLineProblem) {
    fault = at
    at += 1
    let byte = try inEscape()
    at += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): target.append(byte)
    case UInt8(ascii: "b"): target.append(0x08)
    case UInt8(ascii: "f"): target.append(0x0C)
    case UInt8(ascii: "n"): target.append(0x0A)
    case UInt8(ascii: "r"): target.append(0x0D)
    case UInt8(ascii: "t"): target.append(0x09)
    case UInt8(ascii: "u"): Self.append(try unicodeEscape(), to: &target)
    default: throw .badEscape
    }
    fault = nil
  }

  private mutating func inEscape() throws(JSONLineProblem) -> UInt8 {
    guard at < bytes.count else {
      fault = nil
      throw .cutShort
    }
    return bytes[at]
  }

  /// The scalar of an escape after its `\u`, and of the one after it when both are a pair.
  private mutating func unicodeEscape() throws(JSONLineProblem) -> Unicode.Scalar {
    let first = try hexDigits()
    if let scalar = Unicode.Scalar(first) { return scalar }
    let second = at
    guard first < 0xDC00, at + 1 < bytes.count, bytes[at] == UInt8(ascii: "\\"),
      bytes[at + 1] == UInt8(ascii: "u")
    else { return "\u{FFFD}" }
    fault = at
    at += 2
    let low = try hexDigits()
    if (0xDC00...0xDFFF).contains(low),
      let scalar = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (low - 0xDC00))
    {
      return scalar
    }
    // No pair: the second one is read again, by itself.
    at = second
    return "\u{FFFD}"
  }

  private mutating func hexDigits() throws(JSONLineProblem) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<4 {
      let byte = try inEscape()
      let digit: UInt8
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = byte - 0x30
      case UInt8(ascii: "a")...UInt8(ascii: "f"), UInt8(ascii: "A")...UInt8(ascii: "F"):
        digit = (byte | 0x20) - 0x61 + 10
      default: throw .badEscape
      }
      value = value << 4 | UInt32(digit)
      at += 1
    }
    return value
  }

  private static func append(_ scalar: Unicode.Scalar, to target: inout [UInt8]) {
    UTF8.encode(scalar) { target.append($0) }
  }

  /// The first quote, backslash or control character, or the end; 8 bytes are looked at together.
  private func indexOfSpecial(from start: Int) -> Int {
    var index = start
    let base = UnsafeRawPointer(bytes.baseAddress!)
    while index + 8 <= bytes.count {
      let word = UInt64(littleEndian: base.loadUnaligned(fromByteOffset: index, as: UInt64.self))
      // The top bit of each byte below 0x20, as of each zero byte; the lowest mark is sure.
      let controls = (word &- repeated(0x20)) & ~word & repeated(0x80)
      let matches =
        controls | zeroBytes(word ^ repeated(UInt8(ascii: "\"")))
        | zeroBytes(word ^ repeated(UInt8(ascii: "\\")))
      if matches != 0 { return index + matches.trailingZeroBitCount / 8 }
      index += 8
    }
    while index < bytes.count {
      let byte = bytes[index]
      if byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { return index }
      index += 1
    }
    return bytes.count
  }
}
