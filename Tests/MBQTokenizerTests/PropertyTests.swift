import Testing

@testable import MBQTokenizer

@Suite("Properties of encodings")
struct PropertyTests {
  private static let text = [UInt8](
    "President said [SEP] the “news” 中文 naïve unaffordability won't 99 [MASK] x\u{302E}y!".utf8)

  @Test(
    "a limit keeps the first pieces and ends with the separator", arguments: ["uncased", "added"])
  func limits(configuration: String) throws {
    let tokenizer = try WordPieceTokenizer.golden(configuration)
    let whole = tokenizer.encode(Self.text).ids
    #expect(whole.count > 20)
    for limit in 2...whole.count + 2 {
      let (ids, summary) = tokenizer.encode(Self.text, limit: limit)
      #expect(ids == whole.dropLast().prefix(limit - 1) + [3])
      #expect(summary.untruncatedCount == whole.count)
      #expect(tokenizer.encode(Self.text, limit: limit, countsAll: false).ids == ids)
    }
  }

  @Test("a long text is cut the same whether the rest is counted or not")
  func longText() throws {
    let tokenizer = try WordPieceTokenizer.golden("uncased")
    let long = [UInt8]((0..<3000).flatMap { _ in Self.text + [0x20] })
    let whole = tokenizer.encode(long)
    let once = tokenizer.encode(Self.text).ids.count - 2
    #expect(whole.ids.count == 3000 * once + 2)
    for limit in [2, 255, 256, 257, 258, 259, 512, 5000] {
      let counted = tokenizer.encode(long, limit: limit)
      #expect(counted.ids == whole.ids.prefix(limit - 1) + [3])
      #expect(counted.summary.untruncatedCount == whole.ids.count)
      let early = tokenizer.encode(long, limit: limit, countsAll: false)
      #expect(early.ids == counted.ids)
      #expect(early.summary.untruncatedCount == nil)
      #expect(early.summary.isTruncated)
    }
  }

  @Test("texts joined by a space have the pieces of both")
  func joining() throws {
    let tokenizer = try WordPieceTokenizer.golden("cased")
    let parts = (try Golden.cases()).filter { $0.second == nil }.prefix(300).map { $0.first }
    for (first, second) in zip(parts, parts.dropFirst()) {
      let ids = [first, second].map { tokenizer.encode($0).ids }
      let joined = tokenizer.encode(first + [0x20] + second).ids
      #expect(joined == ids[0].dropLast() + ids[1].dropFirst())
    }
  }

  // With accents stripped it would not hold, nor does it for Hugging Face: a dropped mark may have kept
  // others from changing places.
  @Test("without stripping accents, normalizing words twice is normalizing them once")
  func normalizedTwice() throws {
    let tokenizer = try WordPieceTokenizer.golden("accents")
    for example in try Golden.cases() where example.second == nil {
      let once = example.first.withUnsafeBufferPointer { tokenizer.normalized($0) }
      let words = once.split(separator: 0x20)
      let again = once.withUnsafeBufferPointer { tokenizer.normalized($0) }.split(separator: 0x20)
      #expect(again == words, "line \(example.line) of cases.tsv")
    }
  }

  @Test("a pair is cut as if one piece at a time were taken from the longer text")
  func pairTruncation() {
    for room in 0...12 {
      for first in 0...14 {
        for second in 0...14 {
          var left = (first, second)
          while left.0 + left.1 > room {
            // Of equal ones the text that was shorter gives, or the first if neither was.
            if left.0 > left.1 || left.0 == left.1 && first <= second {
              left.0 -= 1
            } else {
              left.1 -= 1
            }
          }
          let kept = PairTruncation.longestFirst(first, second, room: room)
          #expect(kept == left, "\(first) and \(second) into \(room)")
        }
      }
    }
    #expect(PairTruncation.longestFirst(7, .max - 9, room: .max - 3) == (7, .max - 10))
  }

  @Test("eight characters at a time are looked at as one by one")
  func runs() {
    for byte in UInt8.min...UInt8.max {
      for place in 0..<8 {
        var text = [UInt8](repeating: 0x61, count: 8)
        text[place] = byte
        let value = text.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        let isWord = byte < 0x80 && (Character(UnicodeScalar(byte)).isLetter || 0x30...0x39 ~= byte)
        #expect(ASCIIRun.wordLength(value) == (isWord ? 8 : place))
        let lowered = 0x41...0x5A ~= byte ? value + UInt64(0x20) << UInt64(8 * place) : value
        #expect(ASCIIRun.lowercased(value, bit: 0x20) == lowered)
        #expect(ASCIIRun.lowercased(value, bit: 0) == value)
      }
    }
  }

  @Test("a byte is found wherever it stands")
  func firstByte() {
    for length in 0..<24 {
      for place in 0...length {
        var text = [UInt8](repeating: 0x5A, count: length)
        // Bytes that differ from the one sought by one, which a carry could take for it.
        for index in 0..<length where index % 3 == 0 { text[index] = 0x5C }
        if place < length { text[place] = 0x5B }
        text.withUnsafeBufferPointer { buffer in
          guard let start = buffer.baseAddress else { return }
          #expect(ASCIIRun.first(0x5B, start, start + length) - start == place)
        }
      }
    }
  }

  @Test("ill-formed UTF-8 is read as the standard library reads it, forwards and backwards")
  func reading() {
    let lead: [UInt8] = [
      0x41, 0x80, 0x9F, 0xBF, 0xC1, 0xC3, 0xE0, 0xE1, 0xED, 0xF0, 0xF1, 0xF4, 0xF5,
    ]
    // Every text of four of these bytes.
    for number in 0..<lead.count * lead.count * lead.count * lead.count {
      var rest = number
      var text: [UInt8] = []
      for _ in 0..<4 {
        text.append(lead[rest % lead.count])
        rest /= lead.count
      }
      let expected = String(decoding: text, as: UTF8.self).unicodeScalars.map { $0.value }
      var forwards: [UInt32] = []
      var backwards: [UInt32] = []
      text.withUnsafeBufferPointer { buffer in
        guard var start = buffer.baseAddress else { return }
        var end = start + buffer.count
        while start < end { forwards.append(UTF8Text.read(&start, end)) }
        start = start - buffer.count
        while start < end { backwards.append(UTF8Text.readBackwards(start, &end)) }
      }
      #expect(forwards == expected, "\(text)")
      // Backwards only the well-formed characters are promised.
      #expect(backwards.filter { $0 != 0xFFFD }.reversed() == expected.filter { $0 != 0xFFFD })
    }
  }

  @Test("what is written is read again, for every scalar value")
  func writing() {
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 4) { buffer in
      guard let start = buffer.baseAddress else { return }
      for value in 0..<UInt32(0x110000) {
        guard let scalar = UnicodeScalar(value) else { continue }
        let length = UTF8Text.write(value, start)
        var place = UnsafePointer(start)
        let read = UTF8Text.read(&place, start + length)
        if read != value || length != UTF8.width(scalar) || place != start + length {
          Issue.record("U+\(String(value, radix: 16))")
        }
      }
    }
  }
}
