/// The size of a part: a share of the rows, or a number of rows.
public enum SplitSize: Sendable, Equatable {
  case share(Double)
  case rows(Int)

  /// Written as in Python: `1000` is a number of rows, `0.15` and `1e-1` are shares.
  ///
  /// Refuses other texts, and sizes that no number of rows allows. `option` names it in the error.
  public init(_ text: String, option: String) throws(SplitError) {
    if let count = Int(text), count > 0 {
      self = .rows(count)
    } else if Int(text) == nil, let share = Double(text), share > 0, share < 1 {
      self = .share(share)
    } else {
      throw .size(option: option, found: shortened(text), rows: nil)
    }
  }

  /// The number of rows held back of `count`; a share is rounded up.
  ///
  /// Refuses `count` rows and more.
  func held(of count: Int, option: String) throws(SplitError) -> Int {
    switch self {
    case .share(let share):
      let held = Int((share * Double(count)).rounded(.up))
      guard held < count else {
        throw .emptyTrain(rows: count, held: "\(option) \(share)")
      }
      return held
    case .rows(let rows):
      guard rows < count else { throw .size(option: option, found: "\(rows)", rows: count) }
      return rows
    }
  }
}
