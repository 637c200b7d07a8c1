/// One text to classify.
public struct LabelledText: Sendable, Equatable {
  /// The row, from 1, without the header.
  public var row: Int
  /// The line of the file on which the row starts, from 1.
  public var line: Int
  public var text: String
  /// The index of its label, if labels are requested and there is a vocabulary.
  public var label: Int?
  /// The label as in the dataset, if labels are requested.
  public var labelText: String?
}

/// The texts of a dataset, one at a time, joined from its columns.
///
/// The default is WELFake's layout: `text` after `title` and a space, and `label`. A text is exactly
/// Python's `(title + " " + text).strip()`, so a blank title leaves just the text.
public struct LabelledTexts {
  /// Which columns make a text, and which one is the label.
  public struct Columns: Sendable, Equatable {
    /// Joined by a space in this order; `nil` is `title`, if there is one, and `text`.
    public var text: [String]?
    /// `nil` if the texts have no labels or the labels are not needed.
    public var label: String?

    public init(text: [String]? = nil, label: String? = "label") {
      self.text = text
      self.label = label
    }
  }

  /// The columns that make a text, as found.
  public let textColumns: [String]
  public let labelColumn: String?
  /// The rows read so far.
  public private(set) var rowCount = 0
  /// Of those, the rows whose text is empty.
  ///
  /// They count as rows: a model answers an empty text too.
  public private(set) var blankCount = 0
  /// For each of `textColumns` the rows in which it is blank.
  public private(set) var blankFieldCounts: [Int]
  public var sourceName: String { reader.sourceName }

  private let reader: any DatasetReader
  private let labels: LabelVocabulary?
  private let textIndices: [Int]
  private let labelIndex: Int?
  private var row = DatasetRow()
  private var joined: [UInt8] = []

  /// Finds the columns.
  ///
  /// Without `labels`, any label is allowed.
  /// Refuses a missing column with `DatasetError.missingColumn`; of two columns with the same name the
  /// first counts.
  public init(
    _ reader: any DatasetReader, columns: Columns = Columns(), labels: LabelVocabulary?
  ) throws(DatasetError) {
    let names = reader.columns
    func find(_ column: String, option: String) throws(DatasetError) -> Int {
      guard let index = names.firstIndex(of: column) else {
        throw .missingColumn(
          file: reader.sourceName, column: column, option: option, columns: names)
      }
      return index
    }
    textColumns = columns.text ?? (names.contains("title") ? ["title", "text"] : ["text"])
    var indices: [Int] = []
    for column in textColumns { indices.append(try find(column, option: "--text-column")) }
    textIndices = indices
    blankFieldCounts = indices.map { _ in 0 }
    labelColumn = columns.label
    if let label = columns.label {
      labelIndex = try find(label, option: "--label-column")
    } else {
      labelIndex = nil
    }
    self.reader = reader
    self.labels = labels
  }

  /// The next text, or `nil` at the end.
  ///
  /// Refuses a label outside the model's labels (`DatasetError.unknownLabel`), and a dataset without
  /// rows (`DatasetError.noRows`).
  public mutating func next() throws(DatasetError) -> LabelledText? {
    guard try reader.next(into: &row) else {
      if rowCount == 0 { throw .noRows(file: sourceName, columns: reader.columns) }
      return nil
    }
    rowCount += 1
    if !row.nestedFields.isEmpty { try refuseNested() }
    joined.removeAll(keepingCapacity: true)
    for (position, index) in textIndices.enumerated() {
      if position > 0 { joined.append(UInt8(ascii: " ")) }
      let isBlank = row.withBytes(index) { field in
        joined.append(contentsOf: field)
        return strippedRange(of: field).isEmpty
      }
      if isBlank { blankFieldCounts[position] += 1 }
    }
    let range = strippedRange(of: joined)
    if range.isEmpty { blankCount += 1 }
    let text = String(decoding: joined[range], as: UTF8.self)
    let labelText = labelIndex.map { row.text($0) }
    return LabelledText(
      row: rowCount, line: row.line, text: text, label: try label(labelText), labelText: labelText)
  }

  private func refuseNested() throws(DatasetError) {
    for index in textIndices + (labelIndex.map { [$0] } ?? [])
    where row.nestedFields.contains(index) {
      throw .nestedValue(
        file: sourceName, row: rowCount, line: row.line, column: reader.columns[index])
    }
  }

  private func label(_ value: String?) throws(DatasetError) -> Int? {
    guard let value, let labels else { return nil }
    if let index = labels.index(of: value) { return index }
    throw .unknownLabel(
      file: sourceName, row: rowCount, line: row.line,
      found: value.allSatisfy(\.isWhitespace) ? "" : value, allowed: labels.allowed)
  }
}
