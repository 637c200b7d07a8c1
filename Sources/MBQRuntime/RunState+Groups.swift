extension RunState {
  /// The tokens that are run together, for each worker.
  ///
  /// Their hidden states stay in a second-level cache of 1 MB: with many more a MobileBERT takes a
  /// fifth longer, and with few its weights are fetched too often.
  static let groupTokens = 640

  /// Cuts a list of texts into groups of about as many tokens each, none of them more than a worker's
  /// share times the workers unless a text alone has more: what a batch is run in.
  func groups(_ texts: [[UInt32]]) -> [Range<Int>] {
    let most = Self.groupTokens * parallel.workerCount
    var left = texts.reduce(0) { $0 + $1.count }
    var groups: [Range<Int>] = []
    var start = 0
    while start < texts.count {
      // As even as they come: a small rest at the end would cost as much as a full group's weights.
      let share = left / ((left + most - 1) / most)
      var end = start + 1
      var tokens = texts[start].count
      while end < texts.count, tokens + texts[end].count <= most, tokens < share {
        tokens += texts[end].count
        end += 1
      }
      groups.append(start..<end)
      left -= tokens
      start = end
    }
    return groups
  }
}
