/// A text that stands for one id wherever it occurs, before words are looked at.
public struct AddedToken: Equatable, Sendable {
  /// The most bytes that `content` may have, so that looking for it takes bounded time.
  public static var maximumLength: Int { 1000 }

  /// UTF-8, 1 to `maximumLength` bytes.
  public var content: [UInt8]
  public var id: UInt32
  /// Only where no word character (`\w`) is next to it.
  public var isSingleWord: Bool
  /// Takes the white space before it along.
  public var stripsLeft: Bool
  /// Takes the white space after it along.
  public var stripsRight: Bool
  /// Looked for in the normalized text, in its own normalized form, rather than in the text as given.
  public var isNormalized: Bool

  public init(
    content: [UInt8], id: UInt32, isSingleWord: Bool = false, stripsLeft: Bool = false,
    stripsRight: Bool = false, isNormalized: Bool = false
  ) {
    self.content = content
    self.id = id
    self.isSingleWord = isSingleWord
    self.stripsLeft = stripsLeft
    self.stripsRight = stripsRight
    self.isNormalized = isNormalized
  }
}

/// What a text goes through before its words are cut into pieces, and which ids have a meaning.
///
/// The defaults are those of bert-base-uncased.
public struct TokenizerOptions: Equatable, Sendable {
  public var lowercases: Bool
  /// Hugging Face's `strip_accents`; where that is null it follows `lowercases`.
  public var stripsAccents: Bool
  /// Puts spaces around ideographs: Hugging Face's `handle_chinese_chars`.
  public var spacesIdeographs: Bool
  /// Removes control characters and U+FFFD and makes all white space spaces: `clean_text`.
  public var cleansText: Bool
  /// A word of more scalar values than this is unknown: `max_input_chars_per_word`.
  public var maximumWordLength: Int
  public var unknownID: UInt32
  /// Begins every sequence: `[CLS]`.
  public var classificationID: UInt32
  /// Ends every text: `[SEP]`.
  public var separatorID: UInt32
  public var paddingID: UInt32
  /// Of ids up to `vocabulary.count + addedTokens.count`: a token need not be in the vocabulary.
  public var addedTokens: [AddedToken]

  /// The longest word that may be allowed: the cost of one grows with the square of its length.
  public static var longestWordLength: Int { 1000 }

  public init(
    lowercases: Bool = true, stripsAccents: Bool? = nil, spacesIdeographs: Bool = true,
    cleansText: Bool = true, maximumWordLength: Int = 100, unknownID: UInt32,
    classificationID: UInt32, separatorID: UInt32, paddingID: UInt32, addedTokens: [AddedToken] = []
  ) {
    self.lowercases = lowercases
    self.stripsAccents = stripsAccents ?? lowercases
    self.spacesIdeographs = spacesIdeographs
    self.cleansText = cleansText
    self.maximumWordLength = maximumWordLength
    self.unknownID = unknownID
    self.classificationID = classificationID
    self.separatorID = separatorID
    self.paddingID = paddingID
    self.addedTokens = addedTokens
  }
}
