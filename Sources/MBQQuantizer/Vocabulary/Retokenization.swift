extension VocabularyReport {
  /// Texts given by the ids they had, as the cut tokenizer cuts them.
  ///
  /// A word with a dropped piece is put together again and matched anew, longest kept piece first, as
  /// WordPiece does; that it may take more pieces is why each text is cut to `limit` ids, its last one
  /// kept.
  public func retokenized(_ texts: [[UInt32]], limit: Int) -> [[UInt32]] {
    var kept: [[UInt8]: UInt32] = [:]
    for (old, new) in newIDs.enumerated() {
      if let new { kept[pieces[old]] = UInt32(new) }
    }
    return texts.map { text in
      var result: [UInt32] = []
      var place = 0
      while place < text.count {
        var end = place + 1
        while end < text.count, continues(text[end]) { end += 1 }
        result += retokenized(word: text[place..<end], kept)
        place = end
      }
      guard result.count > limit, let last = result.last else { return result }
      return Array(result.prefix(limit - 1)) + [last]
    }
  }

  private static let mark = Array("##".utf8)

  private func continues(_ id: UInt32) -> Bool {
    let piece = pieces[Int(id)]
    return piece.count > 2 && piece.starts(with: Self.mark)
  }

  private func retokenized(
    word ids: ArraySlice<UInt32>, _ kept: [[UInt8]: UInt32]
  ) -> [UInt32] {
    let known = ids.compactMap { newIDs[Int($0)].map { UInt32($0) } }
    guard known.count < ids.count else { return known }
    let word = ids.flatMap { pieces[Int($0)].dropFirst(continues($0) ? 2 : 0) }
    var result: [UInt32] = []
    var start = 0
    while start < word.count {
      let prefix = start == 0 ? [] : Self.mark
      var end = word.count
      while end > start, kept[prefix + word[start..<end]] == nil { end -= 1 }
      // Single characters are kept, so there always is one; see `FallbackPieces`.
      guard end > start, let id = kept[prefix + word[start..<end]] else { return known }
      result.append(id)
      start = end
    }
    return result
  }
}
