import Testing

@testable import MBQTokenizer

@Suite("Options")
struct OptionsTests {
  private static func read(_ bytes: [UInt8]) -> Result<TokenizerOptions, TokenizerError> {
    bytes.withUnsafeBytes { buffer in
      do throws(TokenizerError) {
        return .success(try TokenizerOptions(decoding: buffer))
      } catch {
        return .failure(error)
      }
    }
  }

  private static func explanation(_ bytes: [UInt8]) -> String {
    switch read(bytes) {
    case .success: "read"
    case .failure(let error): error.explanation
    }
  }

  private static func refusal(_ options: TokenizerOptions) throws -> String {
    do {
      _ = try WordPieceTokenizer(vocabulary: Golden.vocabulary(), options: options)
      return "accepted"
    } catch let error as TokenizerError {
      return error.explanation
    }
  }

  private static let plain = TokenizerOptions(
    unknownID: 1, classificationID: 2, separatorID: 3, paddingID: 0)

  private static let small = TokenizerOptions(
    stripsAccents: false, maximumWordLength: 300, unknownID: 1, classificationID: 2,
    separatorID: 0x1234, paddingID: 0,
    addedTokens: [
      AddedToken(content: [0x5B, 0x5D], id: 7, isSingleWord: true, stripsRight: true),
      AddedToken(content: [UInt8]("é".utf8), id: 8, stripsLeft: true, isNormalized: true),
    ])

  @Test("the stored form is the one that the golden configurations have")
  func golden() throws {
    let configurations = try Golden.configurations()
    #expect(configurations.count == 7)
    for (name, configuration) in configurations {
      let stored = try Golden.bytes(hexadecimal: configuration.stored)
      #expect(configuration.options.encoded() == stored, "\(name)")
      #expect(try Self.read(stored).get() == configuration.options, "\(name)")
    }
  }

  @Test("accents are stripped as letters are made small, unless it is said")
  func accents() {
    func strips(_ lowercases: Bool, _ accents: Bool?) -> Bool {
      TokenizerOptions(
        lowercases: lowercases, stripsAccents: accents, unknownID: 0, classificationID: 0,
        separatorID: 0, paddingID: 0
      ).stripsAccents
    }
    #expect(strips(true, nil) && !strips(false, nil))
    #expect(!strips(true, false) && strips(false, true))
  }

  @Test("the stored form is what the specification's table says")
  func layout() {
    let expected: [UInt8] = [
      1, 0b1101, 0x2C, 0x01, 1, 0, 0, 0, 2, 0, 0, 0, 0x34, 0x12, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0,
      7, 0, 0, 0, 0b0101, 2, 0x5B, 0x5D, 8, 0, 0, 0, 0b1010, 2, 0xC3, 0xA9,
    ]
    #expect(Self.small.encoded() == expected)
    #expect(Self.read(expected) == .success(Self.small))
  }

  @Test("each refusal when reading says what was found and what to do")
  func refusals() {
    let bytes = Self.small.encoded()
    func changed(_ place: Int, _ value: UInt8) -> [UInt8] {
      var copy = bytes
      copy[place] = value
      return copy
    }
    let damaged = """
      ; the file is damaged or made by a newer version, update this program or make the file again
      """
    #expect(
      Self.explanation(changed(0, 2))
        == "the tokenizer option layout version is 2, allowed is 1" + damaged)
    #expect(
      Self.explanation(changed(1, 0x10))
        == "the tokenizer option flags is 16, allowed is 0 to 15" + damaged)
    #expect(
      Self.explanation(changed(3, 4))
        == "the tokenizer option maximum word length is 1068, allowed is 1 to 1000" + damaged)
    #expect(
      Self.explanation(changed(28, 0x85))
        == "the tokenizer option flags of added token 0 is 133, allowed is 0 to 15" + damaged)
    #expect(
      Self.explanation(changed(29, 0))
        == "the tokenizer option length of added token 0 is 0, allowed is 1 to 1000" + damaged)
    #expect(
      Self.explanation(changed(38, 0x41))
        == "added token 1 is not valid UTF-8; correct it in tokenizer.json")
    #expect(
      Self.explanation(changed(20, 3))
        == """
        the tokenizer options end early: added token 2 at byte 40 needs 4 bytes, 0 are left; the file \
        is damaged, make it again or download it again
        """)
    #expect(
      Self.explanation(Array(bytes.dropLast()))
        == """
        the tokenizer options end early: added token 1 at byte 38 needs 2 bytes, 1 are left; the file \
        is damaged, make it again or download it again
        """)
    #expect(
      Self.explanation(bytes + [0])
        == """
        the tokenizer options have 1 bytes after the last added token; the file is damaged, make it \
        again
        """)
    #expect(
      Self.explanation(Array(bytes.prefix(29)) + [0xE9, 0x07])
        == "the tokenizer option length of added token 0 is 1001, allowed is 1 to 1000" + damaged)
    #expect(
      Self.explanation(Array(bytes.prefix(29)) + [0x80, 0])
        == """
        the length of added token 0 at byte 29 is not a number of at most 21 bits in its shortest \
        form; the file is damaged, make it again or download it again
        """)
  }

  @Test("every prefix, and every byte set to every value, is read or refused")
  func hostile() throws {
    let bytes = Self.small.encoded()
    let vocabulary = try Golden.vocabulary()
    for length in 0..<bytes.count {
      guard case .failure = Self.read(Array(bytes.prefix(length))) else {
        Issue.record("a prefix of \(length) bytes was read")
        continue
      }
    }
    var usable = 0
    for place in bytes.indices {
      for value in UInt8.min...UInt8.max {
        var copy = bytes
        copy[place] = value
        copy[12] = 3
        copy[13] = 0
        guard case .success(let options) = Self.read(copy) else { continue }
        #expect(options.encoded() == copy)
        guard let tokenizer = try? WordPieceTokenizer(vocabulary: vocabulary, options: options)
        else { continue }
        usable += 1
        _ = tokenizer.encode("[] é [] The news \u{0} 中", limit: 20)
      }
    }
    #expect(usable > 2000)
  }

  @Test("ids outside the vocabulary are refused, those of added tokens may follow it")
  func ids() throws {
    let count = UInt32(try Golden.vocabulary().count)
    let belong = """
      ; the tokenizer's files do not belong together, give those that the model was trained with
      """
    var options = Self.plain
    options.separatorID = count
    #expect(
      try Self.refusal(options)
        == "[SEP] has the id \(count), and ids go from 0 to \(count - 1)" + belong)
    options.addedTokens = [AddedToken(content: [0x5B], id: count)]
    #expect(try Self.refusal(options) == "accepted")
    #expect(
      try WordPieceTokenizer(vocabulary: Golden.vocabulary(), options: options).idCount
        == Int(count) + 1)
    options.addedTokens[0].id = count + 1
    #expect(
      try Self.refusal(options)
        == "added token 0 has the id \(count + 1), and ids go from 0 to \(count)" + belong)
    for path in [
      \TokenizerOptions.unknownID, \.classificationID, \.paddingID,
    ] as [WritableKeyPath<TokenizerOptions, UInt32> & Sendable] {
      var options = Self.plain
      options[keyPath: path] = .max
      #expect(try Self.refusal(options).contains("has the id 4294967295"))
    }
  }

  @Test("added tokens that cannot be found as such are refused")
  func addedTokens() throws {
    func refusal(_ tokens: AddedToken...) throws -> String {
      var options = Self.plain
      options.addedTokens = tokens
      return try Self.refusal(options)
    }
    let foo = [UInt8]("Foo".utf8)
    #expect(
      try refusal(AddedToken(content: foo, id: 5), AddedToken(content: foo, id: 6))
        == """
        added token 1 matches the same text as an earlier one, 'Foo'; remove one of them from \
        tokenizer.json
        """)
    #expect(
      try refusal(
        AddedToken(content: [UInt8]("föo".utf8), id: 5, isNormalized: true),
        AddedToken(content: foo, id: 6, isNormalized: true)
      ).hasPrefix("added token 1 matches the same text"))
    #expect(
      try refusal(
        AddedToken(content: foo, id: 5, isNormalized: true), AddedToken(content: foo, id: 6))
        == "accepted")
    #expect(
      try refusal(AddedToken(content: [0xCC, 0x81], id: 5, isNormalized: true))
        == """
        nothing is left of added token 0, '\u{301}', after normalization, so it could never be found; \
        remove it from tokenizer.json or set its "normalized" to false
        """)
    #expect(
      try refusal(AddedToken(content: [0xCC], id: 5))
        == "added token 0 is not valid UTF-8; correct it in tokenizer.json")
    #expect(
      try refusal(AddedToken(content: [], id: 5))
        .hasPrefix("the tokenizer option length of added token 0 is 0, allowed is 1 to 1000"))
    #expect(
      try refusal(AddedToken(content: [UInt8](repeating: 0x61, count: 1001), id: 5))
        .hasPrefix("the tokenizer option length of added token 0 is 1001, allowed is 1 to 1000"))
    #expect(
      try refusal(AddedToken(content: [UInt8](repeating: 0x61, count: 1000), id: 5)) == "accepted")
    var options = Self.plain
    options.maximumWordLength = 1001
    #expect(
      try Self.refusal(options)
        .hasPrefix("the tokenizer option maximum word length is 1001, allowed is 1 to 1000"))
    options.maximumWordLength = -1
    #expect(Self.explanation(options.encoded()).contains("maximum word length is 0"))
  }
}
