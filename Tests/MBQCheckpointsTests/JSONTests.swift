import Foundation
import MBQCore
import MBQTestSupport
import Testing

@testable import MBQCheckpoints

@Suite("Reading JSON")
struct JSONTests {
  /// The value written back in one canonical form.
  private func written(_ text: String) throws -> String { render(try parse(text)) }

  private func parse(_ text: String) throws(JSONError) -> JSONValue {
    try JSONParser.parse(text, source: "x.json")
  }

  private func render(_ value: JSONValue) -> String {
    switch value {
    case .null: "null"
    case .bool(let flag): "\(flag)"
    case .integer(let number): "\(number)"
    case .number(let number): "\(number)"
    case .string(let text):
      "<" + text.unicodeScalars.map { String($0.value, radix: 16) }.joined(separator: " ") + ">"
    case .array(let values): "[" + values.map(render).joined(separator: ",") + "]"
    case .object(let object):
      "{" + object.members.map { "\($0.key):\(render($0.value))" }.joined(separator: ",") + "}"
    }
  }

  @Test(
    "values are what RFC 8259 says",
    arguments: [
      ("null", "null"), (" \t\r\n true ", "true"), ("false", "false"), ("0", "0"), ("-0", "0"),
      ("-12", "-12"), ("9223372036854775807", "9223372036854775807"),
      ("-9223372036854775808", "-9223372036854775808"),
      ("9223372036854775808", "9.223372036854776e+18"),
      ("1000000000000000019884624838656", "1e+30"), ("1.50", "1.5"), ("1e2", "100.0"),
      ("-2E-2", "-0.02"), ("1e-400", "0.0"), ("[]", "[]"), ("[1, [2] ,{}]", "[1,[2],{}]"),
      (#"{"a" : 1 , "b":{"a":2}}"#, "{a:1,b:{a:2}}"), (#""""#, "<>"),
      (#""\"\\\/\b\f\n\r\t\u0041""#, "<22 5c 2f 8 c a d 9 41>"),
      (#""é😀\ud83d\ude00""#, "<e9 1f600 1f600>"),
      (#""\u0000""#, "<0>"),
    ])
  func values(_ text: String, _ expected: String) throws {
    #expect(try written(text) == expected)
  }

  @Test("an object of more than eight members is looked up too")
  func largeObject() throws {
    let text = (0..<100).map { "\"k\($0)\":\($0)" }.joined(separator: ",")
    guard case .object(let object) = try parse("{\(text)}") else {
      Issue.record("no object")
      return
    }
    for index in 0..<100 {
      guard case .integer(index)? = object["k\(index)"] else {
        Issue.record("k\(index) is \(String(describing: object["k\(index)"]))")
        return
      }
    }
    #expect(object["k100"] == nil)
  }

  @Test("keys that are equivalent in Unicode are different keys")
  func equivalentKeys() throws {
    guard case .object(let object) = try parse("{\"\u{E9}\":1,\"e\u{301}\":2}") else {
      Issue.record("no object")
      return
    }
    guard case .integer(1)? = object["\u{E9}"], case .integer(2)? = object["e\u{301}"] else {
      Issue.record("the wrong member was found")
      return
    }
  }

  @Test(
    "what is not JSON is refused, with its place",
    arguments: [
      ("", "1, column 1: it ends in the middle of a value; copy or download the file again"),
      (" \n ", "2, column 2: it ends in the middle of a value; copy or download the file again"),
      ("[1,]", "1, column 4: found ']', needed a value"),
      ("[1 2]", "1, column 4: found '2', needed ',' or ']'"),
      ("{\"a\":1,}", "1, column 8: found '}', needed a key in double quotes"),
      ("{\"a\" 1}", "1, column 6: found '1', needed ':'"),
      ("{\n  \"é\": +1\n}", "2, column 8: found '+', needed a value"),
      ("{\"é\":1 'x'}", "1, column 8: found ''', needed ',' or '}'"),
      ("{a:1}", "1, column 2: found 'a', needed a key in double quotes"),
      ("{} x", "1, column 4: something follows the end of the value"),
      ("{\"a\":1,\n\"b\":2,\"a\":3}", "2, column 7: the key \"a\" occurs twice in one object"),
      ("{\"a\":1,\"\\u0061\":3}", "1, column 8: the key \"a\" occurs twice in one object"),
      ("\"abc", "1, column 5: it ends in the middle of a value; copy or download the file again"),
      (
        "\"a\nb\"",
        "1, column 3: a text contains the control character the byte 0x0A; write it as an escape"
      ),
      ("\"\\x\"", "1, column 2: a backslash is followed by something that is no escape"),
      ("\"\\u12g4\"", "1, column 2: a backslash is followed by something that is no escape"),
      ("\"\\ud800\"", "1, column 2: an escape is one half of a surrogate pair"),
      ("\"\\ud800\\u0041\"", "1, column 2: an escape is one half of a surrogate pair"),
      ("\"\\udc00\"", "1, column 2: an escape is one half of a surrogate pair"),
      ("01", "1, column 1: a number is not written as JSON allows"),
      ("-", "1, column 1: a number is not written as JSON allows"),
      ("[1.]", "1, column 2: a number is not written as JSON allows"),
      ("[1e]", "1, column 2: a number is not written as JSON allows"),
      ("[-.5]", "1, column 2: a number is not written as JSON allows"),
      ("1e999", "1, column 1: a number is too large for a double"),
      ("NaN", "1, column 1: only true, false and null may stand without quotes (NaN is not JSON)"),
      ("[-Infinity]", "1, column 2: a number is not written as JSON allows"),
      ("nul", "1, column 4: it ends in the middle of a value; copy or download the file again"),
      ("nulL", "1, column 1: only true, false and null may stand without quotes (NaN is not JSON)"),
      (
        "\u{FEFF}{}",
        "1, column 1: it starts with a byte order mark; save it as UTF-8 without one"
      ),
    ])
  func refusals(_ text: String, _ expected: String) {
    #expect(message { try parse(text) } == "'x.json' is not valid JSON at line \(expected)")
  }

  @Test(
    "bytes that are not UTF-8 are refused", arguments: [[0x80], [0xC0, 0xAF], [0xED, 0xA0, 0x80]])
  func invalidUTF8(_ bytes: [UInt8]) {
    for text in [[0x22] + bytes + [0x22], [0x22, 0x5C, 0x6E] + bytes + [0x22]] {
      let found = message {
        try text.withUnsafeBytes { try JSONParser.parse($0, source: "x.json") }
      }
      #expect(
        found == "'x.json' is not valid JSON at line 1, column 2: a text is not valid UTF-8")
    }
  }

  @Test("64 levels are read and 65 are not, however many there are")
  func depth() throws {
    let text = { (count: Int) in
      String(repeating: "[", count: count) + String(repeating: "]", count: count)
    }
    #expect(try written(text(64)) == text(64))
    let expected =
      "'x.json' is not valid JSON at line 1, column 65: lists and objects are nested more than 64 deep"
    #expect(message { try parse(text(65)) } == expected)
    #expect(message { try parse(String(repeating: "[", count: 1_000_000)) } == expected)
    let objects = String(repeating: "{\"a\":", count: 100_000)
    #expect(message { try parse(objects) }.hasSuffix("nested more than 64 deep"))
  }

  @Test("limits on bytes and values hold")
  func limits() {
    var limits = JSONParser.Limits(bytes: 10)
    limits.values = 3
    let parse = { (text: String) in
      message {
        try Array(text.utf8).withUnsafeBytes {
          try JSONParser.parse($0, source: "x.json", limits: limits)
        }
      }
    }
    let start = "'x.json' is not valid JSON at line 1, column"
    #expect(parse("[0,0]     ") == "no error")
    #expect(parse("[0,0]      ") == "\(start) 1: it has 11 bytes, and at most 10 are read")
    #expect(parse("[0,0,0]") == "\(start) 6: it has more than 3 values")
  }

  @Test("every prefix and every changed byte of a configuration is read or refused")
  func mutations() throws {
    let bytes = Array(try Data(contentsOf: tinyConfiguration))
    let last = try #require(bytes.lastIndex(of: UInt8(ascii: "}")))
    for end in 0...last {
      #expect(throws: JSONError.self) {
        try bytes[..<end].withUnsafeBytes { try JSONParser.parse($0, source: "x.json") }
      }
    }
    for place in stride(from: 0, to: bytes.count, by: 3) {
      for value: UInt8 in [0x00, 0x22, 0x2C, 0x30, 0x5C, 0x5D, 0x7B, 0x80, 0xFF] {
        var changed = bytes
        changed[place] = value
        _ = message {
          try changed.withUnsafeBytes {
            try ConfigurationReader.configuration(
              JSONParser.parse($0, source: "x.json"), path: "x.json")
          }
        }
      }
    }
  }

  private var tinyConfiguration: URL {
    URL(fileURLWithPath: Repository.path("Formats/huggingface/golden/tiny/config.json"))
  }
}
