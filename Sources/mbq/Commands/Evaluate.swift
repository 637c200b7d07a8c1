import ArgumentParser
import MBQCore
import MBQEvaluation
import MBQReport
import MBQToolchain

struct Evaluate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measures a model on labelled texts, alone or against a baseline.",
    discussion: """
      Reads CSV, TSV or JSON Lines with the columns title, text and label (0, 1, … or label names), \
      streaming. Every \
      figure comes with an interval. With --baseline it says what became of the answers: flips, the \
      drop of the accuracy and what so many rows can show; texts without labels will do for that.

      -o keeps the answers in a file, from which a run that was ended goes on, which serves as \
      --baseline later, and which --merge puts together with other parts: the result is the same to \
      the byte as that of one run.

      Examples:
        mbq evaluate model-int8.mbq --data test.csv
        mbq evaluate model-int8.mbq --data test.csv --baseline model-fp32.mbq
        mbq evaluate model-fp32.mbq --data test.csv -o baseline.answers
        mbq evaluate model-int8.mbq --data test.csv --baseline baseline.answers
        mbq evaluate model-int8.mbq --data big.csv --shard 3/7 -o part3.answers
        mbq evaluate --merge part*.answers --json
      """)

  @Argument(help: "The packed model.")
  var model: String?

  @Option(help: ArgumentHelp("The labelled dataset; - is standard input.", valueName: "file"))
  var data: String?

  @Option(
    help: ArgumentHelp(
      "What to compare the answers with: a model, such as the fp32 one, or its stored answers.",
      valueName: "file"))
  var baseline: String?

  @Flag(help: "Compare on texts alone, even if there is a label column.")
  var unlabelled = false

  @OptionGroup var columns: DataOptions

  @Option(help: ArgumentHelp("Cut texts to this many tokens.", valueName: "n"))
  var maxTokens: Int?

  @OptionGroup var confidence: ConfidenceOption

  @Option(help: ArgumentHelp("Wrong answers to show, the surest first.", valueName: "n"))
  var mistakes = 5

  @Option(
    help: ArgumentHelp(
      "Write every wrong answer with its text: CSV, or JSON Lines (.jsonl).", valueName: "file"))
  var mistakesFile: String?

  @Option(help: ArgumentHelp("Flips to show, the most harmful first.", valueName: "n"))
  var flips = 10

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp("Keep the answers here; an ended run goes on from it.", valueName: "file"))
  var output: String?

  @Option(
    help: ArgumentHelp("Answer only part i of n (every n-th row) and keep it.", valueName: "i/n"))
  var shard: ShardOption?

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "Put kept parts together, in any order, in place of a run.", valueName: "files"))
  var merge: [String] = []

  @Flag(help: "Leave out what differs from run to run: seconds, threads, kernels.")
  var noTiming = false

  @Flag(help: "Print the result as JSON.")
  var json = false

  @Flag(help: "Print the result as Markdown, for a pull request.")
  var markdown = false

  @OptionGroup var runtime: RuntimeOptions

  func validate() throws {
    guard mistakes >= 0 else {
      throw ValidationError("--mistakes is \(mistakes); allowed: 0 or more.")
    }
    guard flips >= 0 else { throw ValidationError("--flips is \(flips); allowed: 0 or more.") }
    guard max(mistakes, flips) <= 10_000 else {
      throw ValidationError("--mistakes and --flips show up to 10000; --mistakes-file writes all.")
    }
    guard !json || !markdown else {
      throw ValidationError("Give either --json or --markdown, not both.")
    }
    guard merge.isEmpty else {
      guard model == nil, data == nil, baseline == nil, shard == nil, mistakesFile == nil else {
        throw ValidationError(
          "--merge reads what was kept: leave out the model, --data, --baseline, --shard and "
            + "--mistakes-file.")
      }
      return
    }
    guard model != nil else { throw ValidationError("Missing expected argument '<model>'") }
    guard let data else { throw ValidationError("Missing expected argument '--data <file>'") }
    guard !unlabelled || baseline != nil else {
      throw ValidationError("Without labels there is nothing to score: give --baseline as well.")
    }
    guard data != "-" || output == nil else {
      throw ValidationError(
        "-o goes on with a file when it is run again: give --data a file, not standard input.")
    }
    if let shard {
      guard AnswersKey.Shard(index: shard.index, count: shard.count).isValid else {
        throw ValidationError(
          "--shard is \(shard.index)/\(shard.count); allowed: i/n with i from 1 to n, n up to "
            + "\(AnswersKey.Shard.largestCount).")
      }
      guard output != nil else {
        throw ValidationError("--shard answers a part of the rows: say with -o where to keep it.")
      }
    }
  }

  func run() throws {
    let toolchain = runtime.toolchain
    guard merge.isEmpty else {
      return try show(
        try toolchain.mergeAnswers(merge, output: output, confidence: confidence.confidence))
    }
    guard let model, let data else { return }
    var options = EvaluateOptions(model: model, data: data, baseline: baseline)
    options.dataset = columns.dataset
    options.isUnlabelled = unlabelled
    options.maximumTokens = maxTokens
    options.confidence = confidence.confidence
    options.mistakes = mistakes
    options.flips = flips
    options.mistakesFile = mistakesFile
    options.output = output
    options.shard = shard.map { ($0.index, $0.count) }
    options.includesTiming = !noTiming
    let result = try toolchain.evaluate(options)
    if shard != nil {
      showPart(result.answers)
    } else {
      try show(result)
    }
  }

  /// The figures of a part mean little; what was done and what comes next does.
  private func showPart(_ answers: Answers) {
    let shard = answers.key.shard
    Output.show(
      Report([
        .facts([
          .init("part", .text("\(shard.index)/\(shard.count)")),
          .init("rows", .count(answers.rowCount)),
          .init("kept in", .text(output ?? "")),
        ]),
        .note("mbq evaluate --merge puts the \(shard.count) parts together"),
      ]), json: json)
  }

  /// The keys of the JSON form where there is a comparison.
  private struct Both: Encodable {
    var evaluation: EvaluationSummary?
    var comparison: ComparisonSummary
  }

  private func show(_ result: EvaluateResult) throws {
    let (evaluation, comparison) = (result.evaluation, result.comparison)
    if json {
      if let comparison {
        Output.show(try JSONText.encode(Both(evaluation: evaluation, comparison: comparison)))
      } else if let evaluation {
        Output.show(try JSONText.encode(evaluation))
      }
      return
    }
    var report = Report()
    if let evaluation {
      report = evaluation.report(width: 80)
    } else {
      report.blocks.append(.facts(unlabelledFacts(result.answers, result.timing)))
    }
    if let comparison { report.blocks += comparison.report().blocks }
    if markdown {
      Output.show(MarkdownRenderer.render(report))
    } else {
      Output.show(report, json: false)
    }
  }

  private func unlabelledFacts(
    _ answers: Answers, _ timing: EvaluationSummary.Timing?
  ) -> [Report.Fact] {
    let dataset = answers.key.dataset
    return [
      .init("model", answers.key.model.summary.path),
      .init(
        "data",
        "\(dataset.path): \(Human.count(dataset.rows)) rows of "
          + "\(dataset.textColumns.joined(separator: " + ")), without labels"),
    ] + (timing.map { [.init("time", $0.report)] } ?? [])
  }
}
