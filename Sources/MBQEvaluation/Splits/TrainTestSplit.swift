/// The rows of `sklearn.model_selection.train_test_split(rows, test_size=, stratify=, random_state=)`,
/// in the same order.
///
/// The first row is row 0. A split of n rows takes time in proportion to n and 8 bytes a row.
public struct TrainTestSplit: Sendable, Equatable {
  public var train: [Int32]
  public var test: [Int32]

  /// The most rows that can be split.
  public static var maximumRows: Int { Int(Int32.max) }

  /// Splits `count` rows; `test` is the size of the test part, and `option` names it in errors.
  ///
  /// With `shuffle=True` and `stratify=None`: `ShuffleSplit`, which takes both parts from one
  /// permutation.
  public init(
    count: Int, test: SplitSize, seed: UInt32, option: String = "--test"
  ) throws(SplitError) {
    guard count <= Self.maximumRows else { throw .tooManyRows(limit: Self.maximumRows) }
    let held = try test.held(of: count, option: option)
    var random = NumPyRandom(seed: seed)
    let order = random.permutation(count)
    self.test = Array(order[..<held])
    train = Array(order[held...])
  }

  /// Splits rows whose classes are `classes`, keeping the classes' shares; class numbers are below
  /// `names.count`, in the order in which NumPy sorts the classes, and every one occurs.
  ///
  /// This is `StratifiedShuffleSplit`: `approximateMode` gives the number of rows of each class in a part, a
  /// permutation per class selects them, and a last permutation gives their order.
  public init(
    classes: [Int32], names: [String], test: SplitSize, seed: UInt32, option: String = "--test",
    part: String = "the test part"
  ) throws(SplitError) {
    guard classes.count <= Self.maximumRows else { throw .tooManyRows(limit: Self.maximumRows) }
    let held = try test.held(of: classes.count, option: option)
    var rows = [[Int32]](repeating: [], count: names.count)
    for (row, index) in classes.enumerated() { rows[Int(index)].append(Int32(row)) }
    let counts = rows.map(\.count)
    let rare = names.indices.filter { counts[$0] < 2 }.map { names[$0] }
    guard rare.isEmpty else { throw .rareClasses(part: part, classes: rare) }
    for (part, rows) in [("the rest", classes.count - held), (part, held)]
    where rows < names.count {
      throw .fewerThanClasses(part: part, rows: rows, classes: names.count)
    }
    var random = NumPyRandom(seed: seed)
    let kept = approximateMode(of: counts, drawing: classes.count - held, &random)
    let taken = approximateMode(of: zip(counts, kept).map { $0 - $1 }, drawing: held, &random)
    train = []
    self.test = []
    train.reserveCapacity(classes.count - held)
    for (index, rows) in rows.enumerated() {
      let order = random.permutation(rows.count)
      train += order[..<kept[index]].map { rows[Int($0)] }
      self.test += order[kept[index]..<kept[index] + taken[index]].map { rows[Int($0)] }
    }
    random.shuffle(&train)
    random.shuffle(&self.test)
  }
}

/// The number of rows of each class among `draws`: its share rounded down, plus one for the largest
/// remainders; the generator decides between equal remainders (scikit-learn's `_approximate_mode`).
///
/// The arithmetic follows NumPy step by step, because the last bit decides whether two remainders are equal.
func approximateMode(
  of counts: [Int], drawing draws: Int, _ random: inout NumPyRandom
) -> [Int] {
  let total = Double(counts.reduce(0, +))
  let shares = counts.map { Double($0) / total * Double(draws) }
  var drawn = shares.map { Int($0.rounded(.down)) }
  var missing = draws - drawn.reduce(0, +)
  guard missing > 0 else { return drawn }
  let remainders = shares.map { $0 - $0.rounded(.down) }
  for value in Set(remainders).sorted(by: >) {
    let equal = remainders.indices.filter { remainders[$0] == value }
    let chosen = random.choice(equal, min(equal.count, missing))
    for index in chosen { drawn[index] += 1 }
    missing -= chosen.count
    if missing == 0 { break }
  }
  return drawn
}
