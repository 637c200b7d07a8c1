import Testing

@testable import MBQTokenizer

@Suite("Vocabularies")
struct VocabularyTests {
  private static func vocabulary(_ pieces: [String]) throws -> Vocabulary {
    try Vocabulary(pieces: pieces.map { [UInt8]($0.utf8) })
  }

  private static func read(_ bytes: [UInt8], _ count: Int) -> Result<Vocabulary, TokenizerError> {
    bytes.withUnsafeBytes { buffer in
      do throws(TokenizerError) {
        return .success(try Vocabulary(packed: buffer, count: count))
      } catch {
        return .failure(error)
      }
    }
  }

  private static func explanation(_ bytes: [UInt8], _ count: Int) -> String {
    switch read(bytes, count) {
    case .success: "read"
    case .failure(let error): error.explanation
    }
  }

  @Test("packing gives the golden file, and reading it gives the pieces again")
  func roundTrip() throws {
    let vocabulary = try Golden.vocabulary()
    let golden = [UInt8](try Golden.data("vocabulary.bin"))
    #expect(vocabulary.packed() == golden)
    let read = try Self.read(golden, vocabulary.count).get()
    #expect(read.count == vocabulary.count)
    for id in 0..<UInt32(read.count) { #expect(read.piece(id) == vocabulary.piece(id)) }
    #expect(read.piece(UInt32(read.count)) == nil)
    #expect(read.packed() == golden)
  }

  @Test("every piece is found by its bytes, the later one of equal ones")
  func lookup() throws {
    let vocabulary = try Golden.vocabulary()
    var last: [[UInt8]: UInt32] = [:]
    for id in 0..<UInt32(vocabulary.count) {
      if let piece = vocabulary.piece(id), !piece.isEmpty { last[piece] = id }
    }
    for (piece, id) in last {
      #expect(vocabulary.id(of: piece) == id)
      #expect(vocabulary.id(of: piece + [0x21, 0x3F]) == nil)
    }
    #expect(last[[UInt8]("news".utf8)] ?? 0 > 6)
    #expect(vocabulary.id(of: []) == nil)
    #expect(vocabulary.id(of: [UInt8]("##".utf8)) == nil)
  }

  @Test("of pieces that continue each other in many lengths the longest is taken")
  func longest() throws {
    let unit = "abcdefghijklmnopqrstuvwxyz0123456789"
    let lengths = [1, 2, 3, 4, 7, 8, 9, 15, 16, 17, 29, 30, 31, 32, 33, 36]
    let whole = lengths.map { String(unit.prefix($0)) }
    let vocabulary = try Self.vocabulary(["[U]"] + whole + whole.map { "##" + $0 })
    let options = TokenizerOptions(unknownID: 0, classificationID: 0, separatorID: 0, paddingID: 0)
    let tokenizer = try WordPieceTokenizer(vocabulary: vocabulary, options: options)
    for length in 1...36 {
      // A prefix that is not continued by `a` twice, so that pieces end where the word says.
      let word = String(unit.prefix(length)) + "a"
      let best = lengths.lastIndex { $0 <= length } ?? 0
      let ids = tokenizer.encode(word, limit: 99).ids.dropFirst().dropLast()
      if lengths.contains(length) {
        #expect(Array(ids) == [UInt32(best + 1), UInt32(lengths.count + 1)])
      } else {
        // The rest begins with another letter than `a`: no piece continues.
        #expect(Array(ids) == [0])
      }
    }
  }

  @Test("a vocabulary of one piece, and one of holes only, work")
  func smallest() throws {
    let options = TokenizerOptions(unknownID: 0, classificationID: 0, separatorID: 0, paddingID: 0)
    for pieces in [["a"], ["", "", ""], ["##a"], ["##"], ["a", "a", "a"]] {
      let vocabulary = try Self.vocabulary(pieces)
      let tokenizer = try WordPieceTokenizer(vocabulary: vocabulary, options: options)
      let found = pieces.lastIndex(of: "a") ?? 0
      #expect(tokenizer.encode("a b", limit: 9).ids == [0, UInt32(found), 0, 0])
      let packed = vocabulary.packed()
      #expect(try Self.read(packed, pieces.count).get().packed() == packed)
    }
  }

  @Test("each refusal says what was found and what to do")
  func refusals() {
    #expect(
      Self.explanation([], 0)
        == """
        a vocabulary of 0 pieces cannot be used: 1 to 1048576 are allowed; give the vocab.txt or \
        tokenizer.json that the model was trained with
        """)
    #expect(Self.explanation([0], -1).hasPrefix("a vocabulary of -1 pieces cannot be used"))
    #expect(Self.explanation([0], 1_048_577).hasPrefix("a vocabulary of 1048577 pieces"))
    #expect(
      Self.explanation([1, 0x61, 2, 0x61], 2)
        == """
        the packed vocabulary ends early: piece 1 at byte 3 needs 2 bytes, 1 are left; the file is \
        damaged, make it again or download it again
        """)
    #expect(
      Self.explanation([1, 0x61], 2)
        == """
        the packed vocabulary ends early: piece 1 at byte 2 needs 1 bytes, 0 are left; the file is \
        damaged, make it again or download it again
        """)
    for bytes: [UInt8] in [[0x80], [0x80, 0x00], [0x80, 0x80, 0x80, 0x01], [0xFF, 0xFF, 0xFF]] {
      #expect(
        Self.explanation(bytes, 1)
          == """
          the length of piece 0 at byte 0 is not a number of at most 21 bits in its shortest form; the \
          file is damaged, make it again or download it again
          """)
    }
    #expect(
      Self.explanation([1, 0x61, 0x62], 1)
        == """
        the packed vocabulary has 1 bytes after its last piece, number 0; the file is damaged or its \
        piece count is wrong, make it again
        """)
    #expect(
      Self.explanation([1, 0x61, 2, 0xC3, 0x28], 2)
        == """
        piece 1 of the vocabulary is not valid UTF-8; save vocab.txt as UTF-8 or use tokenizer.json
        """)
  }

  @Test("pieces made to collide are refused rather than searched for ever")
  func collisions() {
    // Pieces of 16 bytes whose hash is that of no bytes: the second half undoes the first.
    var generator = SplitMix(state: 1)
    var pieces: [[UInt8]] = []
    while pieces.count < 300 {
      let first = generator.next() & 0x7F7F_7F7F_7F7F_7F7F
      let mixed = first &* 0x9FB2_1C65_1E98_DF25
      let second = mixed ^ mixed >> 32
      if second & 0x8080_8080_8080_8080 != 0 { continue }
      pieces.append(
        [first, second].flatMap { half in (0..<8).map { UInt8(half >> (8 * $0) & 0xFF) } })
    }
    #expect {
      try Vocabulary(pieces: pieces)
    } throws: { error in
      (error as? TokenizerError)?.explanation == """
        the vocabulary cannot be indexed: too many pieces collide with piece 257, which happens only \
        when they are chosen for it; do not use this file
        """
    }
    // Fewer of them are only slow.
    #expect(throws: Never.self) { try Vocabulary(pieces: Array(pieces.prefix(200))) }
  }

  private struct SplitMix {
    var state: UInt64
    mutating func next() -> UInt64 {
      state &+= 0x9E37_79B9_7F4A_7C15
      let mixed = (state ^ state >> 30) &* 0xBF58_476D_1CE4_E5B9
      return mixed ^ mixed >> 27
    }
  }

  @Test("every prefix, and every byte set to every value, is read or refused")
  func hostile() throws {
    let pieces = ["[U]", "a", "##b", "é", "news", "antidisestablish", ""]
    let packed = try Self.vocabulary(pieces).packed()
    for length in 0..<packed.count {
      guard case .failure = Self.read(Array(packed.prefix(length)), pieces.count) else {
        Issue.record("a prefix of \(length) bytes was read")
        continue
      }
    }
    let options = TokenizerOptions(unknownID: 0, classificationID: 0, separatorID: 0, paddingID: 0)
    var readable = 0
    for place in packed.indices {
      for value in UInt8.min...UInt8.max {
        var bytes = packed
        bytes[place] = value
        guard case .success(let vocabulary) = Self.read(bytes, pieces.count) else { continue }
        readable += 1
        #expect(vocabulary.packed() == bytes)
        let tokenizer = try WordPieceTokenizer(vocabulary: vocabulary, options: options)
        _ = tokenizer.encode("ab é news antidisestablishb", limit: 20)
      }
    }
    #expect(readable > 1000)
  }
}
