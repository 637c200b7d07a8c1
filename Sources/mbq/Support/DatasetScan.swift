import MBQCore
import MBQEvaluation
import MBQReport

/// A first pass over a dataset, before hours are spent on it: how many rows there are, whether every
/// label is one of the model's, and the digest that says whether two runs saw the same rows.
struct DatasetScan {
  var dataset: EvaluationSummary.Dataset
  var digest: String

  init(
    _ path: String, _ options: DataOptions, labels: [String], withLabels: Bool
  ) throws(DatasetError) {
    var texts = try options.texts(path, labels: labels, withLabels: withLabels)
    var digest = DatasetDigest()
    let progress = ProgressBar("read", total: nil, unit: "rows")
    defer { progress.finish() }
    while let row = try texts.next() {
      digest.add(row.text, label: row.label)
      progress.advance()
    }
    dataset = Self.description(texts, path)
    self.digest = digest.value
  }

  static func description(_ texts: LabelledTexts, _ path: String) -> EvaluationSummary.Dataset {
    EvaluationSummary.Dataset(
      path: path, textColumns: texts.textColumns, labelColumn: texts.labelColumn,
      rows: texts.rowCount, blankRows: texts.blankCount)
  }
}
