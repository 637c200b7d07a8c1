public import MBQCore

/// Why a vocabulary or tokenizer options were refused.
///
/// It has no strings: their comparison needs Unicode's normalization tables, which an Embedded Swift
/// program would have to link.
public enum TokenizerError: ExplainedError, Equatable {
  /// A vocabulary of no pieces, or of more than `Vocabulary.maximumCount`.
  case pieceCount(Int)
  /// The packed vocabulary ends inside the piece `id`, which begins at `offset`.
  case truncatedVocabulary(id: Int, offset: Int, needed: Int, available: Int)
  /// A length that is not a LEB128 number of at most 21 bits written in its fewest bytes.
  case invalidLength(Part, offset: Int)
  /// Bytes are left after the last piece.
  case excessVocabularyBytes(Int, count: Int)
  case pieceNotUTF8(id: Int)
  /// The pieces collide so often that their hash table degenerates.
  case crowdedVocabulary(id: Int)

  /// The options end inside `field`, which begins at `offset`.
  case truncatedOptions(Part, offset: Int, needed: Int, available: Int)
  /// A field holds a value that is not allowed.
  case invalidOption(Part, found: Int)
  case excessOptionsBytes(Int)
  case idOutsideVocabulary(Part, id: UInt32, count: Int)
  case addedTokenNotUTF8(index: Int)
  /// Two added tokens match the same text.
  case repeatedAddedToken(index: Int, content: [UInt8])
  /// The normalization of the text leaves nothing of an added token that is matched after it.
  case vanishingAddedToken(index: Int, content: [UInt8])

  /// The subject of an error.
  public enum Part: Equatable, Sendable {
    case piece(Int)
    case layoutVersion
    case flags
    case maximumWordLength
    case unknownID
    case classificationID
    case separatorID
    case paddingID
    case addedTokenCount
    case addedToken(Int)
    case addedTokenFlags(Int)
    case addedTokenLength(Int)

    var name: Message {
      switch self {
      case .piece(let id): "piece \(id)"
      case .layoutVersion: "layout version"
      case .flags: "flags"
      case .maximumWordLength: "maximum word length"
      case .unknownID: "the unknown piece"
      case .classificationID: "[CLS]"
      case .separatorID: "[SEP]"
      case .paddingID: "[PAD]"
      case .addedTokenCount: "added token count"
      case .addedToken(let index): "added token \(index)"
      case .addedTokenFlags(let index): "flags of added token \(index)"
      case .addedTokenLength(let index): "length of added token \(index)"
      }
    }

    /// The allowed values of the stored field.
    var allowed: Message {
      switch self {
      case .layoutVersion: "1"
      case .flags, .addedTokenFlags: "0 to 15"
      case .maximumWordLength: "1 to \(TokenizerOptions.longestWordLength)"
      case .addedTokenLength: "1 to \(AddedToken.maximumLength)"
      case .piece, .unknownID, .classificationID, .separatorID, .paddingID, .addedTokenCount,
        .addedToken:
        "any that the file has room for"
      }
    }
  }

  public var explanation: String { message.text }

  public var message: Message {
    switch self {
    case .pieceCount(let count):
      """
      a vocabulary of \(count) pieces cannot be used: 1 to \(Vocabulary.maximumCount) are allowed; \
      give the vocab.txt or tokenizer.json that the model was trained with
      """
    case .truncatedVocabulary(let id, let offset, let needed, let available):
      """
      the packed vocabulary ends early: piece \(id) at byte \(offset) needs \(needed) bytes, \
      \(available) are left; the file is damaged, make it again or download it again
      """
    case .invalidLength(let part, let offset):
      """
      the length of \(part.name) at byte \(offset) is not a number of at most 21 bits in its shortest \
      form; the file is damaged, make it again or download it again
      """
    case .excessVocabularyBytes(let excess, let count):
      """
      the packed vocabulary has \(excess) bytes after its last piece, number \(count - 1); the file is \
      damaged or its piece count is wrong, make it again
      """
    case .pieceNotUTF8(let id):
      """
      piece \(id) of the vocabulary is not valid UTF-8; save vocab.txt as UTF-8 or use tokenizer.json
      """
    case .crowdedVocabulary(let id):
      """
      the vocabulary cannot be indexed: too many pieces collide with piece \(id), which happens only \
      when they are chosen for it; do not use this file
      """
    case .truncatedOptions(let part, let offset, let needed, let available):
      """
      the tokenizer options end early: \(part.name) at byte \(offset) needs \(needed) bytes, \(available) \
      are left; the file is damaged, make it again or download it again
      """
    case .invalidOption(let part, let found):
      """
      the tokenizer option \(part.name) is \(found), allowed is \(part.allowed); the file is damaged or made by \
      a newer version, update this program or make the file again
      """
    case .excessOptionsBytes(let excess):
      """
      the tokenizer options have \(excess) bytes after the last added token; the file is damaged, make \
      it again
      """
    case .idOutsideVocabulary(let part, let id, let count):
      """
      \(part.name) has the id \(id), and ids go from 0 to \(count - 1); the tokenizer's files do not \
      belong together, give those that the model was trained with
      """
    case .addedTokenNotUTF8(let index):
      "added token \(index) is not valid UTF-8; correct it in tokenizer.json"
    case .repeatedAddedToken(let index, let content):
      """
      added token \(index) matches the same text as an earlier one, '\(utf8: content)'; remove one of them \
      from tokenizer.json
      """
    case .vanishingAddedToken(let index, let content):
      """
      nothing is left of added token \(index), '\(utf8: content)', after normalization, so it could never be \
      found; remove it from tokenizer.json or set its "normalized" to false
      """
    }
  }
}
