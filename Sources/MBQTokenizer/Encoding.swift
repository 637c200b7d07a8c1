/// What is known of an encoding beside its ids.
public struct EncodingSummary: Equatable, Sendable {
  /// How many ids there would have been without a limit, those that begin and end texts included; nil
  /// if the rest of a text that is too long was not counted.
  public var untruncatedCount: Int?
  /// Whether pieces were left out to keep to the limit.
  public var isTruncated: Bool
  /// How many of the ids are the unknown piece.
  public var unknownCount: Int
  /// Where the second text begins among the ids, whose types are 1 from there on; for a single text
  /// the number of ids.
  public var secondStart: Int

  public init(untruncatedCount: Int?, isTruncated: Bool, unknownCount: Int, secondStart: Int) {
    self.untruncatedCount = untruncatedCount
    self.isTruncated = isTruncated
    self.unknownCount = unknownCount
    self.secondStart = secondStart
  }
}

/// One text, or a pair of them, as a model takes it.
public struct Encoding: Equatable, Sendable {
  public var ids: [UInt32]
  /// For each id 0, or 1 from the second text on.
  public var typeIDs: [UInt8]
  /// How many ids there would have been without a limit.
  public var untruncatedCount: Int
  /// How many of the ids are the unknown piece.
  public var unknownCount: Int

  public init(ids: [UInt32], typeIDs: [UInt8], untruncatedCount: Int, unknownCount: Int) {
    self.ids = ids
    self.typeIDs = typeIDs
    self.untruncatedCount = untruncatedCount
    self.unknownCount = unknownCount
  }
}

/// How many pieces of each of a pair of texts are kept.
enum PairTruncation {
  /// Hugging Face's `longest_first` with `room` for both: the longer text is cut until it is as long
  /// as the shorter one, then both are, the odd piece going to the one that was longer (of equal ones
  /// the second).
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
