/// Finds added tokens in a text: the leftmost match, and the longest at that place.
struct AddedTokenMatcher: Sendable {
  /// The texts to find; their ids in the table are their indices in `tokens`.
  let table: PieceTable
  let tokens: [AddedToken]
  /// Whether any token begins with a byte.
  let begins: [Bool]
  /// The byte that all tokens begin with, usually `[`, if it is one.
  let onlyBeginning: UInt8?

  /// `contents` are the texts to find, in the order of `tokens`; none is empty.
  ///
  /// Refuses equal texts. Gives nil if there are none.
  init?(_ tokens: [AddedToken], contents: [[UInt8]]) throws(TokenizerError) {
    if tokens.isEmpty { return nil }
    var bytes: [UInt8] = []
    var offsets: [UInt32] = [0]
    var begins = [Bool](repeating: false, count: 256)
    for content in contents {
      bytes += content
      offsets.append(UInt32(bytes.count))
      if let first = content.first { begins[Int(first)] = true }
    }
    let table = try PieceTable(bytes: bytes, offsets: offsets, continues: false)
    for (index, content) in contents.enumerated() {
      let found = content.withUnsafeBufferPointer { bytes in
        bytes.baseAddress.flatMap { table.view.find($0, bytes.count, .first, $0 + bytes.count) }
      }
      // The later of two is found: name it.
      if let found, Int(found) != index {
        throw .repeatedAddedToken(index: Int(found), content: tokens[Int(found)].content)
      }
    }
    self.table = table
    self.tokens = tokens
    self.begins = begins
    onlyBeginning =
      begins.reduce(0) { $0 + ($1 ? 1 : 0) } == 1
      ? begins.firstIndex(of: true).map { UInt8($0) } : nil
  }
}

/// Splits a text into added tokens and the parts between them, in order.
struct AddedTokenSearch {
  enum Part {
    case text(UnsafePointer<UInt8>, UnsafePointer<UInt8>)
    case token(UInt32)
  }

  private let matcher: AddedTokenMatcher
  private let start: UnsafePointer<UInt8>
  private let end: UnsafePointer<UInt8>
  /// The start of the next search: after the last match, even a discarded one.
  private var position: UnsafePointer<UInt8>
  /// The end of the parts given so far, with white space that a token took.
  private var given: UnsafePointer<UInt8>
  /// A token found after the last part given.
  private var waiting: UInt32?

  init(
    _ matcher: AddedTokenMatcher, _ start: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>
  ) {
    self.matcher = matcher
    self.start = start
    self.end = end
    position = start
    given = start
  }

  mutating func next() -> Part? {
    if let token = waiting {
      waiting = nil
      return .token(token)
    }
    while let match = nextMatch() {
      let token = matcher.tokens[match.index]
      if token.isSingleWord, wordCharacterTouches(match.start, match.end) { continue }
      var from = match.start
      var to = match.end
      if token.stripsLeft { while from > given, let space = spaceBefore(from) { from = space } }
      if token.stripsRight { while let space = spaceBehind(to) { to = space } }
      let before = given
      given = to
      if before < from {
        waiting = token.id
        return .text(before, from)
      }
      return .token(token.id)
    }
    if given < end {
      defer { given = end }
      return .text(given, end)
    }
    return nil
  }

  private struct Match {
    var index: Int
    var start: UnsafePointer<UInt8>
    var end: UnsafePointer<UInt8>
  }

  private mutating func nextMatch() -> Match? {
    while true {
      if let byte = matcher.onlyBeginning {
        position = ASCIIRun.first(byte, position, end)
      } else {
        while position < end, !matcher.begins[Int(position.pointee)] { position += 1 }
      }
      if position >= end { return nil }
      let found = matcher.table.view.longest(position, end - position, .first, end)
      if found.length > 0 {
        defer { position += found.length }
        return Match(index: Int(found.id), start: position, end: position + found.length)
      }
      position += 1
    }
  }

  private func wordCharacterTouches(
    _ from: UnsafePointer<UInt8>, _ to: UnsafePointer<UInt8>
  ) -> Bool {
    if from > start {
      var before = from
      let scalar = UTF8Text.readBackwards(start, &before)
      if UnicodeTables.record(scalar).isWordCharacter { return true }
    }
    if to < end {
      var behind = to
      if UnicodeTables.record(UTF8Text.read(&behind, end)).isWordCharacter { return true }
    }
    return false
  }

  /// The beginning of the white space character that ends at `place`, if there is one.
  private func spaceBefore(_ place: UnsafePointer<UInt8>) -> UnsafePointer<UInt8>? {
    if place <= start { return nil }
    var before = place
    let scalar = UTF8Text.readBackwards(start, &before)
    return UnicodeTables.record(scalar).isWhitespace ? before : nil
  }

  /// The end of the white space character that begins at `place`, if there is one.
  private func spaceBehind(_ place: UnsafePointer<UInt8>) -> UnsafePointer<UInt8>? {
    if place >= end { return nil }
    var behind = place
    let scalar = UTF8Text.read(&behind, end)
    return UnicodeTables.record(scalar).isWhitespace ? behind : nil
  }
}
