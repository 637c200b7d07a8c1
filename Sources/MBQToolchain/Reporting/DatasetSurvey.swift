import MBQEvaluation
import MBQReport
import MBQRuntime

/// What one pass over the dataset shows of it.
struct DatasetSurvey {
  var textColumns: [String]
  var rows = 0
  var blankRows = 0
  /// (labels) The rows that have each.
  var labelRows: [Int]
  /// (rows) In tokens, uncut.
  var lengths: [Int] = []
  /// The first few texts as token ids, for looking into the models.
  var samples: [[UInt32]] = []

  static let sampleCount = 8
  static let sampleTokens = 128

  /// `limit` is what texts are cut to.
  init(
    _ data: String, _ columns: DataOptions, model: Model, limit: Int, label: String
  ) throws {
    var texts = try columns.texts(data, labels: model.labels)
    textColumns = texts.textColumns
    labelRows = Array(repeating: 0, count: model.labels.count)
    let progress = ProgressBar(label, total: try columns.rowCount(data))
    defer { progress.finish() }
    while let row = try texts.next() {
      let (ids, _) = model.tokens(of: row.text, limit: .max)
      lengths.append(ids.count)
      if let label = row.label { labelRows[label] += 1 }
      if samples.count < Self.sampleCount, !row.text.isEmpty {
        samples.append(
          model.tokens(of: row.text, limit: min(limit, Self.sampleTokens)).ids)
      }
      progress.advance()
    }
    rows = texts.rowCount
    blankRows = texts.blankCount
  }

  /// The starts of some rows' texts.
  static func excerpts(
    _ wanted: Set<Int>, _ data: String, _ columns: DataOptions, label: String
  ) throws -> [Int: String] {
    guard !wanted.isEmpty else { return [:] }
    var texts = try columns.texts(data, labels: [], withLabels: false)
    var found: [Int: String] = [:]
    let progress = ProgressBar(label, total: try columns.rowCount(data))
    defer { progress.finish() }
    while let row = try texts.next() {
      progress.advance()
      guard wanted.contains(row.row) else { continue }
      // A character may have any number of combining marks: bound the scalars as well.
      let start = String(row.text.unicodeScalars.prefix(8 * Mistakes.excerptLength))
      found[row.row] = String(start.prefix(Mistakes.excerptLength))
    }
    return found
  }
}
