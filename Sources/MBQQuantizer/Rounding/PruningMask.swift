/// Which of a panel's weights become zero.
struct PruningMask {
  let options: PruningOptions
  /// Columns decided on together by SparseGPT, which sees what the columns before did to them.
  static let blockWidth = 128

  /// Marks the weights of `block` (columns) to be set to zero; `scores` is (rows, block width), larger
  /// is more worth keeping.
  ///
  /// Unstructured and blocks of four share their quota among all rows given; 2:4 has two of every four.
  func mark(_ scores: [Float], rows: Int, width: Int) -> [Bool] {
    var zero = [Bool](repeating: false, count: rows * width)
    switch options.pattern {
    case .unstructured:
      let count = Int((Double(scores.count) * options.sparsity).rounded())
      for index in Self.smallest(scores, count) { zero[index] = true }
    case .twoOfFour:
      for row in 0..<rows {
        for start in stride(from: 0, to: width, by: 4) {
          let columns = start..<min(start + 4, width)
          let ordered = columns.sorted {
            (scores[row * width + $0], $0) < (scores[row * width + $1], $1)
          }
          for column in ordered.prefix(columns.count / 2) { zero[row * width + column] = true }
        }
      }
    case .blocksOfFour:
      let blocks = (width + 3) / 4
      var sums = [Float](repeating: 0, count: rows * blocks)
      for row in 0..<rows {
        for column in 0..<width { sums[row * blocks + column / 4] += scores[row * width + column] }
      }
      let count = Int((Double(sums.count) * options.sparsity).rounded())
      for index in Self.smallest(sums, count) {
        let start = index % blocks * 4
        for column in start..<min(start + 4, width) { zero[index / blocks * width + column] = true }
      }
    }
    return zero
  }

  /// The indices of the `count` smallest values, earlier ones first among equals.
  private static func smallest(_ values: [Float], _ count: Int) -> ArraySlice<Int> {
    guard count > 0 else { return [] }
    return values.indices.sorted { (values[$0], $0) < (values[$1], $1) }.prefix(count)
  }
}
