import MBQCore

/// The problems of a dataset.
///
/// Lines and rows count from 1; the header is not a row.
public enum DatasetError: ExplainedError, Equatable {
  case file(FileError)
  /// The first bytes belong to a file that is not UTF-8 text.
  case notText(file: String, found: String, advice: String)
  case empty(file: String)
  case emptyLines(file: String)
  case noRows(file: String, columns: [String])
  /// `offset` counts the bytes of the compressed file.
  case badGzip(file: String, offset: Int, problem: GzipProblem)
  /// `column` counts the bytes of the line, from 1.
  case badJSON(file: String, line: Int, column: Int, problem: JSONLineProblem)
  case lineTooLong(file: String, line: Int, limit: Int)
  /// An object that lacks a key of the first object.
  case missingKey(file: String, line: Int, key: String)
  /// A list or an object where a text is needed.
  case nestedValue(file: String, row: Int, line: Int, column: String)
  /// `line` is where the quoted field starts.
  case unterminatedQuote(file: String, line: Int)
  case raggedRow(file: String, line: Int, found: Int, expected: Int)
  /// `field` counts from 1.
  case fieldTooLong(file: String, line: Int, field: Int, limit: Int)
  case rowTooLong(file: String, line: Int, limit: Int)
  case tooManyColumns(file: String, line: Int, limit: Int)
  case missingColumn(file: String, column: String, option: String, columns: [String])
  case unknownLabel(file: String, row: Int, line: Int, found: String, allowed: String)
  case badLabelMap(entry: String, reason: String)
  case unknownFormat(name: String, allowed: [String])

  public var kind: FailureKind {
    switch self {
    case .badLabelMap, .unknownFormat: .usage
    default: .badInput
    }
  }

  public var explanation: String {
    switch self {
    case .file(let error):
      error.explanation
    case .notText(let file, let found, let advice):
      "'\(file)' is \(found), not text in UTF-8; \(advice)"
    case .empty(let file):
      "'\(file)' is empty; its first line must name the columns, such as title,text,label"
    case .emptyLines(let file):
      "'\(file)' is empty; write one JSON object a line, such as {\"text\": \"...\", \"label\": 0}"
    case .badGzip(let file, let offset, let problem):
      "'\(file)', byte \(offset) of the compressed file: \(problem.explanation)"
    case .badJSON(let file, let line, let column, let problem):
      "'\(file)', line \(line), byte \(column): \(problem.explanation)"
    case .lineTooLong(let file, let line, let limit):
      "'\(file)', line \(line): this line is longer than \(limit) bytes; JSON Lines has one object "
        + "a line"
    case .missingKey(let file, let line, let key):
      "'\(file)', line \(line): this object has no key '\(shortened(key))', which the first one "
        + "has; write null for what is missing"
    case .nestedValue(let file, let row, let line, let column):
      "'\(file)', row \(row) (line \(line)): the value of '\(shortened(column))' is a list or an "
        + "object; write a text, a number, true, false or null"
    case .noRows(let file, let columns):
      "'\(file)' names its columns (\(Self.list(columns))) but has no rows; add at least one"
    case .unterminatedQuote(let file, let line):
      "'\(file)', line \(line): the quoted field that starts here is never closed; "
        + "end it with \" and write \"\" for each quote inside it"
    case .raggedRow(let file, let line, let found, let expected):
      "'\(file)', line \(line): this row has \(counted(found, "field")), the header names "
        + "\(counted(expected, "column")); a field that holds a delimiter, a quote or a line "
        + "break must be quoted (RFC 4180)"
    case .fieldTooLong(let file, let line, let field, let limit):
      "'\(file)', line \(line): field \(field) is longer than \(limit) bytes; "
        + "look for a quote that is never closed"
    case .rowTooLong(let file, let line, let limit):
      "'\(file)', line \(line): this row is longer than \(limit) bytes; "
        + "look for a quote that is never closed"
    case .tooManyColumns(let file, let line, let limit):
      "'\(file)', line \(line): more than \(limit) fields; is this a dataset of texts?"
    case .missingColumn(let file, let column, let option, let columns):
      "'\(file)' has no column '\(column)'; it has \(Self.list(columns))"
        + Self.suggestion(for: column, among: columns) + "; choose with \(option)"
    case .unknownLabel(let file, let row, let line, let found, let allowed):
      "'\(file)', row \(row) (line \(line)): "
        + (found.isEmpty ? "the label is blank" : "the model has no label '\(shortened(found))'")
        + "; allowed are \(allowed); translate others with --label-map, such as "
        + "--label-map \(Self.mapExample(found))=0"
    case .badLabelMap(let entry, let reason):
      "the label map entry '\(shortened(entry))' \(reason); write VALUE=LABEL,VALUE=LABEL, "
        + "such as real=0,fake=1"
    case .unknownFormat(let name, let allowed):
      "no dataset format is called '\(name)'; allowed are \(Self.list(allowed))"
    }
  }

  private static func mapExample(_ found: String) -> String {
    let plain =
      !found.isEmpty && found.utf8.count <= 20
      && found.unicodeScalars.allSatisfy { $0.properties.isAlphabetic || $0.properties.isMath }
    return plain ? found : "VALUE"
  }

  /// At most 20 names of at most 40 characters: a file without a header has texts in their place.
  private static func list(_ names: [String]) -> String {
    let shown = names.prefix(20).map { "'\(shortened($0))'" }.joined(separator: ", ")
    return names.count > 20 ? "\(shown) and \(names.count - 20) more" : shown
  }

  private static func suggestion(for name: String, among names: [String]) -> String {
    guard let nearest = nearestName(to: name, among: names) else { return "" }
    return "; did you mean '\(nearest)'?"
  }
}

/// At most 40 characters of a text from a file, without control characters.
func shortened(_ text: String) -> String {
  let cleaned = String(
    String.UnicodeScalarView(
      text.unicodeScalars.prefix(41).map { $0.properties.generalCategory == .control ? " " : $0 })
  )
  return cleaned.unicodeScalars.count > 40
    ? String(String.UnicodeScalarView(cleaned.unicodeScalars.prefix(40))) + "..." : cleaned
}

/// `1 field`, `2 fields`.
func counted(_ count: Int, _ noun: String) -> String {
  count == 1 ? "1 \(noun)" : "\(count) \(noun)s"
}

/// The name that the user most likely means: equal except for case, or at most a third of it mistyped.
///
/// `nil` if no name is near.
public func nearestName(to wanted: String, among names: [String]) -> String? {
  guard wanted.utf8.count <= 64 else { return nil }
  let lowered = Array(wanted.lowercased().unicodeScalars)
  var best: (name: String, distance: Int)?
  for name in names where name.utf8.count <= 64 {
    let distance = editDistance(lowered, Array(name.lowercased().unicodeScalars))
    if distance < best?.distance ?? .max { best = (name, distance) }
  }
  guard let best, best.distance <= max(1, (lowered.count + 1) / 3) else { return nil }
  return best.name
}

/// Levenshtein's distance, one row at a time.
private func editDistance(_ a: [Unicode.Scalar], _ b: [Unicode.Scalar]) -> Int {
  var row = Array(0...b.count)
  for (i, left) in a.enumerated() {
    var diagonal = row[0]
    row[0] = i + 1
    for (j, right) in b.enumerated() {
      let substituted = diagonal + (left == right ? 0 : 1)
      diagonal = row[j + 1]
      row[j + 1] = min(substituted, diagonal + 1, row[j] + 1)
    }
  }
  return row[b.count]
}
