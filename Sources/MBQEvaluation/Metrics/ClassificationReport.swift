import Foundation

/// scikit-learn's `classification_report` of all labels, character for character.
public struct ClassificationReport: Sendable {
  public let labels: [String]
  public let confusion: ConfusionMatrix

  /// `labels` are the names in the order of the matrix.
  public init(_ confusion: ConfusionMatrix, labels: [String]) {
    precondition(labels.count == confusion.labelCount, "a name for every label")
    self.labels = labels
    self.confusion = confusion
  }

  /// The report with `digits` decimals, from 0; ends with a line break as scikit-learn's does.
  ///
  /// `columns` measures names: Python counts code points, whatever their width on the screen.
  public func text(
    digits: Int = 2, columns: (String) -> Int = { $0.unicodeScalars.count }
  ) -> String {
    let longest = labels.map(columns).max() ?? 0
    let width = max(longest, "weighted avg".count, digits)
    func padded(_ text: String, _ width: Int) -> String {
      String(repeating: " ", count: max(0, width - columns(text))) + text
    }
    func row(_ name: String, _ cells: [String]) -> String {
      padded(name, width) + " " + cells.map { " " + padded($0, 9) }.joined() + "\n"
    }
    func row(_ name: String, _ scores: ClassScores) -> String {
      let values = [scores.precision, scores.recall, scores.f1]
      return row(name, values.map { fixedPoint($0, digits: digits) } + ["\(scores.support)"])
    }
    let scores = confusion.classScores
    let total = confusion.total
    let accuracy = total == 0 ? 0 : Double(confusion.correct) / Double(total)
    return row("", ["precision", "recall", "f1-score", "support"]) + "\n"
      + zip(labels, scores).map { row($0, $1) }.joined() + "\n"
      + row("accuracy", ["", "", fixedPoint(accuracy, digits: digits), "\(total)"])
      + row("macro avg", .macroMean(scores)) + row("weighted avg", .weightedMean(scores))
  }
}

/// `value` with `digits` decimals, rounded from its exact value, ties to even (C's `%.*f`, and so
/// Python's): the same on every platform.
public func fixedPoint(_ value: Double, digits: Int) -> String {
  String(format: "%.*f", digits, value)
}
