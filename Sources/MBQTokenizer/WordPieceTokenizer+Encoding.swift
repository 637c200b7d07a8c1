extension WordPieceTokenizer {
  /// Replaces `ids` by `[CLS] text [SEP]`, at most `limit` ids.
  ///
  /// `limit` is at least `minimumLimit`. It allocates nothing if `ids` has the capacity, unless the options
  /// have a normalized token. Without `countsAll`, it reads a text that is too long only up to the last id it
  /// needs, but still searches added tokens beyond that.
  public func encode(
    _ utf8: UnsafeBufferPointer<UInt8>, limit: Int, countsAll: Bool = true, into ids: inout [UInt32]
  ) -> EncodingSummary {
    precondition(limit >= Self.minimumLimit, "a limit below WordPieceTokenizer.minimumLimit")
    let around = 2
    ids.removeAll(keepingCapacity: true)
    ids.append(options.classificationID)
    let counted = appendPieces(of: utf8, room: limit - around, countsAll: countsAll, to: &ids)
    ids.append(options.separatorID)
    return EncodingSummary(
      untruncatedCount: counted.isComplete ? counted.count + around : nil,
      isTruncated: counted.count > limit - around, unknownCount: unknowns(in: ids),
      secondStart: ids.count)
  }

  /// Replaces `ids` by `[CLS] first [SEP] second [SEP]`, at most `limit` ids, the longer text being
  /// cut first.
  ///
  /// `limit` is at least `minimumPairLimit`. Both texts are read to their ends, because the longer one keeps
  /// the odd piece.
  public func encode(
    _ first: UnsafeBufferPointer<UInt8>, _ second: UnsafeBufferPointer<UInt8>, limit: Int,
    into ids: inout [UInt32]
  ) -> EncodingSummary {
    precondition(
      limit >= Self.minimumPairLimit, "a limit below WordPieceTokenizer.minimumPairLimit")
    let around = 3
    let room = limit - around
    ids.removeAll(keepingCapacity: true)
    ids.append(options.classificationID)
    let (firstCount, _) = appendPieces(of: first, room: room, countsAll: true, to: &ids)
    let firstEnd = ids.count
    let (secondCount, _) = appendPieces(of: second, room: room, countsAll: true, to: &ids)
    let kept = PairTruncation.longestFirst(firstCount, secondCount, room: room)
    ids.removeLast(ids.count - firstEnd - kept.second)
    ids.replaceSubrange(1 + kept.first..<firstEnd, with: CollectionOfOne(options.separatorID))
    ids.append(options.separatorID)
    return EncodingSummary(
      untruncatedCount: firstCount + secondCount + around,
      isTruncated: firstCount + secondCount > room, unknownCount: unknowns(in: ids),
      secondStart: kept.first + 2)
  }

  /// `[CLS] text [SEP]`, at most `limit` ids, which is at least `minimumLimit`.
  public func encode(_ text: String, limit: Int) -> Encoding {
    var text = text
    var ids: [UInt32] = []
    let summary = text.withUTF8 { encode($0, limit: limit, into: &ids) }
    return Encoding(ids, summary)
  }

  /// `[CLS] first [SEP] second [SEP]`, at most `limit` ids, which is at least `minimumPairLimit`.
  public func encode(_ first: String, _ second: String, limit: Int) -> Encoding {
    var first = first
    var second = second
    var ids: [UInt32] = []
    let summary = first.withUTF8 { first in
      second.withUTF8 { second in encode(first, second, limit: limit, into: &ids) }
    }
    return Encoding(ids, summary)
  }

  private func unknowns(in ids: [UInt32]) -> Int {
    var count = 0
    for id in ids where id == options.unknownID { count &+= 1 }
    return count
  }
}

extension Encoding {
  fileprivate init(_ ids: [UInt32], _ summary: EncodingSummary) {
    var types = [UInt8](repeating: 0, count: summary.secondStart)
    types.append(contentsOf: repeatElement(1, count: ids.count - summary.secondStart))
    self.init(
      ids: ids, typeIDs: types, untruncatedCount: summary.untruncatedCount ?? ids.count,
      unknownCount: summary.unknownCount)
  }
}
