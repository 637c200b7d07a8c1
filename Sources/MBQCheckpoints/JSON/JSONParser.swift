/// A strict reader of JSON (RFC 8259): one value, UTF-8, no key twice, nothing after the end,
/// nested at most 64 deep.
///
/// Time and memory are in proportion to the bytes given, which are limited.
///
/// Foundation's reader loses exact integers and takes the last of two equal keys, so that two readers of one
/// safetensors header could see different tensors.
public struct JSONParser {
  /// The most a file may hold; beyond, a `JSONError`.
  public struct Limits: Sendable {
    public var bytes = 64 << 20
    public var values = 1 << 22
    public var depth = 64

    public init() {}

    public init(bytes: Int) { self.bytes = bytes }
  }

  var bytes: UnsafeBufferPointer<UInt8>
  var at = 0
  private var valuesLeft: Int
  private let limits: Limits
  private let source: String

  /// Reads all of `bytes`; errors use `source` as their name.
  public static func parse(
    _ bytes: UnsafeRawBufferPointer, source: String, limits: Limits = Limits()
  ) throws(JSONError) -> JSONValue {
    var parser = JSONParser(
      bytes: bytes.assumingMemoryBound(to: UInt8.self), valuesLeft: limits.values, limits: limits,
      source: source)
    guard bytes.count <= limits.bytes else {
      throw parser.error(.tooLarge(bytes: bytes.count, limit: limits.bytes))
    }
    if bytes.count >= 3, bytes[0] == 0xEF, bytes[1] == 0xBB, bytes[2] == 0xBF {
      throw parser.error(.byteOrderMark)
    }
    let value = try parser.value(depth: 0)
    parser.skipSpace()
    guard parser.at == bytes.count else { throw parser.error(.trailing) }
    return value
  }

  /// Reads text; for tests and messages.
  public static func parse(_ text: String, source: String) throws(JSONError) -> JSONValue {
    let result: Result<JSONValue, JSONError> = Array(text.utf8).withUnsafeBytes { bytes in
      do throws(JSONError) {
        return .success(try parse(bytes, source: source))
      } catch {
        return .failure(error)
      }
    }
    return try result.get()
  }

  /// `problem` at the byte `place`, by default the one being read.
  func error(_ problem: JSONError.Problem, at place: Int? = nil) -> JSONError {
    var line = 1
    var column = 1
    // The byte that starts no scalar, 10xxxxxx, does not advance the column.
    for byte in bytes[..<min(place ?? at, bytes.count)] {
      if byte == 0x0A {
        line += 1
        column = 1
      } else if byte & 0xC0 != 0x80 {
        column += 1
      }
    }
    return JSONError(source: source, line: line, column: column, problem: problem)
  }

  /// The byte being read; throws at the end.
  func current() throws(JSONError) -> UInt8 {
    guard at < bytes.count else { throw error(.unexpectedEnd) }
    return bytes[at]
  }

  private mutating func skipSpace() {
    while at < bytes.count {
      switch bytes[at] {
      case 0x20, 0x0A, 0x0D, 0x09: at += 1
      default: return
      }
    }
  }

  private mutating func value(depth: Int) throws(JSONError) -> JSONValue {
    skipSpace()
    valuesLeft -= 1
    guard valuesLeft >= 0 else { throw error(.tooManyValues(limit: limits.values)) }
    switch try current() {
    case UInt8(ascii: "{"): return .object(try object(depth: depth + 1))
    case UInt8(ascii: "["): return .array(try array(depth: depth + 1))
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"):
      throw error(.invalidWord)
    case let byte: throw error(.unexpected(byte: byte, wanted: "a value"))
    }
  }

  private mutating func word(
    _ word: StaticString, _ value: JSONValue
  ) throws(JSONError) -> JSONValue {
    for index in 0..<word.utf8CodeUnitCount {
      guard at + index < bytes.count else { throw error(.unexpectedEnd, at: bytes.count) }
      guard bytes[at + index] == word.utf8Start[index] else { throw error(.invalidWord) }
    }
    at += word.utf8CodeUnitCount
    return value
  }

  private mutating func array(depth: Int) throws(JSONError) -> [JSONValue] {
    guard depth <= limits.depth else { throw error(.tooDeep(limit: limits.depth)) }
    at += 1
    skipSpace()
    var values: [JSONValue] = []
    if try current() == UInt8(ascii: "]") {
      at += 1
      return values
    }
    while true {
      values.append(try value(depth: depth))
      if try separator(or: UInt8(ascii: "]"), wanted: "',' or ']'") { return values }
    }
  }

  private mutating func object(depth: Int) throws(JSONError) -> JSONObject {
    guard depth <= limits.depth else { throw error(.tooDeep(limit: limits.depth)) }
    at += 1
    skipSpace()
    var members: [JSONObject.Member] = []
    var places: [Int] = []
    if try current() == UInt8(ascii: "}") {
      at += 1
    } else {
      while true {
        skipSpace()
        let byte = try current()
        guard byte == UInt8(ascii: "\"") else {
          throw error(.unexpected(byte: byte, wanted: "a key in double quotes"))
        }
        places.append(at)
        let key = try string()
        skipSpace()
        let colon = try current()
        guard colon == UInt8(ascii: ":") else {
          throw error(.unexpected(byte: colon, wanted: "':'"))
        }
        at += 1
        members.append(.init(key: key, value: try value(depth: depth)))
        if try separator(or: UInt8(ascii: "}"), wanted: "',' or '}'") { break }
      }
    }
    do throws(JSONObject.DuplicateKey) {
      return try JSONObject(members: members)
    } catch {
      let last = members.lastIndex { ExactString($0.key) == ExactString(error.key) }
      throw self.error(.duplicateKey(error.key), at: last.map { places[$0] })
    }
  }

  /// Steps over a comma, or over `end`, then returning true.
  private mutating func separator(or end: UInt8, wanted: String) throws(JSONError) -> Bool {
    skipSpace()
    let byte = try current()
    guard byte == end || byte == UInt8(ascii: ",") else {
      throw error(.unexpected(byte: byte, wanted: wanted))
    }
    at += 1
    return byte == end
  }
}
