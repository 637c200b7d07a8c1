import Foundation
import MBQCore
import Testing

@testable import MBQReport

@Suite("JSON")
struct JSONTests {
  private struct Everything: Codable, Equatable {
    var whole = -3
    var tiny: UInt8 = 255
    var huge = UInt64.max
    var double = 0.1
    var float: Float = 0.1
    var truth = true
    var text = "ä\"\\\n\u{1}\u{2028}"
    var nothing: Int?
    var list = [1.5, 2]
    var names = ["b": 1, "a": 2, "c": 3]
    var nested = [["x": [true, false]]]
    var empty: [String] = []
  }

  @Test("any Encodable, in the order of its declaration, dictionaries sorted")
  func encode() throws {
    #expect(
      try JSONText.encode(Everything()) == """
        {
          "whole": -3,
          "tiny": 255,
          "huge": 1.8446744073709552e+19,
          "double": 0.1,
          "float": 0.1,
          "truth": true,
          "text": "ä\\"\\\\\\n\\u0001\\u2028",
          "list": [1.5, 2],
          "names": {
            "a": 2,
            "b": 1,
            "c": 3
          },
          "nested": [
            {
              "x": [
                true,
                false
              ]
            }
          ],
          "empty": []
        }

        """)
  }

  @Test("Foundation reads back what was written")
  func roundTrip() throws {
    var value = Everything()
    value.huge = 12
    let text = try JSONText.encode(value)
    #expect(try JSONDecoder().decode(Everything.self, from: Data(text.utf8)) == value)
  }

  @Test("doubles read back to the bit")
  func doubles() throws {
    var generator = SeededGenerator(seed: 1)
    var values: [Double] = [0, -0.0, 1, 1e15, 1e16, 1e17, .leastNonzeroMagnitude, .pi, 1e-5]
    values += [.greatestFiniteMagnitude, 9_007_199_254_740_992]
    for _ in 0..<2000 {
      let value = Double(bitPattern: generator.next())
      if value.isFinite { values.append(value) }
    }
    let text = JSONValue.array(values.map { .number($0) }).text
    let read = try JSONDecoder().decode([Double].self, from: Data(text.utf8))
    #expect(read.map(\.bitPattern) == values.map(\.bitPattern))
  }

  @Test("what JSON has not is null")
  func null() throws {
    let value = ["x": [Double.nan, .infinity, -.infinity]]
    #expect(try JSONValue(encoding: value).line == "{\"x\":[null, null, null]}")
    #expect(try JSONValue(encoding: Float.nan).line == "null")
    #expect(try JSONValue(encoding: Double?.none).line == "null")
  }

  @Test("every character comes back, whatever it is")
  func strings() throws {
    for start in stride(from: UInt32(0), to: 0x11000, by: 64) {
      let scalars = (start..<start + 64).compactMap { Unicode.Scalar($0) }
      let string = String(String.UnicodeScalarView(scalars))
      let text = JSONValue.array([.string(string)]).line
      let read = try JSONDecoder().decode([String].self, from: Data(text.utf8))
      #expect(Array(read[0].unicodeScalars) == scalars, "U+\(String(start, radix: 16))")
      #expect(!text.unicodeScalars.contains { $0.properties.generalCategory == .control })
    }
  }

  @Test("nested containers of hand-written encoders")
  func containers() throws {
    struct Odd: Encodable {
      enum Key: CodingKey { case a, b, c }
      func encode(to encoder: any Encoder) throws {
        var keyed = encoder.container(keyedBy: Key.self)
        var list = keyed.nestedUnkeyedContainer(forKey: .a)
        try list.encode(1)
        try list.encodeNil()
        var inner = list.nestedContainer(keyedBy: Key.self)
        try inner.encode("x", forKey: .b)
        #expect(list.count == 3)
        _ = keyed.nestedContainer(keyedBy: Key.self, forKey: .b)
        try keyed.encodeNil(forKey: .c)
      }
    }
    #expect(
      try JSONValue(encoding: Odd()).line == "{\"a\":[1,null,{\"b\":\"x\"}],\"b\":{},\"c\":null}")
  }
}
