import MBQCheckpoints

/// The pieces WordPiece must keep so that a word that had pieces never becomes unknown.
///
/// WordPiece takes the longest piece at each place of a word, and the word is unknown if there is none.
/// With every single character there as a piece, at the beginning (`c`) and inside (`##c`), there is
/// always one. Some vocabularies lack one of the two for some characters; those characters, and all that
/// stand in one piece with them, are *bound*, and every piece with a bound character is kept. No piece
/// then reaches from a bound character to another one, so bound stretches of a word are cut as they
/// were, and the rest has its single characters.
struct FallbackPieces {
  private(set) var ids: Set<Int> = []

  init(_ files: TokenizerFiles) {
    var first: Set<Unicode.Scalar> = []
    var later: Set<Unicode.Scalar> = []
    var pieces: [(id: Int, scalars: [Unicode.Scalar], continues: Bool)] = []
    for (id, bytes) in files.pieces.prefix(files.wordPieceCount).enumerated() {
      let text = String(decoding: bytes, as: UTF8.self).unicodeScalars
      // As the tokenizer tells them: `##` alone begins a word.
      let continues = text.count > 2 && text.starts(with: "##".unicodeScalars)
      let scalars = Array(continues ? text.dropFirst(2) : text[...])
      guard !scalars.isEmpty, scalars.count == 1 || !scalars.contains(where: \.splitsWords) else {
        continue
      }
      pieces.append((id, scalars, continues))
      guard scalars.count == 1 else { continue }
      ids.insert(id)
      if continues { later.insert(scalars[0]) } else { first.insert(scalars[0]) }
    }

    var bound: Set<Unicode.Scalar> = []
    for piece in pieces where piece.scalars.count > 1 {
      for (place, scalar) in piece.scalars.enumerated() {
        let begins = place == 0 && !piece.continues
        if !(begins ? first : later).contains(scalar) { bound.insert(scalar) }
      }
    }
    var grows = !bound.isEmpty
    while grows {
      let before = bound.count
      for piece in pieces where piece.scalars.contains(where: bound.contains) {
        bound.formUnion(piece.scalars)
      }
      grows = bound.count > before
    }
    for piece in pieces where piece.scalars.contains(where: bound.contains) { ids.insert(piece.id) }
  }
}

extension Unicode.Scalar {
  /// ASCII's punctuation always is a word of its own, so no longer piece with it is ever found.
  fileprivate var splitsWords: Bool {
    switch value {
    case 0x20...0x2F, 0x3A...0x40, 0x5B...0x60, 0x7B...0x7E: true
    default: false
    }
  }
}
