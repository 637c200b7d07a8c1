/// Precision, recall and F1 of one label, or a mean over labels; scikit-learn's
/// `precision_recall_fscore_support(zero_division=0)`.
public struct ClassScores: Sendable, Equatable {
  public var precision: Double
  public var recall: Double
  public var f1: Double
  /// The rows that have the label.
  public var support: Int
  /// The quotients that were set to 0 because of a zero denominator.
  public var undefined: Undefined

  public struct Undefined: OptionSet, Sendable, Hashable {
    public let rawValue: Int
    public init(rawValue: Int) { self.rawValue = rawValue }

    /// The label was never predicted.
    public static let precision = Undefined(rawValue: 1)
    /// No row has the label.
    public static let recall = Undefined(rawValue: 2)
    /// Both.
    public static let f1 = Undefined(rawValue: 4)
  }

  /// From counts: `correct` of `answers` with the label were right, `support` rows have it.
  ///
  /// F1 is 2·correct / (support + answers), as in scikit-learn, so that the same counts give the same double
  /// and the same rounded figures.
  init(correct: Int, answers: Int, support: Int) {
    precision = answers == 0 ? 0 : Double(correct) / Double(answers)
    recall = support == 0 ? 0 : Double(correct) / Double(support)
    f1 = support + answers == 0 ? 0 : 2 * Double(correct) / Double(support + answers)
    self.support = support
    undefined = []
    if answers == 0 { undefined.insert(.precision) }
    if support == 0 { undefined.insert(.recall) }
    if support + answers == 0 { undefined.insert(.f1) }
  }

  /// The mean of `scores`, each counted `weight` times; all weights zero gives zeros.
  private init(mean scores: [ClassScores], weight: (ClassScores) -> Double) {
    let total = scores.reduce(0) { $0 + weight($1) }
    func mean(_ value: (ClassScores) -> Double) -> Double {
      total == 0 ? 0 : scores.reduce(0) { $0 + value($1) * weight($1) } / total
    }
    precision = mean(\.precision)
    recall = mean(\.recall)
    f1 = mean(\.f1)
    support = scores.reduce(0) { $0 + $1.support }
    undefined = scores.reduce(into: []) { $0.formUnion($1.undefined) }
  }

  /// The mean over labels, every label alike.
  ///
  /// A label that neither occurs nor is predicted counts, with zeros: scikit-learn's
  /// `labels=range(n)`.
  public static func macroMean(_ scores: [ClassScores]) -> ClassScores {
    ClassScores(mean: scores) { _ in 1 }
  }

  /// The mean over labels, each by its support.
  public static func weightedMean(_ scores: [ClassScores]) -> ClassScores {
    ClassScores(mean: scores) { Double($0.support) }
  }
}
