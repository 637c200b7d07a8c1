import MBQCore
import Testing

@Suite("messages")
struct MessageTests {
  @Test("literals and values are put together as String does it")
  func interpolation() {
    let name = "größe 字 🎈, longer than a string that is stored in place"
    let (small, field): (Message, StaticString) = ("inner \(7)", "field")
    #expect(("" as Message).text == "")
    #expect(("x" as Message).text == "x")
    #expect(("\(Int.min) \(Int.max) \(0) \(-1)" as Message).text == "\(Int.min) \(Int.max) 0 -1")
    #expect(("\(UInt64.max) \(UInt32.max)" as Message).text == "\(UInt64.max) \(UInt32.max)")
    #expect(("\(name): \(field) × \(small)" as Message).text == "\(name): field × inner 7")
    #expect(("'\(utf8: Array(name.utf8))'" as Message).text == "'\(name)'")
    #expect(name.withCString { ("\(cString: $0)" as Message).text } == name)
    var joined: Message = "a"
    joined.append(", b")
    #expect(joined == "a, b")
  }

  @Test("ill-formed UTF-8 is repaired as String does it")
  func repairing() {
    var generator = SeededGenerator(seed: 1)
    let telling: [UInt8] = [
      0x00, 0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC2, 0xDF, 0xE0, 0xE1, 0xED,
      0xEF, 0xF0, 0xF1, 0xF4, 0xF5, 0xFF,
    ]
    for count in 0..<20_000 {
      let bytes = (0..<count % 12).map { _ in telling.randomElement(using: &generator)! }
      let repaired = bytes.withUnsafeBytes { String(repairing: $0) }
      #expect(
        Array(repaired.utf8) == Array(String(decoding: bytes, as: UTF8.self).utf8), "\(bytes)")
    }
  }
}
