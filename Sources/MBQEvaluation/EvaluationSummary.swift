/// The result of `mbq evaluate` as plain values: the source of its text, its Markdown and its JSON.
///
/// The property names are the keys of the JSON form and do not change within a `schema`.
public struct EvaluationSummary: Sendable, Equatable, Codable {
  public struct Model: Sendable, Equatable, Codable {
    public var path: String
    /// How the weights are stored, such as `int8`.
    public var scheme: String
    public var fileBytes: Int

    public init(path: String, scheme: String, fileBytes: Int) {
      self.path = path
      self.scheme = scheme
      self.fileBytes = fileBytes
    }
  }

  public struct Dataset: Sendable, Equatable, Codable {
    public var path: String
    public var textColumns: [String]
    public var labelColumn: String?
    public var rows: Int
    /// Rows whose text is empty.
    public var blankRows: Int

    public init(
      path: String, textColumns: [String], labelColumn: String?, rows: Int, blankRows: Int
    ) {
      self.path = path
      self.textColumns = textColumns
      self.labelColumn = labelColumn
      self.rows = rows
      self.blankRows = blankRows
    }
  }

  public struct Run: Sendable, Equatable, Codable {
    /// The tokens the model read, special ones included.
    public var tokens: Int
    /// The most tokens a text may have.
    public var tokenLimit: Int
    /// Texts that were longer and were cut.
    public var truncatedRows: Int

    public init(tokens: Int, tokenLimit: Int, truncatedRows: Int) {
      self.tokens = tokens
      self.tokenLimit = tokenLimit
      self.truncatedRows = truncatedRows
    }
  }

  /// Figures that differ between runs of the same model over the same rows; a result merged from shards
  /// does not have them.
  public struct Timing: Sendable, Equatable, Codable {
    public var seconds: Double
    public var textsPerSecond: Double
    public var tokensPerSecond: Double
    public var threads: Int
    /// The kernel set that ran, such as `avx512-vnni`.
    public var kernels: String

    /// Of `rows` texts with `tokens` tokens in all.
    public init(seconds: Double, rows: Int, tokens: Int, threads: Int, kernels: String) {
      self.seconds = seconds
      textsPerSecond = seconds > 0 ? Double(rows) / seconds : 0
      tokensPerSecond = seconds > 0 ? Double(tokens) / seconds : 0
      self.threads = threads
      self.kernels = kernels
    }
  }

  /// One metric of `Metrics.all`.
  public struct Score: Sendable, Equatable, Codable {
    public var name: String
    public var title: String
    public var style: MetricStyle
    /// `null` where it is not defined for these rows; `note` says why.
    public var value: Double?
    public var interval: Interval?
    public var intervalMethod: IntervalMethod?
    public var note: String?

    public func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(name, forKey: .name)
      try container.encode(title, forKey: .title)
      try container.encode(style, forKey: .style)
      // The key is always present, so that scripts can rely on it; the value may be null.
      try container.encode(value, forKey: .value)
      try container.encodeIfPresent(interval, forKey: .interval)
      try container.encodeIfPresent(intervalMethod, forKey: .intervalMethod)
      try container.encodeIfPresent(note, forKey: .note)
    }
  }

  /// One label of the model.
  public struct Label: Sendable, Equatable, Codable {
    public var name: String
    public var precision: Double
    /// Wilson's; `null` for a label that no answer has.
    public var precisionInterval: Interval?
    public var recall: Double
    /// Wilson's; `null` for a label that no row has.
    public var recallInterval: Interval?
    public var f1: Double
    /// The rows that have it.
    public var support: Int
    /// The rows with this answer.
    public var answers: Int
  }

  public struct Mistake: Sendable, Equatable, Codable {
    /// From 1, as in the dataset.
    public var row: Int
    public var truth: String
    public var predicted: String
    /// Of the label it predicted.
    public var probability: Double
    /// The difference to the probability of the true label.
    public var margin: Double
    /// The start of the text.
    public var excerpt: String
  }

  public var schema = "mbq-evaluation/2"
  public var model: Model
  public var dataset: Dataset
  public var run: Run
  public var timing: Timing?
  /// Of every interval here, such as 0.95.
  public var confidence: Double
  /// The number of right answers, and their share: the figure that most scripts read.
  public var correct: Int
  public var accuracy: Double
  /// Every metric of the registry, accuracy with its interval among them.
  public var scores: [Score]
  public var labels: [Label]
  /// (true labels, predicted labels) Rows, in the order of `labels`.
  public var confusion: [[Int]]
  /// The wrong answers the model was surest of.
  public var mistakes: [Mistake]
  /// Warnings about the figures.
  public var notes: [String]

  /// Scores `predictions`; `labelNames` are the model's, by index.
  ///
  /// Refuses no rows at all.
  public init(
    model: Model, dataset: Dataset, run: Run, timing: Timing? = nil, predictions: Predictions,
    labelNames: [String], mistakes: Mistakes, confidence: Double = 0.95
  ) throws(EvaluationError) {
    precondition(labelNames.count == predictions.labelCount, "a name for every label")
    guard predictions.rowCount > 0 else { throw .nothingToScore }
    self.model = model
    self.dataset = dataset
    self.run = run
    self.timing = timing
    self.confidence = confidence
    let confusion = predictions.confusion
    correct = confusion.correct
    accuracy = Double(confusion.correct) / Double(confusion.total)
    scores = Metrics.scores(of: predictions, confidence: confidence).map {
      Score(
        name: $0.metric.name, title: $0.metric.title, style: $0.metric.style,
        value: $0.value.value, interval: $0.interval?.interval,
        intervalMethod: $0.interval?.method, note: $0.value.note)
    }
    labels = zip(labelNames, confusion.classScores).enumerated().map { index, label in
      let correct = confusion[truth: index, predicted: index]
      return Label(
        name: label.0, precision: label.1.precision,
        precisionInterval: .wilson(
          successes: correct, total: confusion.answers(index), confidence: confidence),
        recall: label.1.recall,
        recallInterval: .wilson(
          successes: correct, total: label.1.support, confidence: confidence),
        f1: label.1.f1, support: label.1.support, answers: confusion.answers(index))
    }
    self.confusion = labelNames.indices.map { truth in
      labelNames.indices.map { confusion[truth: truth, predicted: $0] }
    }
    self.mistakes = mistakes.shown.map {
      Mistake(
        row: $0.row, truth: labelNames[$0.truth], predicted: labelNames[$0.predicted],
        probability: $0.probability, margin: $0.margin, excerpt: $0.excerpt)
    }
    notes = Self.notes(predictions.confusion, labelNames: labelNames, dataset: dataset)
  }

  private static func notes(
    _ confusion: ConfusionMatrix, labelNames: [String], dataset: Dataset
  ) -> [String] {
    var notes: [String] = []
    let total = confusion.total
    for (index, name) in labelNames.enumerated() {
      if confusion.support(index) == 0 { notes.append("no row is labelled '\(name)'") }
      if confusion.answers(index) == total && total > 1 {
        notes.append("every answer is '\(name)'")
      }
    }
    if dataset.blankRows > 0 {
      notes.append(
        "\(counted(dataset.blankRows, "row")) with an empty text "
          + (dataset.blankRows == 1 ? "was" : "were") + " scored too")
    }
    if labelNames.count == 2,
      let interval = Interval.wilson(successes: confusion.correct, total: total),
      interval.upper < 0.5
    {
      notes.append(
        "fewer than half of the answers are right: if the dataset numbers its labels the other "
          + "way round, add --label-map 0=1,1=0")
    }
    return notes
  }

  /// The confusion matrix as the type that computes with it.
  public var confusionMatrix: ConfusionMatrix {
    var matrix = ConfusionMatrix(labelCount: labels.count)
    for (truth, row) in confusion.prefix(labels.count).enumerated() {
      for (predicted, count) in row.prefix(labels.count).enumerated() {
        matrix.count(truth: truth, predicted: predicted, times: count)
      }
    }
    return matrix
  }
}
