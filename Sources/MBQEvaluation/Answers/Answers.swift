/// The answers of a model, and of a baseline if there is one, to the rows of a dataset or to a part of them:
/// the input of evaluations and comparisons.
///
/// A row costs its logits and at most 8 bytes. Of the texts, only the starts of listed rows are kept.
public struct Answers: Sendable, Equatable {
  public private(set) var key: AnswersKey
  public private(set) var outputs: Outputs
  /// `nil` without a baseline.
  public private(set) var baseline: Outputs?
  /// (rows) `nil` without labels.
  public private(set) var truths: [Int32]?
  /// (rows) Twice the number of tokens read, plus 1 if the text was cut.
  private(set) var packedLengths: [UInt32]
  public private(set) var mistakes: Mistakes
  public private(set) var flips: FlipList

  /// No answers yet.
  ///
  /// Refuses more labels than `Outputs` can score.
  public init(key: AnswersKey) throws(EvaluationError) {
    self.key = key
    let labels = key.model.labels.count
    outputs = try Outputs(labelCount: labels, decision: key.model.decision)
    if let baseline = key.baseline {
      self.baseline = try Outputs(labelCount: labels, decision: baseline.decision)
    }
    truths = key.dataset.labelColumn == nil ? nil : []
    packedLengths = []
    mistakes = Mistakes(limit: key.mistakeLimit)
    flips = FlipList(limit: key.flipLimit)
  }

  /// From the parts of a file whose consistency has been checked.
  init(
    key: AnswersKey, outputs: Outputs, baseline: Outputs?, truths: [Int32]?,
    packedLengths: [UInt32], mistakes: Mistakes, flips: FlipList
  ) {
    self.key = key
    self.outputs = outputs
    self.baseline = baseline
    self.truths = truths
    self.packedLengths = packedLengths
    self.mistakes = mistakes
    self.flips = flips
  }

  public var rowCount: Int { packedLengths.count }
  /// Whether every row of its part has an answer.
  public var isComplete: Bool { rowCount == key.rowCount }
  /// (rows) Tokens, as the model read them.
  public var lengths: [Int] { packedLengths.map { Int($0 >> 1) } }

  /// Adds the answer to the next row of the part.
  ///
  /// `truth` is given if rows have labels, `baselineLogits` if there is a baseline; logits are as their
  /// model gave them. Refuses a NaN or an infinity.
  public mutating func append(
    text: String, truth: Int?, logits: some Collection<Float>,
    baselineLogits: (some Collection<Float>)?, tokens: Int, isTruncated: Bool
  ) throws(EvaluationError) {
    let place = rowCount
    let number = key.shard.row(place) + 1
    let predicted = try outputs.append(logits: logits)
    if let baselineLogits { try baseline?.append(logits: baselineLogits) }
    packedLengths.append(UInt32(tokens) << 1 | (isTruncated ? 1 : 0))
    if let truth {
      truths?.append(Int32(truth))
      if predicted != truth { addMistake(place, number, truth, predicted, text) }
    }
    if let baseline {
      flips.add(
        baseline: baseline, baselineRow: place, candidate: outputs, candidateRow: place,
        truth: truth, number: number, text: text)
    }
  }

  /// Sets the facts that a stream has only after its last row, such as the number of rows.
  public mutating func setDataset(_ dataset: EvaluationSummary.Dataset, digest: String) {
    key.dataset = dataset
    key.datasetDigest = digest
  }

  private mutating func addMistake(
    _ place: Int, _ number: Int, _ truth: Int, _ predicted: Int, _ text: String
  ) {
    let probability = outputs.probability(of: predicted, row: place)
    mistakes.add(
      row: number, truth: truth, predicted: predicted, probability: probability,
      margin: probability - outputs.probability(of: truth, row: place), text: text)
  }

  /// Merges the parts of one dataset, each with the name of its file, in any order.
  ///
  /// The result is the same value as that of one run over the whole dataset. Refuses parts that are unfinished,
  /// missing, doubled, or of different models, data or options (`AnswersMergeError`).
  public static func merged(
    _ parts: [(name: String, answers: Answers)]
  ) throws(AnswersMergeError) -> Answers {
    guard let first = parts.first else { throw .nothing }
    let count = first.answers.key.shard.count
    var places: [Int: (name: String, answers: Answers)] = [:]
    for part in parts {
      let key = part.answers.key
      if let difference = key.difference(from: first.answers.key, ignoringShard: true) {
        throw .different(first: first.name, second: part.name, what: difference)
      }
      guard part.answers.isComplete else {
        throw .unfinished(name: part.name, rows: part.answers.rowCount, expected: key.rowCount)
      }
      if let other = places.updateValue(part, forKey: key.shard.index) {
        throw .double(index: key.shard.index, count: count, first: other.name, second: part.name)
      }
    }
    let missing = (1...count).filter { places[$0] == nil }
    guard missing.isEmpty else { throw .missing(indices: missing, count: count) }
    let ordered = (1...count).map { places[$0]!.answers }
    return joined(ordered)
  }

  /// Takes rows from the parts in turn, as the shards were dealt.
  private static func joined(_ parts: [Answers]) -> Answers {
    if parts.count == 1 { return parts[0] }
    var key = parts[0].key
    key.shard = .whole
    var mistakes = Mistakes(limit: key.mistakeLimit)
    var flips = FlipList(limit: key.flipLimit)
    for part in parts {
      mistakes.merge(part.mistakes)
      flips.merge(part.flips)
    }
    func inTurn<Value>(_ list: (Answers) -> [Value]) -> [Value] {
      let lists = parts.map(list)
      return (0..<key.dataset.rows).map { lists[$0 % lists.count][$0 / lists.count] }
    }
    return Answers(
      key: key, outputs: Outputs(interleaving: parts.map(\.outputs)),
      baseline: key.baseline == nil
        ? nil : Outputs(interleaving: parts.compactMap(\.baseline)),
      truths: parts[0].truths == nil ? nil : inTurn { $0.truths ?? [] },
      packedLengths: inTurn(\.packedLengths), mistakes: mistakes, flips: flips)
  }
}

extension Answers {
  /// The evaluation of the model; `nil` without labels.
  ///
  /// Refuses no rows at all.
  public func evaluation(
    timing: EvaluationSummary.Timing? = nil, confidence: Double = 0.95
  ) throws(EvaluationError) -> EvaluationSummary? {
    guard let truths else { return nil }
    return try EvaluationSummary(
      model: key.model.summary, dataset: key.dataset, run: run, timing: timing,
      predictions: Predictions(outputs: outputs, truths: truths), labelNames: key.model.labels,
      mistakes: mistakes, confidence: confidence)
  }

  /// The comparison with the baseline; `nil` without one.
  ///
  /// Refuses no rows at all.
  public func comparison(confidence: Double = 0.95) throws(EvaluationError) -> ComparisonSummary? {
    guard let baseline, let model = key.baseline else { return nil }
    let paired = try PairedAnswers(
      baseline: baseline, candidate: outputs, truths: truths, lengths: lengths)
    return ComparisonSummary(
      baseline: model.summary, candidate: key.model.summary, dataset: key.dataset, answers: paired,
      labelNames: key.model.labels, flips: flips, confidence: confidence)
  }

  public var run: EvaluationSummary.Run {
    EvaluationSummary.Run(
      tokens: packedLengths.reduce(0) { $0 + Int($1 >> 1) }, tokenLimit: key.model.tokenLimit,
      truncatedRows: packedLengths.count { $0 & 1 == 1 })
  }
}
