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
