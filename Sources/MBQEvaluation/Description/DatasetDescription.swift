import MBQTokenizer

/// A description of a dataset, built from its texts one at a time.
///
/// Memory is about 50 bytes a row, for texts of any length.
public struct DatasetDescription: Sendable {
  /// The tokenizer, and the most tokens that the model takes.
  public struct Tokenizing: Sendable {
    public var tokenizer: WordPieceTokenizer
    public var limit: Int

    public init(tokenizer: WordPieceTokenizer, limit: Int) {
      self.tokenizer = tokenizer
      self.limit = limit
    }
  }

  /// A row that stands out, and its length.
  public struct Longest: Sendable, Equatable, Encodable {
    public var row = 0
    public var length = 0
    /// The start of the text.
    public var excerpt = ""
  }

  /// The same text under two labels.
  public struct Contradiction: Sendable, Equatable, Encodable {
    public var row: Int
    public var otherRow: Int
    public var label: String
    public var otherLabel: String
    public var excerpt: String
  }

  /// The most values of the label column that are told apart.
  public static let labelLimit = 1000
  /// The most contradictions shown; all are counted.
  public static let contradictionLimit = 5

  public private(set) var rows = 0
  public private(set) var blankTexts = 0
  public private(set) var characters = TextLengths()
  public private(set) var longest = Longest()

  // Labels.

  public private(set) var blankLabels = 0
  /// Rows whose labels came after there were too many.
  public private(set) var otherLabels = 0
  private var labels: [(name: String, rows: Int)] = []
  private var labelPlaces: [[UInt8]: Int32] = [:]

  // Repeated texts; blank ones are not looked at.

  /// Rows with the text of an earlier row.
  public private(set) var duplicates = 0
  public private(set) var firstDuplicate: (row: Int, of: Int)?
  /// Texts that have two labels or more, and the rows they are in.
  public private(set) var contradictoryTexts = 0
  public private(set) var contradictoryRows = 0
  public private(set) var contradictions: [Contradiction] = []
  private var seen: [TextDigests.Digest: Occurrence] = [:]

  private struct Occurrence {
    var row: UInt32
    var count: UInt32
    /// -1 without one.
    var label: Int32
    var isContradictory = false
  }

  // Tokens.

  public let tokenizing: Tokenizing?
  public private(set) var tokens = TextLengths()
  public private(set) var truncated = 0
  public private(set) var tokensCut = 0
  public private(set) var unknownTokens = 0
  /// Texts with an unknown token.
  public private(set) var textsWithUnknown = 0
  public private(set) var mostTokens = Longest()
  private var ids: [UInt32] = []

  public init(tokenizing: Tokenizing? = nil) { self.tokenizing = tokenizing }

  /// The values of the label column and how many rows have them: numbers by value, others by name.
  public var classes: [(name: String, rows: Int)] {
    var table = ClassTable()
    for label in labels { _ = table.append(label.name) }
    table.sort()
    var sorted = table.names.map { (name: $0, rows: 0) }
    for (place, label) in zip(table.classes, labels) { sorted[Int(place)].rows += label.rows }
    return sorted
  }

  public mutating func add(_ row: LabelledText) {
    rows += 1
    var text = row.text
    text.withUTF8 { bytes in
      // As Python counts: code points, of which each begins with a byte that continues none.
      var count = 0
      for byte in bytes { count &+= byte & 0xC0 == 0x80 ? 0 : 1 }
      characters.add(count)
      if count > longest.length {
        longest = Longest(row: row.row, length: count, excerpt: Self.excerpt(bytes))
      }
      if let tokenizing { addTokens(bytes, row.row, tokenizing) }
    }
    let label = row.labelText.map { addLabel($0) }
    if text.isEmpty {
      blankTexts += 1
    } else {
      addOccurrence(of: text, row.row, label ?? -1)
    }
  }

  private mutating func addTokens(
    _ bytes: UnsafeBufferPointer<UInt8>, _ row: Int, _ tokenizing: Tokenizing
  ) {
    let summary = tokenizing.tokenizer.encode(bytes, limit: .max, into: &ids)
    tokens.add(ids.count)
    if ids.count > tokenizing.limit {
      truncated += 1
      tokensCut += ids.count - tokenizing.limit
    }
    unknownTokens += summary.unknownCount
    if summary.unknownCount > 0 { textsWithUnknown += 1 }
    if ids.count > mostTokens.length {
      mostTokens = Longest(row: row, length: ids.count, excerpt: Self.excerpt(bytes))
    }
  }

  /// The label's number, -1 for a blank one.
  private mutating func addLabel(_ name: String) -> Int32 {
    let bytes = Array(name.utf8)
    var key = Array(bytes[strippedRange(of: bytes)])
    // What pandas makes of whole numbers in a column with gaps.
    let point = key.count - 2
    if point > 0, key[point...].elementsEqual(".0".utf8),
      key[..<point].allSatisfy({ (0x30...0x39).contains($0) })
    {
      key.removeLast(2)
    }
    if key.isEmpty {
      blankLabels += 1
      return -1
    }
    if let place = labelPlaces[key] {
      labels[Int(place)].rows += 1
      return place
    }
    guard labels.count < Self.labelLimit else {
      otherLabels += 1
      return -1
    }
    labelPlaces[key] = Int32(labels.count)
    labels.append((String(decoding: key, as: UTF8.self), 1))
    return Int32(labels.count - 1)
  }

  private mutating func addOccurrence(of text: String, _ row: Int, _ label: Int32) {
    let digest = TextDigests.digest(text)
    guard var first = seen[digest] else {
      seen[digest] = Occurrence(row: UInt32(clamping: row), count: 1, label: label)
      return
    }
    duplicates += 1
    if firstDuplicate == nil { firstDuplicate = (row, Int(first.row)) }
    first.count += 1
    if first.isContradictory {
      contradictoryRows += 1
    } else if label >= 0, first.label >= 0, label != first.label {
      first.isContradictory = true
      contradictoryTexts += 1
      contradictoryRows += Int(first.count)
      if contradictions.count < Self.contradictionLimit {
        contradictions.append(
          Contradiction(
            row: Int(first.row), otherRow: row, label: labels[Int(first.label)].name,
            otherLabel: labels[Int(label)].name,
            excerpt: Array(text.utf8).withUnsafeBufferPointer { Self.excerpt($0) }))
      }
    } else if first.label < 0 {
      first.label = label
    }
    seen[digest] = first
  }

  private static func excerpt(_ bytes: UnsafeBufferPointer<UInt8>) -> String {
    String(
      String.UnicodeScalarView(
        String(decoding: bytes.prefix(400), as: UTF8.self).unicodeScalars.prefix(80)))
  }
}
