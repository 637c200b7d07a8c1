public import MBQModel

/// Everything that answers depend on: answers with another key are not usable.
public struct AnswersKey: Sendable, Equatable, Codable {
  public struct Model: Sendable, Equatable, Codable {
    public var summary: EvaluationSummary.Model
    /// SHA-256 of the file, in hexadecimal.
    public var digest: String
    public var labels: [String]
    /// The most tokens a text may have.
    public var tokenLimit: Int
    /// The lowest probability at which the second of two labels is given.
    public var threshold: Float
    /// The divisor of the logits before the softmax; `nil` is 1.
    public var temperature: Float?

    public init(
      summary: EvaluationSummary.Model, digest: String, labels: [String], tokenLimit: Int,
      decision: Decision = Decision()
    ) {
      self.summary = summary
      self.digest = digest
      self.labels = labels
      self.tokenLimit = tokenLimit
      threshold = decision.threshold
      temperature = decision.temperature == 1 ? nil : decision.temperature
    }

    public var decision: Decision {
      Decision(temperature: temperature ?? 1, threshold: threshold)
    }
  }

  /// Part `index` (from 1) of `count`: the rows r, counted from 0, with r mod count = index − 1.
  ///
  /// A range would have no advantage, because a reader must pass over the rows before it. Rows in turn need
  /// no row count, and a file sorted by source or length gives even parts.
  public struct Shard: Sendable, Equatable, Codable {
    public var index: Int
    public var count: Int

    public static var whole: Shard { Shard(index: 1, count: 1) }
    /// The most parts of a dataset.
    public static var largestCount: Int { 100_000 }

    public init(index: Int, count: Int) {
      self.index = index
      self.count = count
    }

    public var isValid: Bool {
      (1...Self.largestCount).contains(count) && (1...count).contains(index)
    }

    /// Whether it has `row`, counted from 0.
    public func contains(_ row: Int) -> Bool { row % count == index - 1 }

    /// The number of its rows of `rows`.
    public func rows(of rows: Int) -> Int { (rows + count - index) / count }

    /// The row of the dataset, from 0, for its row `place`.
    public func row(_ place: Int) -> Int { place * count + index - 1 }
  }

  public var model: Model
  public var baseline: Model?
  public var dataset: EvaluationSummary.Dataset
  /// SHA-256 of the texts and labels of all rows, in hexadecimal.
  public var datasetDigest: String
  public var shard: Shard
  public var mistakeLimit: Int
  public var flipLimit: Int

  public init(
    model: Model, baseline: Model?, dataset: EvaluationSummary.Dataset, datasetDigest: String,
    shard: Shard, mistakeLimit: Int, flipLimit: Int
  ) {
    self.model = model
    self.baseline = baseline
    self.dataset = dataset
    self.datasetDigest = datasetDigest
    self.shard = shard
    self.mistakeLimit = mistakeLimit
    self.flipLimit = flipLimit
  }

  /// The rows of the dataset that belong to the key's part.
  public var rowCount: Int { shard.rows(of: dataset.rows) }

  /// The first difference, in words; `nil` if one run may resume the other.
  ///
  /// The contents of the files count, not their paths.
  public func difference(from other: AnswersKey, ignoringShard: Bool = false) -> String? {
    if model.digest != other.model.digest { return "the model" }
    if model.labels != other.model.labels { return "the labels" }
    if model.decision != other.model.decision { return "the decision (temperature, threshold)" }
    if model.tokenLimit != other.model.tokenLimit { return "the length texts are cut to" }
    if baseline?.digest != other.baseline?.digest { return "the baseline" }
    if baseline?.decision != other.baseline?.decision {
      return "the baseline's decision (temperature, threshold)"
    }
    if baseline?.tokenLimit != other.baseline?.tokenLimit {
      return "the length texts are cut to for the baseline"
    }
    if datasetDigest != other.datasetDigest || dataset.rows != other.dataset.rows {
      return "the rows of the dataset"
    }
    if (dataset.labelColumn == nil) != (other.dataset.labelColumn == nil) {
      return "whether rows have labels"
    }
    if mistakeLimit != other.mistakeLimit { return "--mistakes" }
    if flipLimit != other.flipLimit { return "--flips" }
    if shard.count != other.shard.count { return "the number of parts" }
    if !ignoringShard && shard.index != other.shard.index { return "the part" }
    return nil
  }
}
