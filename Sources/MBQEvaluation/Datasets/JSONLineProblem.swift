/// Why a line is no JSON object as RFC 8259 has it.
public enum JSONLineProblem: Error, Equatable {
  case notAnObject(found: UInt8)
  case cutShort
  case unexpected(found: UInt8, wanted: String)
  case trailing
  case controlCharacter(UInt8)
  case badEscape
  case badNumber
  case badWord
  case duplicateKey(String)
  case noKeys
  case tooDeep(limit: Int)
  case tooManyKeys(limit: Int)
  case valueTooLong(key: String, limit: Int)

  var explanation: String {
    switch self {
    case .notAnObject(let found):
      found == UInt8(ascii: "[")
        ? "this line begins with '[', and each line must be one object; make lines of the list "
          + "(jq -c '.[]')"
        : "found \(Self.name(found)), and each line must be one object, {...}"
    case .cutShort: "the line ends in the middle of the object; an object may not span lines"
    case .unexpected(let found, let wanted): "found \(Self.name(found)), needed \(wanted)"
    case .trailing: "something follows the object; write one object a line"
    case .controlCharacter(let byte):
      "a text has the control character \(Self.name(byte)); write it as an escape, such as \\n"
    case .badEscape: "a backslash is followed by something that is no escape"
    case .badNumber: "a number is not written as JSON allows"
    case .badWord: "only true, false and null may stand without quotes (NaN is not JSON)"
    case .duplicateKey(let key): "the key '\(shortened(key))' occurs twice in this object"
    case .noKeys: "the first object has no keys, which name the columns"
    case .tooDeep(let limit): "lists and objects are nested more than \(limit) deep"
    case .tooManyKeys(let limit): "more than \(limit) keys; is this a dataset of texts?"
    case .valueTooLong(let key, let limit):
      "the value of '\(shortened(key))' is longer than \(limit) bytes"
    }
  }

  private static func name(_ byte: UInt8) -> String {
    if byte > 0x20, byte < 0x7F { return "'\(Character(Unicode.Scalar(byte)))'" }
    let digits = String(byte, radix: 16, uppercase: true)
    return "the byte 0x\(digits.count == 1 ? "0" : "")\(digits)"
  }
}
