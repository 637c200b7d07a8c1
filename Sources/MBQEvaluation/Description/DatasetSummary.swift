/// The figures of a dataset; what `mbq data describe --json` prints.
///
/// Shares are from 0 to 1, of all rows unless said otherwise; rows count from 1.
public struct DatasetSummary: Sendable, Encodable {
  public struct Source: Sendable, Encodable {
    public var path: String
    public var format: String
    public var columns: [String]
    public var textColumns: [String]
    /// Missing if the labels were not read.
    public var labelColumn: String?

    public init(
      path: String, format: String, columns: [String], textColumns: [String], labelColumn: String?
    ) {
      self.path = path
      self.format = format
      self.columns = columns
      self.textColumns = textColumns
      self.labelColumn = labelColumn
    }
  }

  /// A value of the label column.
  public struct Class: Sendable, Encodable {
    public var label: String
    public var rows: Int
    public var share: Double
    /// The model's name for it; missing without a model or without such a label.
    public var modelLabel: String?
  }

  public struct Lengths: Sendable, Encodable {
    public var total: Int
    public var mean: Double
    public var median: Double
    public var p90: Double
    public var p99: Double
    public var longest: DatasetDescription.Longest
    public var histogram: [TextLengths.Bin]
  }

  /// Two texts are the same if they are equal after every run of white space becomes one space; blank texts
  /// do not count.
  public struct Duplicates: Sendable, Encodable {
    /// Rows with the text of an earlier row.
    public var rows: Int
    public var share: Double
    public var firstRow: Int?
    public var firstOriginalRow: Int?
    /// Texts with two labels or more, and all their rows.
    public var contradictoryTexts: Int
    public var contradictoryRows: Int
    public var contradictions: [DatasetDescription.Contradiction]
  }

  /// With the tokens that begin and end a text.
  public struct Tokens: Sendable, Encodable {
    /// The source of the tokenizer.
    public var tokenizer: String
    public var lengths: Lengths
    public var limit: Int
    public var truncatedTexts: Int
    public var truncatedShare: Double
    /// Tokens beyond the limit.
    public var cutTokens: Int
    public var cutShare: Double
    public var unknownTokens: Int
    /// Of all tokens.
    public var unknownShare: Double
    public var textsWithUnknown: Int
  }

  public var dataset: Source
  public var rows: Int
  /// Rows without any text.
  public var blankTexts: Int
  /// For each of the text columns the rows in which it is blank.
  public var blankFields: [Int]
  public var blankLabels: Int
  /// Rows whose labels are not in `classes`, because there are too many labels.
  public var otherLabels: Int
  public var classes: [Class]
  public var characters: Lengths
  public var tokens: Tokens?
  public var duplicates: Duplicates
  /// Warnings, one sentence each.
  public var notes: [String]

  /// `labels` are the model's, `tokenizer` is where the tokenizer is from.
  public init(
    _ description: DatasetDescription, dataset: Source, blankFields: [Int],
    labels: LabelVocabulary? = nil, tokenizer: String = ""
  ) {
    func share(_ part: Int, _ whole: Int) -> Double {
      whole == 0 ? 0 : Double(part) / Double(whole)
    }
    self.dataset = dataset
    rows = description.rows
    blankTexts = description.blankTexts
    self.blankFields = blankFields
    blankLabels = description.blankLabels
    otherLabels = description.otherLabels
    classes = description.classes.map { item in
      Class(
        label: item.name, rows: item.rows, share: share(item.rows, description.rows),
        modelLabel: labels.flatMap { names in names.index(of: item.name).map { names.names[$0] } })
    }
    characters = Self.lengths(description.characters, description.longest)
    duplicates = Duplicates(
      rows: description.duplicates, share: share(description.duplicates, description.rows),
      firstRow: description.firstDuplicate?.row,
      firstOriginalRow: description.firstDuplicate?.of,
      contradictoryTexts: description.contradictoryTexts,
      contradictoryRows: description.contradictoryRows,
      contradictions: description.contradictions)
    tokens = description.tokenizing.map { tokenizing in
      Tokens(
        tokenizer: tokenizer, lengths: Self.lengths(description.tokens, description.mostTokens),
        limit: tokenizing.limit, truncatedTexts: description.truncated,
        truncatedShare: share(description.truncated, description.rows),
        cutTokens: description.tokensCut,
        cutShare: share(description.tokensCut, description.tokens.total),
        unknownTokens: description.unknownTokens,
        unknownShare: share(description.unknownTokens, description.tokens.total),
        textsWithUnknown: description.textsWithUnknown)
    }
    notes = []
    notes = remarks(labels)
  }

  private static func lengths(
    _ lengths: TextLengths, _ longest: DatasetDescription.Longest
  ) -> Lengths {
    let values = lengths.percentiles([0.5, 0.9, 0.99])
    return Lengths(
      total: lengths.total, mean: lengths.mean, median: values[0], p90: values[1], p99: values[2],
      longest: longest, histogram: lengths.bins)
  }

  private func remarks(_ labels: LabelVocabulary?) -> [String] {
    var notes: [String] = []
    if duplicates.contradictoryTexts > 0 {
      notes.append(
        "the same text under different labels: \(counted(duplicates.contradictoryTexts, "text")) in "
          + "\(counted(duplicates.contradictoryRows, "row")); no model can be right about all of them"
      )
    }
    if let first = duplicates.firstRow, let original = duplicates.firstOriginalRow {
      notes.append(
        "repeated texts: \(counted(duplicates.rows, "row")), the first row \(first), as row "
          + "\(original); parts split from this file would share texts")
    }
    if blankTexts > 0 {
      notes.append("blank texts: \(counted(blankTexts, "row")); a model answers them all the same")
    }
    if blankLabels > 0 {
      notes.append("blank labels: \(counted(blankLabels, "row")); 'mbq evaluate' refuses them")
    }
    if otherLabels > 0 {
      notes.append(
        "'\(dataset.labelColumn ?? "")' has more than \(DatasetDescription.labelLimit) values "
          + "(the rest in \(counted(otherLabels, "row"))); is it the label?")
    }
    if let labels {
      let unknown = classes.filter { $0.modelLabel == nil }
      if !unknown.isEmpty {
        notes.append(
          "the model has no label '\(shortened(unknown[0].label))'"
            + (unknown.count > 1 ? " nor \(unknown.count - 1) more" : "")
            + "; allowed are \(labels.allowed); translate with --label-map")
      }
    }
    if let tokens, tokens.truncatedShare > 0.1 {
      notes.append(
        "more than a tenth of the texts are longer than \(tokens.limit) tokens; the model does not "
          + "see their ends")
    }
    if let tokens, tokens.unknownShare > 0.01 {
      notes.append(
        "more than 1 % of the tokens are unknown to the tokenizer; is it of this language?")
    }
    return notes
  }
}
