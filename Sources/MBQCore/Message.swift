/// Text for people, written as a string literal with values in it.
///
/// Its bytes are put together here, not by the standard library: how `String` grows, with the views and
/// encodings that this draws in, would be a tenth of an Embedded Swift program.
public struct Message: ExpressibleByStringInterpolation, Equatable, Sendable {
  public private(set) var utf8: [UInt8] = []

  public init(stringLiteral literal: StaticString) { append(literal) }

  public init(stringInterpolation pieces: StringInterpolation) { utf8 = pieces.message.utf8 }

  private init() {}

  public var text: String { utf8.withUnsafeBytes { String(repairing: $0) } }

  @inline(never)
  public mutating func append(_ more: Message) {
    more.utf8.withUnsafeBufferPointer { append($0) }
  }

  @inline(never)
  fileprivate mutating func append(_ literal: StaticString) {
    literal.withUTF8Buffer { append($0) }
  }

  @inline(never)
  fileprivate mutating func append(_ bytes: UnsafeBufferPointer<UInt8>) {
    for byte in bytes { utf8.append(byte) }
  }

  @inline(never)
  fileprivate mutating func append(decimal magnitude: UInt64) {
    if magnitude >= 10 { append(decimal: magnitude / 10) }
    utf8.append(0x30 + UInt8(magnitude % 10))
  }

  public struct StringInterpolation: StringInterpolationProtocol {
    fileprivate var message = Message()

    public init(literalCapacity: Int, interpolationCount: Int) {}

    public mutating func appendLiteral(_ literal: StaticString) { message.append(literal) }
    public mutating func appendInterpolation(_ value: StaticString) { message.append(value) }
    public mutating func appendInterpolation(_ value: Message) { message.append(value) }

    @inline(never)
    public mutating func appendInterpolation(_ value: String) {
      value.withUTF8Bytes { message.append($0) }
    }

    /// UTF-8; what is ill-formed in it becomes U+FFFD with the message's `text`.
    @inline(never)
    public mutating func appendInterpolation(utf8 value: [UInt8]) {
      value.withUnsafeBufferPointer { message.append($0) }
    }

    public mutating func appendInterpolation(cString value: UnsafePointer<CChar>) {
      var next = value
      while next.pointee != 0 {
        message.utf8.append(UInt8(bitPattern: next.pointee))
        next += 1
      }
    }

    @inline(never)
    public mutating func appendInterpolation(_ value: Int) {
      if value < 0 { message.append("-" as StaticString) }
      message.append(decimal: UInt64(value.magnitude))
    }

    @inline(never)
    public mutating func appendInterpolation(_ value: UInt64) { message.append(decimal: value) }
    public mutating func appendInterpolation(_ value: UInt32) { appendInterpolation(UInt64(value)) }
    public mutating func appendInterpolation(_ value: UInt8) { appendInterpolation(UInt64(value)) }
  }
}

extension String {
  /// The text of `bytes` in UTF-8, with U+FFFD for what is ill-formed.
  public init(repairing bytes: UnsafeRawBufferPointer) {
    // The initializer that repairs by itself would link how `String` grows.
    self =
      bytes.withMemoryRebound(to: UInt8.self) { String(validating: $0, as: UTF8.self) }
      ?? Self.repaired(bytes)
  }

  private static func repaired(_ bytes: UnsafeRawBufferPointer) -> String {
    var valid: [UInt8] = []
    var rest = bytes.makeIterator()
    var decoder = UTF8()
    while true {
      switch decoder.decode(&rest) {
      case .scalarValue(let scalar): UTF8.encode(scalar) { valid.append($0) }
      case .error: valid += [0xEF, 0xBF, 0xBD]
      case .emptyInput:
        return valid.withUnsafeBufferPointer { String(validating: $0, as: UTF8.self) } ?? ""
      }
    }
  }

  /// Calls `body` with the UTF-8 of the string, where it is.
  ///
  /// `withUTF8` would link, into an Embedded Swift program, the copying of strings that are bridged from
  /// elsewhere; there are none in it.
  public func withUTF8Bytes<Result>(_ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
    if let result = utf8.withContiguousStorageIfAvailable(body) { return result }
    #if hasFeature(Embedded)
    fatalError("a string that is not UTF-8")
    #else
    var copy = self
    return copy.withUTF8(body)
    #endif
  }
}
