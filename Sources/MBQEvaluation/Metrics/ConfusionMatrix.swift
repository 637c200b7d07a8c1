/// The number of rows for each pair of true label and answer.
public struct ConfusionMatrix: Sendable, Equatable, Codable {
  public let labelCount: Int
  /// (true labels, predicted labels), row after row.
  public private(set) var counts: [Int]

  public init(labelCount: Int) {
    self.labelCount = labelCount
    counts = Array(repeating: 0, count: labelCount * labelCount)
  }

  public subscript(truth truth: Int, predicted predicted: Int) -> Int {
    counts[truth * labelCount + predicted]
  }

  public mutating func count(truth: Int, predicted: Int, times: Int = 1) {
    counts[truth * labelCount + predicted] += times
  }

  /// The number of rows.
  public var total: Int { counts.reduce(0, +) }

  /// The number of right answers.
  public var correct: Int { (0..<labelCount).reduce(0) { $0 + self[truth: $1, predicted: $1] } }

  /// The number of rows with the true label.
  public func support(_ truth: Int) -> Int {
    counts[truth * labelCount..<(truth + 1) * labelCount].reduce(0, +)
  }

  /// The number of answers with the label.
  public func answers(_ predicted: Int) -> Int {
    stride(from: predicted, to: counts.count, by: labelCount).reduce(0) { $0 + counts[$1] }
  }
}
