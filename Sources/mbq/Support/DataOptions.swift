import ArgumentParser
import MBQEvaluation

/// Which texts of a dataset are used.
struct DataOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "A column of the text; several are joined by a space (default: title, if there is one, and text).",
      valueName: "name"))
  var textColumn: [String] = []

  @Option(help: ArgumentHelp("The column of the label.", valueName: "name"))
  var labelColumn = defaultLabelColumn

  @Option(
    help: ArgumentHelp(
      "What the label column's values mean, such as real=0,fake=1 (default: indices or label names).",
      valueName: "map"))
  var labelMap: String?

  @Option(help: ArgumentHelp(formatHelp, valueName: "name"))
  var format: String?

  static let defaultLabelColumn = "label"
  static let formatHelp =
    DatasetReaders.all.map { $0.name }.joined(separator: ", ")
    + ", each also compressed with gzip (default: by the file's ending)."

  func texts(
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
        text: textColumn.isEmpty ? nil : textColumn, label: withLabels ? labelColumn : nil),
      labels: vocabulary)
  }

  /// The rows of a file, so that progress has an end; `nil` for standard input, which is read once.
  func rowCount(_ path: String) throws(DatasetError) -> Int? {
    guard path != "-" else { return nil }
    let reader = try DatasetReaders.open(path: path, format: format)
    var row = DatasetRow()
    var count = 0
    while try reader.next(into: &row) { count += 1 }
    return count
  }
}
