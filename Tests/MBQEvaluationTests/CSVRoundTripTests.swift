import MBQCore
import Testing

@testable import MBQEvaluation

@Suite("CSV round trips")
struct CSVRoundTripTests {
  /// RFC 4180, every field quoted.
  private func quoted(_ rows: [[String]], ending: String) -> [UInt8] {
    let lines = rows.map { row in
      row.map { "\"\($0.replacing("\"", with: "\"\""))\"" }.joined(separator: ",") + ending
    }
    return Array(lines.joined().utf8)
  }

  @Test("what is written by RFC 4180 is read back, at any position in the buffer")
  func roundTrip() throws {
    var generator = SeededGenerator(seed: 5)
    let letters = ["a", "\"", ",", "\n", "\r\n", " ", "é", "漢", "😀", "\u{0}", "tail"]
    for ending in ["\n", "\r\n"] {
      let rows = (0..<1000).map { _ in
        (0..<3).map { _ in
          (0..<Int.random(in: 0...200, using: &generator)).map { _ in
            letters[Int.random(in: 0..<letters.count, using: &generator)]
          }.joined()
        }
      }
      let bytes = quoted([["x", "y", "z"]] + rows, ending: ending)
      #expect(bytes.count > 2 << 18, "the file must cross the reader's buffer")
      let read = try readAll(bytes, portion: 100_003)
      #expect(read.columns == ["x", "y", "z"])
      #expect(read.rows == rows)
    }
  }

  @Test("texts far longer than the buffer come out whole")
  func long() throws {
    let text = String(repeating: "A \"long\" text,\nwith all there is: äöü. ", count: 30_000)
    let read = try readAll(quoted([["t"], [text], ["x"]], ending: "\n"))
    #expect(read.rows == [[text], ["x"]])
    #expect(text.utf8.count > 1 << 20)
  }

  @Test("plain fields of every length find their end")
  func scanning() throws {
    // The scan looks at 8 bytes at once; bytes just beside the ones it looks for must not stop it.
    for length in 0...40 {
      for filler in [UInt8(0x0B), 0x0C, 0x0E, 0x09, 0x2B, 0x2D, 0x8A, 0x8D, 0xAC, 0x80, 0xFF, 0x00]
      {
        let field = [UInt8](repeating: filler, count: length)
        let bytes =
          Array("a,b\n".utf8) + field + Array(",".utf8) + field + Array("\r\n".utf8) + field
          + Array(",".utf8) + field
        let reader = try CSVReader(MemorySource(bytes, name: "x"), limits: DatasetLimits())
        var row = DatasetRow()
        for _ in 0..<2 {
          #expect(try reader.next(into: &row))
          #expect(Array(row[0]) == field && Array(row[1]) == field)
        }
        #expect(try !reader.next(into: &row))
      }
    }
  }

  @Test("rows know the line they start on")
  func lines() throws {
    let bytes = Array("a,b\n\n\"1\n2\",\"3\n\"\r\n\n4,5\r6,7".utf8)
    let reader = try CSVReader(MemorySource(bytes, name: "x"), limits: DatasetLimits())
    var row = DatasetRow()
    var lines: [Int] = []
    while try reader.next(into: &row) { lines.append(row.line) }
    #expect(lines == [3, 7, 8])
  }
}
