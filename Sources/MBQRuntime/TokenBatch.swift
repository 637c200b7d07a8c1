/// Texts as token ids, one after the other.
struct TokenBatch: Sendable {
  private(set) var tokens: [UInt32] = []
  /// The position of each token in its text.
  private(set) var positions: [UInt32] = []
  /// The first row of each text.
  private(set) var starts: [Int] = []

  var count: Int { starts.count }

  init(_ texts: some Collection<[UInt32]>) {
    for text in texts { append(text) }
  }

  private mutating func append(_ text: some Collection<UInt32>) {
    starts.append(tokens.count)
    for (position, token) in text.enumerated() {
      tokens.append(token)
      positions.append(UInt32(position))
    }
  }

  func rows(of text: Int) -> Range<Int> {
    starts[text]..<(text + 1 < starts.count ? starts[text + 1] : tokens.count)
  }
}

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
