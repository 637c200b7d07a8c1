import MBQEvaluation
import MBQRuntime

/// What the pass over the dataset shows of it.
struct DatasetSurvey {
  var textColumns: [String] = []
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

  init(labels: Int) { labelRows = Array(repeating: 0, count: labels) }

  /// `limit` is what texts are cut to.
  mutating func add(_ row: LabelledText, _ model: Model, limit: Int) {
    let (ids, _) = model.tokens(of: row.text, limit: .max)
    lengths.append(ids.count)
    if let label = row.label { labelRows[label] += 1 }
    if samples.count < Self.sampleCount, !row.text.isEmpty {
      samples.append(model.tokens(of: row.text, limit: min(limit, Self.sampleTokens)).ids)
    }
  }
}
