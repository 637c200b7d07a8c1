/// Turns texts into ids exactly as Hugging Face `tokenizers` does for BERT (Formats/wordpiece/
/// wordpiece.md): added tokens, normalization, words, pieces, `[CLS] A [SEP]` or
/// `[CLS] A [SEP] B [SEP]`, truncation on the right.
///
/// Immutable: any number of threads may share one. Ill-formed UTF-8 is read as U+FFFD.
public struct WordPieceTokenizer: Sendable {
  public let vocabulary: Vocabulary
  public let options: TokenizerOptions
  /// One more than the largest possible id: the least number of rows of an embedding.
  public let idCount: Int

  /// The smallest limits with room for the special ids of one text, and of a pair.
  public static var minimumLimit: Int { 2 }
  public static var minimumPairLimit: Int { 3 }

  private let normalization: Normalization
  /// The `ByteClass` of every byte; the piece of every ASCII character.
  private let classes: [UInt8]
  private let singles: [UInt32]
  /// The added tokens that match the text as given, and those that match the normalized text.
  private let rawTokens: AddedTokenMatcher?
  private let normalizedTokens: AddedTokenMatcher?

  /// A tokenizer of a vocabulary and its options.
  ///
  /// Refuses ids outside the vocabulary (ids of added tokens may follow it, at most one for each token), a
  /// word length that is not allowed, and added tokens that are empty, too long, not UTF-8, match the same
  /// text as another, or become empty in normalization.
  public init(vocabulary: Vocabulary, options: TokenizerOptions) throws(TokenizerError) {
    guard 1...TokenizerOptions.longestWordLength ~= options.maximumWordLength else {
      throw .invalidOption(.maximumWordLength, found: options.maximumWordLength)
    }
    var idCount = vocabulary.count
    for (index, token) in options.addedTokens.enumerated() {
      let count = vocabulary.count + options.addedTokens.count
      guard token.id < count else {
        throw .idOutsideVocabulary(.addedToken(index), id: token.id, count: count)
      }
      idCount = max(idCount, Int(token.id) + 1)
    }
    let special: [(TokenizerError.Part, UInt32)] = [
      (.unknownID, options.unknownID), (.classificationID, options.classificationID),
      (.separatorID, options.separatorID), (.paddingID, options.paddingID),
    ]
    for (part, id) in special where id >= idCount {
      throw .idOutsideVocabulary(part, id: id, count: idCount)
    }
    self.vocabulary = vocabulary
    self.options = options
    self.idCount = idCount
    normalization = Normalization(
      cleansText: options.cleansText, spacesIdeographs: options.spacesIdeographs,
      stripsAccents: options.stripsAccents, lowercases: options.lowercases)
    classes = ByteClass.table(cleansText: options.cleansText)
    singles = (0..<128).map { vocabulary.id(of: [UInt8($0)]) ?? options.unknownID }
    rawTokens = try Self.matcher(options.addedTokens, nil)
    normalizedTokens = try Self.matcher(options.addedTokens, normalization)
  }

  /// Finds the normalized tokens after `normalization`, or without it the other tokens.
  private static func matcher(
    _ tokens: [AddedToken], _ normalization: Normalization?
  ) throws(TokenizerError) -> AddedTokenMatcher? {
    var chosen: [AddedToken] = []
    var contents: [[UInt8]] = []
    for (index, token) in tokens.enumerated() where token.isNormalized == (normalization != nil) {
      guard token.content.withUnsafeBufferPointer({ UTF8Text.isValid($0) }) else {
        throw .addedTokenNotUTF8(index: index)
      }
      guard 1...AddedToken.maximumLength ~= token.content.count else {
        throw .invalidOption(.addedTokenLength(index), found: token.content.count)
      }
      let content =
        normalization.map { normalization in
          token.content.withUnsafeBufferPointer { NormalizedText($0, normalization).bytes }
        } ?? token.content
      guard !content.isEmpty else {
        throw .vanishingAddedToken(index: index, content: token.content)
      }
      chosen.append(token)
      contents.append(content)
    }
    return try AddedTokenMatcher(chosen, contents: contents)
  }

  /// The normalized text, before it is cut into words: cleaned, spaced, without accents, in lower case.
  ///
  /// The options turn each step on or off. Added tokens are ignored.
  public func normalized(_ utf8: UnsafeBufferPointer<UInt8>) -> [UInt8] {
    NormalizedText(utf8, normalization).bytes
  }

  /// Appends the pieces of a text to `ids`, at most `room`.
  ///
  /// Returns the number of pieces. If `countsAll` is false and the text is too long, it stops early and returns
  /// some number above `room`.
  func appendPieces(
    of utf8: UnsafeBufferPointer<UInt8>, room: Int, countsAll: Bool, to ids: inout [UInt32]
  ) -> (count: Int, isComplete: Bool) {
    guard let start = utf8.baseAddress, !utf8.isEmpty else { return (0, true) }
    let longest = options.maximumWordLength
    return withUnsafeMutablePointer(to: &ids) { ids in
      withUnsafeTemporaryAllocation(
        of: UInt8.self, capacity: WordScanner.wordCapacity(longest)
      ) { word in
        word.initialize(repeating: 0)
        return withUnsafeTemporaryAllocation(
          of: UInt32.self, capacity: PieceOutput.capacity(longest)
        ) { buffer in
          classes.withUnsafeBufferPointer { classes in
            singles.withUnsafeBufferPointer { singles in
              // None of the four is empty.
              let settings = WordScanner.Settings(
                pieces: vocabulary.table.view, classes: classes.baseAddress!,
                singles: singles.baseAddress!, unknownID: options.unknownID,
                maximumWordLength: longest)
              let output = PieceOutput(
                buffer.baseAddress!, appendingTo: ids, room: room, countsAll: countsAll)
              // The search for normalized tokens needs the normalized text as a whole.
              var scanner = WordScanner(
                settings, normalizedTokens == nil ? normalization : .none,
                word: word.baseAddress!, output: output)
              scanParts(start, start + utf8.count, &scanner)
              return (scanner.output.total, !scanner.output.isDone)
            }
          }
        }
      }
    }
  }

  private func scanParts(
    _ start: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>, _ scanner: inout WordScanner
  ) {
    guard let rawTokens else {
      scanText(start, end, &scanner)
      return
    }
    var search = AddedTokenSearch(rawTokens, start, end)
    while !scanner.output.isDone, let part = search.next() {
      switch part {
      case .text(let start, let end): scanText(start, end, &scanner)
      case .token(let id): scanner.take(token: id)
      }
    }
  }

  /// Scans the text between the added tokens of the text as given.
  @inline(never)
  private func scanText(
    _ start: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>, _ scanner: inout WordScanner
  ) {
    guard let normalizedTokens else {
      scanner.scan(start, end)
      return
    }
    let text = UnsafeBufferPointer(start: start, count: end - start)
    NormalizedText(text, normalization).bytes.withUnsafeBufferPointer { bytes in
      guard let start = bytes.baseAddress else { return }
      var search = AddedTokenSearch(normalizedTokens, start, start + bytes.count)
      while !scanner.output.isDone, let part = search.next() {
        switch part {
        case .text(let start, let end): scanner.scan(start, end)
        case .token(let id): scanner.take(token: id)
        }
      }
    }
  }
}
