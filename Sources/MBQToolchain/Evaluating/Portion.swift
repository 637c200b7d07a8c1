import MBQCore
import MBQEvaluation
import MBQRuntime

/// Texts that are answered together: enough for full batches, few enough for memory.
struct Portion {
  private(set) var rows: [LabelledText] = []
  private var bytes = 0

  var isFull: Bool { rows.count >= 128 || bytes >= 4 << 20 }

  mutating func add(_ row: LabelledText) {
    rows.append(row)
    bytes += row.text.utf8.count
  }

  mutating func clear() {
    rows.removeAll(keepingCapacity: true)
    bytes = 0
  }
}

extension TextStream where Row == LabelledText {
  /// The answers to `rows`, in their order, and to none that were added before.
  mutating func answers(
    to rows: ArraySlice<LabelledText>
  ) throws(ModelError) -> [Answer] {
    var answers: [Answer] = []
    for row in rows { answers += try add(row.text, row) }
    answers += try finish()
    return answers
  }
}

extension AnswersKey.Model {
  /// What answers of a packed model say of it; `withDigest` reads the whole file.
  init(_ model: Model, _ path: String, limit: Int, withDigest: Bool) throws(FileError) {
    let description = ModelDescription(model, path: path)
    var digest = ""
    if withDigest {
      let file = try MappedFile(path: path)
      digest = hexadecimalDigest(of: file.bytes)
    }
    self.init(
      summary: .init(path: path, scheme: description.scheme, fileBytes: description.fileBytes),
      digest: digest, labels: model.labels, tokenLimit: limit, decision: model.decision)
  }
}
