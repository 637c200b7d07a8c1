/// JSON with its keys in the order they were given, so that the same facts give the same bytes.
struct JSONObject {
  indirect enum Value {
    case string(String)
    case integer(Int)
    case array([Value])
    case object(JSONObject)
  }

  private let members: [(String, Value)]

  init(_ members: [(String, Value)]) { self.members = members }

  var text: String {
    "{" + members.map { "\(Self.quoted($0.0)):\(Self.text($0.1))" }.joined(separator: ",") + "}"
  }

  private static func text(_ value: Value) -> String {
    switch value {
    case .string(let string): quoted(string)
    case .integer(let integer): "\(integer)"
    case .array(let values): "[" + values.map(text).joined(separator: ",") + "]"
    case .object(let object): object.text
    }
  }

  private static func quoted(_ string: String) -> String {
    var result = "\""
    for scalar in string.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      default:
        if scalar.value < 0x20 {
          let digits = String(scalar.value, radix: 16)
          result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        } else {
          result.unicodeScalars.append(scalar)
        }
      }
    }
    return result + "\""
  }
}
