// How options are stored (Formats/wordpiece/wordpiece.md, "Options"). Numbers are little-endian.
//
//  offset  size  field
//       0     1  layout version, 1
//       1     1  flags: 1 lowercases, 2 strips accents, 4 spaces ideographs, 8 cleans text
//       2     2  maximum word length, 1 to 1000
//       4     4  id of the unknown piece
//       8     4  id that begins a sequence
//      12     4  id that ends a text
//      16     4  id of padding
//      20     4  number of added tokens, followed by them, each:
//            4  id
//            1  flags: 1 single word, 2 strips left, 4 strips right, 8 normalized
//         1..2  length in bytes, 1 to 1000: unsigned LEB128 in its shortest form
//          ...  the text, UTF-8
//
// All other flag bits are reserved: a reader refuses them. Nothing follows the last added token.

extension TokenizerOptions {
  /// The stored form.
  ///
  /// It also stores options that `WordPieceTokenizer` refuses later.
  public func encoded() -> [UInt8] {
    var bytes: [UInt8] = [1]
    bytes.append(
      (lowercases ? 1 : 0) | (stripsAccents ? 2 : 0) | (spacesIdeographs ? 4 : 0)
        | (cleansText ? 8 : 0))
    bytes.append(UInt32(UInt16(clamping: maximumWordLength)), width: 2)
    for id in [unknownID, classificationID, separatorID, paddingID] { bytes.append(id, width: 4) }
    bytes.append(UInt32(addedTokens.count), width: 4)
    for token in addedTokens {
      bytes.append(token.id, width: 4)
      bytes.append(
        (token.isSingleWord ? 1 : 0) | (token.stripsLeft ? 2 : 0) | (token.stripsRight ? 4 : 0)
          | (token.isNormalized ? 8 : 0))
      bytes.append(length: token.content.count)
      bytes.append(contentsOf: token.content)
    }
    return bytes
  }

  /// Reads the stored form, which must fill `bytes`.
  ///
  /// Refuses bytes that are too few or too many, an unknown version, unknown flags, a word length that is
  /// not allowed, and added tokens that are empty or not UTF-8. Ids are compared with a vocabulary by
  /// `WordPieceTokenizer.init`.
  public init(decoding bytes: UnsafeRawBufferPointer) throws(TokenizerError) {
    var reader = ByteReader(bytes)
    let version = try Self.number(&reader, .layoutVersion, width: 1)
    guard version == 1 else {
      throw .invalidOption(.layoutVersion, found: Int(version))
    }
    let flags = try Self.flags(&reader, .flags)
    let length = Int(try Self.number(&reader, .maximumWordLength, width: 2))
    guard 1...Self.longestWordLength ~= length else {
      throw .invalidOption(.maximumWordLength, found: length)
    }
    lowercases = flags & 1 != 0
    stripsAccents = flags & 2 != 0
    spacesIdeographs = flags & 4 != 0
    cleansText = flags & 8 != 0
    maximumWordLength = length
    unknownID = try Self.number(&reader, .unknownID, width: 4)
    classificationID = try Self.number(&reader, .classificationID, width: 4)
    separatorID = try Self.number(&reader, .separatorID, width: 4)
    paddingID = try Self.number(&reader, .paddingID, width: 4)
    addedTokens = []
    let count = try Self.number(&reader, .addedTokenCount, width: 4)
    // Damaged counts end this early: every token takes bytes.
    for index in 0..<count { addedTokens.append(try Self.token(&reader, Int(index))) }
    guard reader.available == 0 else { throw .excessOptionsBytes(reader.available) }
  }

  private static func token(
    _ reader: inout ByteReader, _ index: Int
  ) throws(TokenizerError) -> AddedToken {
    let id = try number(&reader, .addedToken(index), width: 4)
    let flags = try flags(&reader, .addedTokenFlags(index))
    let offset = reader.offset
    guard reader.available > 0 else {
      throw .truncatedOptions(.addedTokenLength(index), offset: offset, needed: 1, available: 0)
    }
    guard let length = reader.length() else {
      throw .invalidLength(.addedToken(index), offset: offset)
    }
    guard 1...AddedToken.maximumLength ~= length else {
      throw .invalidOption(.addedTokenLength(index), found: length)
    }
    guard let content = reader.run(length) else {
      throw .truncatedOptions(
        .addedToken(index), offset: reader.offset, needed: length, available: reader.available)
    }
    guard UTF8Text.isValid(content) else { throw .addedTokenNotUTF8(index: index) }
    return AddedToken(
      content: [UInt8](content), id: id, isSingleWord: flags & 1 != 0, stripsLeft: flags & 2 != 0,
      stripsRight: flags & 4 != 0, isNormalized: flags & 8 != 0)
  }

  private static func flags(
    _ reader: inout ByteReader, _ part: TokenizerError.Part
  ) throws(TokenizerError) -> UInt32 {
    let flags = try number(&reader, part, width: 1)
    guard flags < 16 else {
      throw .invalidOption(part, found: Int(flags))
    }
    return flags
  }

  private static func number(
    _ reader: inout ByteReader, _ part: TokenizerError.Part, width: Int
  ) throws(TokenizerError) -> UInt32 {
    let (offset, available) = (reader.offset, reader.available)
    guard let value = reader.number(width: width) else {
      throw .truncatedOptions(part, offset: offset, needed: width, available: available)
    }
    return value
  }
}
