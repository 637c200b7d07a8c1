import MBQEvaluation

/// Which texts and labels of a dataset are used.
public struct DatasetOptions: Sendable, Equatable {
  /// Columns that make a text, joined by a space; empty: `title`, if there is one, and `text`.
  public var textColumns: [String] = []
  public var labelColumn = Self.defaultLabelColumn
  /// What the label column's values mean, such as `real=0,fake=1`; `nil`: indices or label names.
  public var labelMap: String?
  /// `csv`, `tsv` or `jsonl`; `nil`: by the file's ending.
  public var format: String?

  public static let defaultLabelColumn = "label"

  public init() {}

  /// The texts of the file at `path`; `labels` are the model's.
  ///
  /// Refuses, with `DatasetError`, a file that cannot be read and a column that is not there.
  package func texts(
    _ path: String, labels: [String], withLabels: Bool = true
  ) throws(DatasetError) -> LabelledTexts {
    let vocabulary: LabelVocabulary
    if let labelMap, withLabels {
      vocabulary = try LabelVocabulary(names: labels, map: labelMap)
    } else {
      vocabulary = LabelVocabulary(names: labels)
    }
    return try LabelledTexts(
      try DatasetReaders.open(path: path, format: format),
      columns: .init(
        text: textColumns.isEmpty ? nil : textColumns, label: withLabels ? labelColumn : nil),
      labels: vocabulary)
  }

  /// The texts of the file at `path`, whatever their labels.
  package func unlabelledTexts(_ path: String) throws(DatasetError) -> LabelledTexts {
    try texts(path, labels: [], withLabels: false)
  }
}
