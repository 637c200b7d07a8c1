public import MBQCore

/// Why a file is not JSON of RFC 8259, or exceeds a limit.
public struct JSONError: ExplainedError, Equatable {
  public enum Problem: Equatable, Sendable {
    case tooLarge(bytes: Int, limit: Int)
    case tooManyValues(limit: Int)
    case tooDeep(limit: Int)
    case byteOrderMark
    case unexpectedEnd
    case unexpected(byte: UInt8, wanted: String)
    case trailing
    case duplicateKey(String)
    case invalidUTF8
    case controlCharacter(UInt8)
    case invalidEscape
    case loneSurrogate
    case invalidNumber
    case numberOutOfRange
    case invalidWord
  }

  /// The file, or the part of it, that was read.
  public var source: String
  /// From 1.
  public var line: Int
  /// From 1, in characters (Unicode scalars).
  public var column: Int
  public var problem: Problem

  public var explanation: String {
    "\(quoted(source)) is not valid JSON at line \(line), column \(column): \(text)"
  }

  private var text: String {
    switch problem {
    case .tooLarge(let bytes, let limit): "it has \(bytes) bytes, and at most \(limit) are read"
    case .tooManyValues(let limit): "it has more than \(limit) values"
    case .tooDeep(let limit): "lists and objects are nested more than \(limit) deep"
    case .byteOrderMark: "it starts with a byte order mark; save it as UTF-8 without one"
    case .unexpectedEnd: "it ends in the middle of a value; copy or download the file again"
    case .unexpected(let byte, let wanted): "found \(name(of: byte)), needed \(wanted)"
    case .trailing: "something follows the end of the value"
    case .duplicateKey(let key): "the key \(quoted(key, "\"")) occurs twice in one object"
    case .invalidUTF8: "a text is not valid UTF-8"
    case .controlCharacter(let byte):
      "a text contains the control character \(name(of: byte)); write it as an escape"
    case .invalidEscape: "a backslash is followed by something that is no escape"
    case .loneSurrogate: "an escape is one half of a surrogate pair"
    case .invalidNumber: "a number is not written as JSON allows"
    case .numberOutOfRange: "a number is too large for a double"
    case .invalidWord: "only true, false and null may stand without quotes (NaN is not JSON)"
    }
  }

  private func name(of byte: UInt8) -> String {
    if byte > 0x20, byte < 0x7F { return "'\(Character(Unicode.Scalar(byte)))'" }
    let digits = String(byte, radix: 16, uppercase: true)
    return byte == 0x20 ? "a space" : "the byte 0x\(digits.count == 1 ? "0" : "")\(digits)"
  }
}
