/// The contents of a checkpoint's tokenizer files: everything that WordPiece needs to turn a text into ids.
public struct TokenizerFiles: Equatable, Sendable {
  /// A text that is always one token, before any other rule applies.
  public struct AddedToken: Equatable, Sendable {
    public var content: String
    public var id: Int
    /// Only between characters that are not part of a word.
    public var singleWord: Bool
    /// Takes the white space before it, or after it.
    public var leftStrip: Bool
    public var rightStrip: Bool
    /// Sought in the normalized text (lower-cased, without accents) instead of the raw one.
    public var normalized: Bool
  }

  /// The bytes (UTF-8) of every piece, by id; those inside a word start with `##`.
  public var pieces: [[UInt8]]
  /// The number of WordPiece's `pieces`, which come first; the others are added tokens.
  public var wordPieceCount: Int
  public var lowercases: Bool
  public var stripsAccents: Bool
  /// Puts spaces around CJK ideographs.
  public var spacesIdeographs: Bool
  /// Drops control characters and turns every white space into a space.
  public var cleansText: Bool
  /// A word of more characters becomes the unknown token.
  public var maximumWordLength: Int
  public var unknownID: Int
  public var classificationID: Int
  public var separatorID: Int
  public var paddingID: Int
  /// By id.
  public var addedTokens: [AddedToken]
  /// The longest text in tokens, the special ones included; at most the model's positions.
  public var maximumLength: Int
  /// Warnings, one sentence each.
  public var warnings: [String]

  /// No pieces at all: for models that are only given token ids.
  public static let none = TokenizerFiles(
    pieces: [], wordPieceCount: 0, lowercases: false, stripsAccents: false,
    spacesIdeographs: false, cleansText: false, maximumWordLength: 0, unknownID: 0,
    classificationID: 0, separatorID: 0, paddingID: 0, addedTokens: [], maximumLength: 0,
    warnings: [])
}
