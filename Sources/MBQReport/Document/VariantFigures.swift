import MBQEvaluation

/// All figures of one variant.
public struct VariantFigures: Sendable, Equatable, Codable {
  /// The time of one text in batches of a size, in nanoseconds.
  public struct Latency: Sendable, Equatable, Codable {
    /// Texts a batch.
    public var batch: Int
    public var p50: Double
    public var p90: Double
    public var p99: Double
    /// The median over rounds of this variant's time divided by the baseline's in the same round.
    public var ratioToBaseline: Double

    /// `sample` is of whole batches.
    public init(batch: Int, sample: LatencySample, ratioToBaseline: Double) {
      self.batch = batch
      p50 = sample.p50 / Double(batch)
      p90 = sample.p90 / Double(batch)
      p99 = sample.p99 / Double(batch)
      self.ratioToBaseline = ratioToBaseline
    }
  }

  /// The relative error of the hidden state after a layer against the baseline's.
  public struct LayerError: Sendable, Equatable, Codable {
    /// From 1.
    public var layer: Int
    /// ‖variant − baseline‖ / ‖baseline‖, over all tokens.
    public var error: Double

    public init(layer: Int, error: Double) {
      self.layer = layer
      self.error = error
    }
  }

  /// What the file is.
  public struct File: Sendable, Equatable, Codable {
    public var path: String
    /// How most weights are stored, such as `int8`.
    public var scheme: String
    /// The recipe stated in the file; empty if there is none.
    public var recipe: String
    public var fileBytes: Int
    /// The file, deflated by zlib at level 9 unless its weights are stored compressed.
    public var downloadBytes: Int
    /// Whether its weights are stored compressed.
    public var isCompressed: Bool
    /// Numbers in its tensors.
    public var parameters: Int
    /// The share of the weights of its linears that are zero.
    public var zeroShare: Double

    public init(
      path: String, scheme: String, recipe: String, fileBytes: Int, downloadBytes: Int,
      isCompressed: Bool, parameters: Int, zeroShare: Double
    ) {
      self.path = path
      self.scheme = scheme
      self.recipe = recipe
      self.fileBytes = fileBytes
      self.downloadBytes = downloadBytes
      self.isCompressed = isCompressed
      self.parameters = parameters
      self.zeroShare = zeroShare
    }
  }

  /// The cost of running it.
  public struct Cost: Sendable, Equatable, Codable {
    /// The peak memory of a process that opens it and answers one text; `null` if the system does not
    /// report it.
    @OrNull public var peakMemoryBytes: Int?
    /// From the call until the model is ready, in a new process.
    public var loadNanoseconds: Double
    public var latencies: [Latency]
    /// Over the dataset, with reading and tokenizing.
    public var textsPerSecond: Double
    public var tokensPerSecond: Double

    public init(
      peakMemoryBytes: Int?, loadNanoseconds: Double, latencies: [Latency],
      textsPerSecond: Double, tokensPerSecond: Double
    ) {
      self.peakMemoryBytes = peakMemoryBytes
      self.loadNanoseconds = loadNanoseconds
      self.latencies = latencies
      self.textsPerSecond = textsPerSecond
      self.tokensPerSecond = tokensPerSecond
    }
  }

  /// The quality of its answers.
  public struct Quality: Sendable, Equatable, Codable {
    public var correct: Int
    public var accuracy: Double
    /// 95 %, Wilson's.
    public var accuracyInterval: Interval
    @OrNull public var weightedF1: Double?
    @OrNull public var calibrationError: Double?
    /// (true labels, predicted labels) Rows of the dataset.
    public var confusion: [[Int]]
    public var reliability: [ReliabilityBins.Bin]

    /// `predictions` has at least one row.
    public init(_ predictions: Predictions) {
      let confusion = predictions.confusion
      correct = confusion.correct
      accuracy = Double(confusion.correct) / Double(max(confusion.total, 1))
      accuracyInterval =
        .wilson(successes: confusion.correct, total: confusion.total)
        ?? Interval(lower: 0, upper: 1)
      weightedF1 = WeightedF1.value(of: predictions).value
      calibrationError = CalibrationError.value(of: predictions).value
      self.confusion = (0..<predictions.labelCount).map { truth in
        (0..<predictions.labelCount).map { confusion[truth: truth, predicted: $0] }
      }
      reliability = ReliabilityBins.bins(of: predictions)
    }
  }

  /// Unique in its report.
  public var name: String
  public var file: File
  public var cost: Cost
  public var quality: Quality
  /// `null` for the baseline.
  @OrNull public var comparison: ComparisonFigures?
  /// Empty for the baseline, and if a comparison layer by layer is not possible.
  public var layerErrors: [LayerError]

  public init(
    name: String, file: File, cost: Cost, quality: Quality, comparison: ComparisonFigures?,
    layerErrors: [LayerError]
  ) {
    self.name = name
    self.file = file
    self.cost = cost
    self.quality = quality
    self.comparison = comparison
    self.layerErrors = layerErrors
  }

  /// The latency at a batch size.
  public func latency(batch: Int) -> Latency? { cost.latencies.first { $0.batch == batch } }
}
