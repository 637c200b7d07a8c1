/// A text with one id of its own, matched before the text is cut into words.
public struct AddedToken: Equatable, Sendable {
  /// The most bytes of `content`, so that the search takes bounded time.
  public static var maximumLength: Int { 1000 }

  /// UTF-8, 1 to `maximumLength` bytes.
  public var content: [UInt8]
  public var id: UInt32
  /// Matches only without a word character (`\w`) next to it.
  public var isSingleWord: Bool
  /// Takes the white space before it.
  public var stripsLeft: Bool
  /// Takes the white space after it.
  public var stripsRight: Bool
  /// Matches the normalized text in its own normalized form, and not the text as given.
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

/// The steps of a text before its words are cut into pieces, and the special ids.
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
  /// Their ids are below `vocabulary.count + addedTokens.count`; a token may be outside the vocabulary.
  public var addedTokens: [AddedToken]

  /// The largest allowed word length; the cost of a word grows with the square of its length.
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
