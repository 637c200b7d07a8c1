import MBQEvaluation

/// A confusion matrix in letters.
public enum ConfusionTable {
  /// True labels down, predicted ones across.
  ///
  /// If the names do not fit `width`, the columns have the numbers of the labels. If the numbers do not
  /// fit either, the result is a list of the most frequent confusions.
  public static func text(
    _ confusion: ConfusionMatrix, labels: [String], width: Int = 80
  ) -> String {
    let names = labels.map { DisplayText.shortened(DisplayText.clean($0), to: 24) }
    let counts = labels.indices.map { truth in
      labels.indices.map { Human.count(confusion[truth: truth, predicted: $0]) }
    }
    let numbered = names.enumerated().map { "\($0) \($1)" }
    let numbers = names.indices.map { "\($0)" }
    return grid(counts, rows: names, columns: names, width: width)
      ?? grid(counts, rows: numbered, columns: numbers, width: width)
      ?? list(confusion, names: names)
  }

  private static func grid(
    _ counts: [[String]], rows: [String], columns: [String], width: Int
  ) -> String? {
    let first = max(5, rows.map { DisplayText.width($0) }.max() ?? 0)
    let widths = columns.indices.map { column in
      counts.map { $0[column].count }.reduce(DisplayText.width(columns[column]), max)
    }
    guard widths.reduce(first, { $0 + 2 + $1 }) <= width else { return nil }
    func line(_ name: String, _ cells: [String]) -> String {
      let tail = zip(cells, widths).map { "  " + DisplayText.padded($0, to: $1, trailing: true) }
      return DisplayText.padded(name, to: first, trailing: false) + tail.joined() + "\n"
    }
    return String(repeating: " ", count: first) + "  predicted\n" + line("truth", columns)
      + zip(rows, counts).map { line($0, $1) }.joined()
  }

  private static func list(_ confusion: ConfusionMatrix, names: [String]) -> String {
    var confusions: [(count: Int, truth: Int, predicted: Int)] = []
    for truth in names.indices {
      for predicted in names.indices where truth != predicted {
        let count = confusion[truth: truth, predicted: predicted]
        if count > 0 { confusions.append((count, truth, predicted)) }
      }
    }
    confusions.sort { ($1.count, $0.truth, $0.predicted) < ($0.count, $1.truth, $1.predicted) }
    let table = ReportTable(
      title: "most frequent confusions",
      columns: [.number("rows"), .text("truth"), .text("predicted")],
      rows: confusions.prefix(20).map {
        [.count($0.count), .text(names[$0.truth]), .text(names[$0.predicted])]
      })
    return TextTable.render(table)
  }
}
