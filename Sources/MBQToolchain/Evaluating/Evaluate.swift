import MBQCore
import MBQEvaluation
import MBQRuntime

/// What `Toolchain.evaluate` measures.
public struct EvaluateOptions: Sendable, Equatable {
  /// A packed model.
  public var model: String
  /// The dataset; `-` is standard input.
  public var data: String
  /// What the answers are compared with: a packed model, or the answers kept of one.
  public var baseline: String?
  public var dataset = DatasetOptions()
  /// Compares on texts alone, even if there are labels.
  public var isUnlabelled = false
  /// Texts are cut to this many tokens; `nil`: what the model reads.
  public var maximumTokens: Int?
  /// Of every interval.
  public var confidence = Share(0.95)
  /// Wrong answers to list, the surest first.
  public var mistakes = 5
  /// Changed answers to list, the most harmful first.
  public var flips = 10
  /// Gets every wrong answer with its text: CSV, or JSON Lines by its ending.
  public var mistakesFile: String?
  /// Keeps the answers; an ended run goes on from it.
  public var output: String?
  /// Answers only part `index` (from 1) of `count`: every `count`-th row.
  public var shard: (index: Int, count: Int)? {
    get { part.map { ($0.index, $0.count) } }
    set { part = newValue.map { .init(index: $0.index, count: $0.count) } }
  }
  private(set) var part: AnswersKey.Shard?
  /// Whether the evaluation has what differs from run to run: seconds, threads, kernels.
  public var includesTiming = true

  public init(model: String, data: String, baseline: String? = nil) {
    self.model = model
    self.data = data
    self.baseline = baseline
  }
}

/// What `Toolchain.evaluate` found.
public struct EvaluateResult: Sendable {
  /// `nil` without labels.
  public var evaluation: EvaluationSummary?
  /// `nil` without a baseline.
  public var comparison: ComparisonSummary?
  /// Rows answered.
  public var rows: Int
  package var answers: Answers
  package var timing: EvaluationSummary.Timing?

  fileprivate init(
    _ answers: Answers, timing: EvaluationSummary.Timing?, confidence: Share
  ) throws(EvaluationError) {
    evaluation = try answers.evaluation(timing: timing, confidence: confidence.value)
    comparison = try answers.comparison(confidence: confidence.value)
    rows = answers.rowCount
    self.answers = answers
    self.timing = timing
  }
}

extension Toolchain {
  /// Runs a packed model over a dataset, streaming, and scores it or compares it, or both.
  ///
  /// Refuses files that cannot be read, labels the model has not, and results in the place of inputs.
  public func evaluate(_ options: EvaluateOptions) throws -> EvaluateResult {
    let inputs = [options.model, options.data, options.baseline]
    try OutputPlace.refuse(
      options.mistakesFile, .mistakesFile, ifOneOf: inputs + [options.output])
    try OutputPlace.refuse(options.output, .output, ifOneOf: inputs)
    let model = try model(options.model)
    try EvaluationRunError.refuseMultiLabel(model, options.model)
    let baseline = try options.baseline.map {
      try BaselineSource.open($0, for: model, named: options.model, self)
    }
    var run = EvaluationRun(
      toolchain: self, options: options.dataset, maxTokens: options.maximumTokens,
      mistakeLimit: options.mistakes, flipLimit: options.flips)
    run.isUnlabelled = options.isUnlabelled
    run.output = options.output
    if let shard = options.part { run.shard = shard }
    let result: EvaluationRun.Result
    if let mistakesFile = options.mistakesFile {
      result = try MistakesFile(path: mistakesFile, labels: model.labels).write { visit in
        try run.run(
          options.model, model: model, data: options.data, baseline: baseline, visit: visit)
      }
    } else {
      result = try run.run(options.model, model: model, data: options.data, baseline: baseline)
    }
    return try EvaluateResult(
      result.answers, timing: options.includesTiming ? result.timing : nil,
      confidence: options.confidence)
  }

  /// Puts the answers of all parts of a dataset together, in any order.
  ///
  /// The result is that of one run, to the byte; `output` keeps the answers. Refuses parts that do not
  /// belong together (`AnswersMergeError`).
  public func mergeAnswers(
    _ files: [String], output: String? = nil, confidence: Share = Share(0.95)
  ) throws -> EvaluateResult {
    try OutputPlace.refuse(output, .output, ifOneOf: files)
    var parts: [(name: String, answers: Answers)] = []
    for path in files { parts.append((path, try AnswersFile.read(path: path))) }
    let answers = try Answers.merged(parts)
    if let output { try AnswersFile.write(answers, to: output) }
    return try EvaluateResult(answers, timing: nil, confidence: confidence)
  }
}
