/// For each label the numbers of rows with it, of answers with it, and of both.
///
/// Precision, recall, F1 and the correlation need only these, and the space grows with the labels,
/// not with their square.
public struct LabelCounts: Sendable, Equatable {
  /// (labels) Rows answered with the label they have.
  public var correct: [Int]
  /// (labels) Rows that were answered with the label.
  public var answers: [Int]
  /// (labels) Rows that have the label.
  public var support: [Int]

  public init(labelCount: Int) {
    correct = Array(repeating: 0, count: labelCount)
    answers = correct
    support = correct
  }

  @inline(__always)
  public mutating func count(truth: Int, predicted: Int) {
    support[truth] += 1
    answers[predicted] += 1
    if truth == predicted { correct[truth] += 1 }
  }

  mutating func clear() {
    for label in correct.indices {
      correct[label] = 0
      answers[label] = 0
      support[label] = 0
    }
  }

  public var total: Int { support.reduce(0, +) }
  public var totalCorrect: Int { correct.reduce(0, +) }

  /// The scores of each label.
  public var classScores: [ClassScores] {
    correct.indices.map {
      ClassScores(correct: correct[$0], answers: answers[$0], support: support[$0])
    }
  }
}

extension ConfusionMatrix {
  public var labelCounts: LabelCounts {
    var counts = LabelCounts(labelCount: labelCount)
    for label in 0..<labelCount {
      counts.correct[label] = self[truth: label, predicted: label]
      counts.answers[label] = answers(label)
      counts.support[label] = support(label)
    }
    return counts
  }

  /// The scores of each label.
  public var classScores: [ClassScores] { labelCounts.classScores }
}
