import MBQEvaluation

/// The result of `mbq report` as plain values: the source of report.html, report.md and report.json.
///
/// The property names are the keys of the JSON form (Formats/report/report.md) and do not change within
/// a `schema`.
public struct ReportDocument: Sendable, Equatable, Codable {
  public struct Label: Sendable, Equatable, Codable {
    public var name: String
    /// The rows that have it.
    public var rows: Int

    public init(name: String, rows: Int) {
      self.name = name
      self.rows = rows
    }
  }

  public struct Dataset: Sendable, Equatable, Codable {
    public var path: String
    public var textColumns: [String]
    public var rows: Int
    /// Rows whose text is empty.
    public var blankRows: Int
    /// The model's labels, in the order of its logits.
    public var labels: [Label]

    public init(
      path: String, textColumns: [String], rows: Int, blankRows: Int, labels: [Label]
    ) {
      self.path = path
      self.textColumns = textColumns
      self.rows = rows
      self.blankRows = blankRows
      self.labels = labels
    }
  }

  /// How it was measured.
  public struct Conditions: Sendable, Equatable, Codable {
    /// The source checkpoint of the variants; `null` if the variants were given as files.
    @OrNull public var checkpoint: String?
    /// The calibration texts of the variants; `null` if there are none.
    @OrNull public var calibrationText: String?
    public var threads: Int
    /// The kernel set that ran, such as `avx2`.
    public var kernels: String
    /// Texts are cut to this many tokens.
    public var tokenLimit: Int
    /// Tokens of the texts of the latency measurement.
    public var latencyTokens: Int
    /// Counted rounds of latency.
    public var rounds: Int
    /// Texts of the measurement of the error after each layer.
    public var layerTexts: Int

    public init(
      checkpoint: String?, calibrationText: String?, threads: Int, kernels: String,
      tokenLimit: Int, latencyTokens: Int, rounds: Int, layerTexts: Int
    ) {
      self.checkpoint = checkpoint
      self.calibrationText = calibrationText
      self.threads = threads
      self.kernels = kernels
      self.tokenLimit = tokenLimit
      self.latencyTokens = latencyTokens
      self.rounds = rounds
      self.layerTexts = layerTexts
    }
  }

  public static let schemaName = "mbq-report/1"

  public var schema = Self.schemaName
  /// The program that wrote it, such as `mbq 0.3.0`.
  public var tool: String
  public var dataset: Dataset
  public var conditions: Conditions
  public var lengths: LengthHistogram
  /// The name of the variant the others are compared with.
  public var baseline: String
  public var variants: [VariantFigures]
  public var recommendation: Recommendation
  /// Warnings about the figures.
  public var notes: [String]

  /// `acceptedDrop` is the accepted loss of accuracy, `acceptedFlips` the accepted share of changed
  /// answers.
  ///
  /// `baseline` is the name of one of `variants`, of which there is at least one.
  public init(
    tool: String, dataset: Dataset, conditions: Conditions, lengths: LengthHistogram,
    baseline: String, variants: [VariantFigures], acceptedDrop: Double,
    acceptedFlips: Double, notes: [String]
  ) {
    self.tool = tool
    self.dataset = dataset
    self.conditions = conditions
    self.lengths = lengths
    self.baseline = baseline
    self.variants = variants
    recommendation = Recommendation(
      variants, baseline: baseline, acceptedDrop: acceptedDrop,
      acceptedFlips: acceptedFlips, rows: dataset.rows)
    self.notes = notes
  }

  /// The variant the others are compared with.
  public var baselineFigures: VariantFigures? { variants.first { $0.name == baseline } }

  /// The variant to take.
  public var recommended: VariantFigures? {
    variants.first { $0.name == recommendation.variant }
  }
}

/// An optional value whose key is always present; it is `null` if the value is unknown.
@propertyWrapper
public struct OrNull<Value: Sendable & Equatable & Codable>: Sendable, Equatable, Codable {
  public var wrappedValue: Value?

  public init(wrappedValue: Value?) { self.wrappedValue = wrappedValue }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    wrappedValue = container.decodeNil() ? nil : try container.decode(Value.self)
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    if let wrappedValue { try container.encode(wrappedValue) } else { try container.encodeNil() }
  }
}
