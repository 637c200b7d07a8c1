/// The facts about an encoding beside its ids.
public struct EncodingSummary: Equatable, Sendable {
  /// The number of ids without a limit, special ids included; nil if the rest of a text that is too long
  /// was not counted.
  public var untruncatedCount: Int?
  /// Whether pieces were cut to keep the limit.
  public var isTruncated: Bool
  /// The number of ids of the unknown piece.
  public var unknownCount: Int
  /// The place of the second text in the ids; types are 1 from there on.
  ///
  /// For a single text, the number of ids.
  public var secondStart: Int

  public init(untruncatedCount: Int?, isTruncated: Bool, unknownCount: Int, secondStart: Int) {
    self.untruncatedCount = untruncatedCount
    self.isTruncated = isTruncated
    self.unknownCount = unknownCount
    self.secondStart = secondStart
  }
}

/// One text, or a pair of texts, as the input of a model.
public struct Encoding: Equatable, Sendable {
  public var ids: [UInt32]
  /// 0 for each id of the first text, 1 from the second text on.
  public var typeIDs: [UInt8]
  /// The number of ids without a limit.
  public var untruncatedCount: Int
  /// The number of ids of the unknown piece.
  public var unknownCount: Int

  public init(ids: [UInt32], typeIDs: [UInt8], untruncatedCount: Int, unknownCount: Int) {
    self.ids = ids
    self.typeIDs = typeIDs
    self.untruncatedCount = untruncatedCount
    self.unknownCount = unknownCount
  }
}

/// The numbers of pieces kept of the two texts of a pair.
enum PairTruncation {
  /// Hugging Face's `longest_first` with `room` for both: the longer text is cut to the length of
  /// the shorter one, then both are cut.
  ///
  /// The odd piece goes to the longer text (to the second if both are equal).
  static func longestFirst(_ first: Int, _ second: Int, room: Int) -> (first: Int, second: Int) {
    if first <= room, second <= room - first { return (first, second) }
    let shorter = min(first, second)
    let kept =
      shorter <= room / 2
      ? (shorter: shorter, longer: room - shorter)
      : (shorter: room / 2, longer: room / 2 + room % 2)
    return first > second ? (kept.longer, kept.shorter) : (kept.shorter, kept.longer)
  }
}
