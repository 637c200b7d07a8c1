/// The pieces of words, by id.
///
/// A piece that begins with `##` continues a word, any other one begins it. An empty piece is an id
/// without a text and is never found. Of two equal pieces the later one is found, as Hugging Face does
/// for vocab.txt.
public struct Vocabulary: Sendable {
  let table: PieceTable

  /// The most pieces: twice the number in the largest published WordPiece model.
  public static var maximumCount: Int { 1 << 20 }

  /// The most bytes that one piece may have: LEB128 lengths are of at most 21 bits.
  public static var maximumPieceLength: Int { 1 << 21 - 1 }

  /// Takes `pieces` in the order of their ids, as UTF-8.
  ///
  /// Refuses no pieces or too many, and pieces that are too long, not UTF-8, or made to collide.
  public init(pieces: [[UInt8]]) throws(TokenizerError) {
    var builder = try Builder(count: pieces.count)
    for piece in pieces {
      let taken: TokenizerError? = piece.withUnsafeBufferPointer { bytes in
        do throws(TokenizerError) {
          try builder.append(bytes)
          return nil
        } catch {
          return error
        }
      }
      if let taken { throw taken }
    }
    table = try builder.table()
  }

  /// Takes `count` pieces from their packed form: for each, in the order of ids, an unsigned LEB128
  /// length of at most 21 bits in its shortest form, then as many bytes of UTF-8.
  ///
  /// Refuses too few or too many bytes, and the same pieces as `init(pieces:)`. The bytes are
  /// copied. Memory: at most 80 bytes a piece beside the bytes themselves.
  public init(packed: UnsafeRawBufferPointer, count: Int) throws(TokenizerError) {
    var builder = try Builder(count: count)
    builder.reserve(bytes: packed.count, pieces: min(count, packed.count))
    var reader = ByteReader(packed)
    for id in 0..<count {
      let offset = reader.offset
      guard reader.available > 0 else {
        throw .truncatedVocabulary(id: id, offset: offset, needed: 1, available: 0)
      }
      guard let length = reader.length() else {
        throw .invalidLength(.piece(id), offset: offset)
      }
      guard let piece = reader.run(length) else {
        throw .truncatedVocabulary(
          id: id, offset: reader.offset, needed: length, available: reader.available)
      }
      try builder.append(piece)
    }
    guard reader.available == 0 else {
      throw .excessVocabularyBytes(reader.available, count: count)
    }
    table = try builder.table()
  }

  /// The packed form, as `init(packed:count:)` takes it.
  public func packed() -> [UInt8] {
    var bytes: [UInt8] = []
    for id in 0..<count {
      let piece = table.view.piece(id)
      bytes.append(length: piece.count)
      bytes.append(contentsOf: piece)
    }
    return bytes
  }

  public var count: Int { table.view.count }

  /// The bytes of the piece `id`, with its `##` if it has one; nil if there is no such id.
  public func piece(_ id: UInt32) -> [UInt8]? {
    id < count ? [UInt8](table.view.piece(Int(id))) : nil
  }

  /// The id that a piece is found by, which is the last one of equal pieces; nil if there is none.
  public func id(of piece: [UInt8]) -> UInt32? {
    if piece.isEmpty { return nil }
    return piece.withUnsafeBufferPointer { bytes -> UInt32? in
      guard let start = bytes.baseAddress else { return nil }
      let end = start + bytes.count
      let continues = bytes.count > 2 && bytes[0] == 0x23 && bytes[1] == 0x23
      return continues
        ? table.view.find(start + 2, bytes.count - 2, .later, end)
        : table.view.find(start, bytes.count, .first, end)
    }
  }

  /// Collects pieces, checking each.
  private struct Builder {
    private var bytes: [UInt8] = []
    private var offsets: [UInt32] = [0]

    init(count: Int) throws(TokenizerError) {
      guard 1...Vocabulary.maximumCount ~= count else { throw .pieceCount(count) }
    }

    mutating func reserve(bytes byteCount: Int, pieces: Int) {
      bytes.reserveCapacity(byteCount)
      offsets.reserveCapacity(pieces + 1)
    }

    mutating func append(_ piece: UnsafeBufferPointer<UInt8>) throws(TokenizerError) {
      let id = offsets.count - 1
      guard piece.count <= Vocabulary.maximumPieceLength, bytes.count + piece.count <= 1 << 30
      else { throw .invalidLength(.piece(id), offset: bytes.count) }
      guard UTF8Text.isValid(piece) else { throw .pieceNotUTF8(id: id) }
      bytes.append(contentsOf: piece)
      offsets.append(UInt32(bytes.count))
    }

    func table() throws(TokenizerError) -> PieceTable {
      try PieceTable(bytes: bytes, offsets: offsets, continues: true)
    }
  }
}
