/// The lengths of the texts in tokens, special tokens included.
public struct LengthHistogram: Sendable, Equatable, Codable {
  public struct Bin: Sendable, Equatable, Codable {
    /// The fewest tokens of a text in it.
    public var from: Int
    /// The most; `null` for the last bin if it has no end.
    @OrNull public var to: Int?
    public var rows: Int

    public init(from: Int, to: Int?, rows: Int) {
      self.from = from
      self.to = to
      self.rows = rows
    }
  }

  /// The most tokens of a text; longer texts are cut.
  public var limit: Int
  /// Texts that are longer.
  public var truncatedRows: Int
  public var median: Int
  public var longest: Int
  public var bins: [Bin]

  /// Bins of equal width up to `limit`, and one bin for cut texts.
  ///
  /// `lengths` may be in any order, and empty.
  public init(lengths: [Int], limit: Int) {
    self.limit = limit
    let sorted = lengths.sorted()
    truncatedRows = sorted.count { $0 > limit }
    median = sorted.isEmpty ? 0 : sorted[(sorted.count - 1) / 2]
    longest = sorted.last ?? 0
    let whole = min(longest, limit)
    // About twenty bins of a round width.
    let width =
      [1, 2, 4, 5, 8, 10, 16, 20, 32, 50, 64, 128].first { $0 * 20 >= whole }
      ?? (whole + 19) / 20
    bins = stride(from: 1, through: max(whole, 1), by: width).map {
      Bin(from: $0, to: min($0 + width - 1, limit), rows: 0)
    }
    if truncatedRows > 0 { bins.append(Bin(from: limit + 1, to: nil, rows: truncatedRows)) }
    for length in sorted where length <= limit {
      bins[min(max(length - 1, 0) / width, bins.count - 1)].rows += 1
    }
  }
}
