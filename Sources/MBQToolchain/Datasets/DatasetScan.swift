import MBQCore
import MBQEvaluation

/// A first pass over a dataset, before hours are spent on it: how many rows there are, whether every
/// label is one of the model's, and the digest that says whether two runs saw the same rows.
package struct DatasetScan {
  package var dataset: EvaluationSummary.Dataset
  package var digest: String
  /// (labels) The rows that have each; zeros without labels.
  package var labelRows: [Int]
  /// Of the texts, for finding them among others; `nil` unless asked for.
  package var texts: TextDigests?

  init(
    _ path: String, _ options: DatasetOptions, labels: [String], withLabels: Bool,
    withTexts: Bool = false, stage: Stage
  ) throws(DatasetError) {
    var rows = try options.texts(path, labels: labels, withLabels: withLabels)
    var digest = DatasetDigest()
    labelRows = labels.map { _ in 0 }
    texts = withTexts ? TextDigests() : nil
    defer { stage.finish() }
    while let row = try rows.next() {
      digest.add(row.text, label: row.label)
      if let label = row.label { labelRows[label] += 1 }
      texts?.insert(row.text)
      stage.advance()
    }
    dataset = Self.description(rows, path)
    self.digest = digest.value
  }

  static func description(_ texts: LabelledTexts, _ path: String) -> EvaluationSummary.Dataset {
    EvaluationSummary.Dataset(
      path: path, textColumns: texts.textColumns, labelColumn: texts.labelColumn,
      rows: texts.rowCount, blankRows: texts.blankCount)
  }
}

extension Toolchain {
  func scan(
    _ path: String, _ options: DatasetOptions, labels: [String], withLabels: Bool = true,
    withTexts: Bool = false, name: String = "read"
  ) throws(DatasetError) -> DatasetScan {
    try DatasetScan(
      path, options, labels: labels, withLabels: withLabels, withTexts: withTexts,
      stage: stage(name, total: nil, unit: "rows"))
  }
}
