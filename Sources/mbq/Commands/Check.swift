import ArgumentParser
import Foundation
import MBQCore
import MBQEvaluation
import MBQReport
import MBQRuntime

struct Check: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Fails if a model is worse than a baseline by more than is allowed.",
    discussion: """
      For each limit it says "not worse", "worse" or "cannot tell"; the first two are each wrong with a \
      probability of at most 5 % (see --confidence). It fails if a limit is exceeded, and also if the data \
      cannot tell: too few rows are no reason to pass. The baseline may be a model, or what \
      mbq evaluate -o kept of its answers, so that CI needs only the candidate; and so may the candidate: \
      then nothing is run, and the answers may have been found in parts, on many machines.

      Examples:
        mbq check --baseline fp32.mbq --candidate int8.mbq --data test.csv \\
          --max-drop 0.5%
        mbq evaluate fp32.mbq --data test.csv -o baseline.answers
        mbq check --baseline baseline.answers --candidate int8.mbq --data test.csv \\
          --max-drop 0.5% --max-flips 1% --max-size 26MB --junit check.xml
        mbq evaluate --merge part*.answers -o both.answers
        mbq check --candidate both.answers --max-drop 0.5%
      """)

  @Option(
    help: ArgumentHelp("The model to compare with, or its stored answers.", valueName: "file"))
  var baseline: String?

  @Option(
    help: ArgumentHelp(
      "The packed model to check, or its stored answers; those made beside a baseline need no other.",
      valueName: "file"))
  var candidate: String

  @Option(
    help: ArgumentHelp(
      "The labelled dataset; for --max-flips alone it needs no labels.", valueName: "file"))
  var data: String?

  @Option(
    help: ArgumentHelp("The accuracy may fall by this much: 0.5% or 0.005.", valueName: "share"))
  var maxDrop: Share?

  @Option(help: ArgumentHelp("This share of answers may change.", valueName: "share"))
  var maxFlips: Share?

  @Option(help: ArgumentHelp("The file may have this size, such as 26MB.", valueName: "size"))
  var maxSize: ByteSize?

  @Option(
    help: ArgumentHelp(
      "The latency that 95 % of runs keep below may be this many times the baseline's.",
      valueName: "ratio"))
  var maxP95Ratio: Double?

  @Option(help: ArgumentHelp("Timed rounds for --max-p95-ratio.", valueName: "n"))
  var rounds = 60

  @OptionGroup var confidence: ConfidenceOption

  @Flag(help: "Pass, with a warning, where the data cannot tell.")
  var allowInconclusive = false

  @Flag(help: "Compare on texts alone, even if there is a label column.")
  var unlabelled = false

  @OptionGroup var columns: DataOptions

  @Option(help: ArgumentHelp("Cut texts to this many tokens.", valueName: "n"))
  var maxTokens: Int?

  @Option(help: ArgumentHelp("Flips to show, the most harmful first.", valueName: "n"))
  var flips = 10

  @Option(help: ArgumentHelp("Write the result as JUnit XML.", valueName: "file"))
  var junit: String?

  @Flag(help: "Print GitHub annotations (default: if $GITHUB_ACTIONS is true).")
  var github = false

  @Flag(help: "Print the result as JSON.")
  var json = false

  @Flag(help: "Print the result as Markdown, for a pull request.")
  var markdown = false

  @OptionGroup var runtime: RuntimeOptions

  func validate() throws {
    guard maxDrop != nil || maxFlips != nil || maxSize != nil || maxP95Ratio != nil else {
      throw ValidationError(
        "Nothing to check: give --max-drop, --max-flips, --max-size or --max-p95-ratio.")
    }
    guard !unlabelled || maxDrop == nil else {
      throw ValidationError("--max-drop needs labels: leave out --unlabelled, or use --max-flips.")
    }
    if let maxP95Ratio {
      guard maxP95Ratio.isFinite, maxP95Ratio > 0 else {
        throw ValidationError("--max-p95-ratio is \(maxP95Ratio); allowed: above 0, such as 1.1.")
      }
    }
    guard (20...100_000).contains(rounds) else {
      throw ValidationError("--rounds is \(rounds); allowed: 20 to 100000.")
    }
    guard (0...10_000).contains(flips) else {
      throw ValidationError("--flips is \(flips); allowed: 0 to 10000.")
    }
    guard !json || !markdown else {
      throw ValidationError("Give either --json or --markdown, not both.")
    }
  }

  func run() throws {
    try OutputPlace.refuse(junit, "--junit", ifOneOf: [candidate, baseline, data])
    // A place that cannot be written to is known before the work, not after it.
    let file = try junit.map { path throws(FileError) in try PendingFile(at: path) }
    let pair = try pair()
    let gate = GateSummary(
      limits: try limits(pair), comparison: pair.comparison, confidence: confidence.value,
      allowsInconclusive: allowInconclusive)
    if let file {
      try file.append(JUnitText.render(gate))
      try PendingFile.commit([file])
    }
    try show(gate)
    if !gate.passes {
      throw CommandError.checkFailed(
        "the check of '\(candidate)' fails:\n  " + gate.failures.joined(separator: "\n  "))
    }
  }

  private func pair() throws -> CheckedPair {
    if AnswersFile.isOne(at: candidate) {
      guard maxTokens == nil, !unlabelled else {
        throw CommandError.usage(
          "'\(candidate)' holds answers, found earlier: leave out --max-tokens and --unlabelled")
      }
      try refuseTiming(of: candidate)
      return try CheckedPair(
        kept: candidate, baseline: baseline, data: data, columns: columns,
        confidence: confidence.value, flipLimit: flips)
    }
    guard let baseline else {
      throw CommandError.usage(
        "'\(candidate)' holds no kept answers: give --baseline, what to compare the model with")
    }
    guard let data else {
      throw CommandError.usage(
        "'\(candidate)' holds no kept answers: give --data, texts to run the model on")
    }
    if AnswersFile.isOne(at: baseline) { try refuseTiming(of: baseline) }
    var run = EvaluationRun(
      options: columns, runtime: runtime, maxTokens: maxTokens, mistakeLimit: 0, flipLimit: flips)
    run.isUnlabelled = unlabelled
    return try CheckedPair(
      candidate, baseline: baseline, data: data, run: run, runtime: runtime,
      confidence: confidence.value)
  }

  private func refuseTiming(of answers: String) throws(CommandError) {
    guard maxP95Ratio == nil else {
      throw .usage(
        "--max-p95-ratio times both models, and '\(answers)' holds only answers; give the model, "
          + "or leave that limit out")
    }
  }

  private func limits(_ pair: CheckedPair) throws -> [GateLimit] {
    let comparison = pair.comparison
    var limits: [GateLimit?] = []
    if let maxDrop {
      guard let accuracy = comparison.accuracy else {
        throw CommandError.badInput(pair.noLabels + ", or check --max-flips on texts alone")
      }
      limits.append(
        .drop(accuracy.counts, limit: maxDrop.value, confidence: confidence.value))
    }
    if let maxFlips {
      limits.append(
        .flips(
          comparison.flips.total, of: comparison.rows, limit: maxFlips.value,
          confidence: confidence.value))
    }
    if let maxSize {
      limits.append(.size(comparison.candidate.fileBytes, limit: maxSize.bytes))
    }
    if let maxP95Ratio, let models = pair.models {
      limits.append(
        .latencyRatio(
          try times(models.baseline, models.candidate), limit: maxP95Ratio,
          confidence: confidence.value))
    }
    return limits.compactMap { $0 }
  }

  /// Of one text of 128 tokens, both models in turn.
  private func times(
    _ baseline: Model, _ candidate: Model
  ) throws -> [(baseline: UInt64, candidate: UInt64)] {
    let length = min(128, baseline.maximumTokens, candidate.maximumTokens)
    let pool = runtime.pool()
    var generator = SeededGenerator(seed: 42)
    let vocabulary = UInt32(min(baseline.vocabularyCount, candidate.vocabularyCount))
    let text = (0..<length).map { _ in UInt32.random(in: 0..<vocabulary, using: &generator) }
    let progress = ProgressBar("latency", total: rounds + 3, unit: "rounds")
    defer { progress.finish() }
    let variants = [baseline, candidate].map { model in
      let state = RunState(model: model, parallel: pool.parallel)
      return InterleavedRounds.Variant<ModelError>("") { () throws(ModelError) in
        _ = try state.logits([text])
      }
    }
    let results = try InterleavedRounds(warmUpRounds: 3, rounds: rounds).run(variants) { _ in
      progress.advance()
    }
    withExtendedLifetime(pool) {}
    return zip(results[0].nanoseconds, results[1].nanoseconds).map { ($0, $1) }
  }

  private func show(_ gate: GateSummary) throws {
    if json {
      Output.show(try JSONText.encode(gate))
    } else if markdown {
      Output.show(MarkdownRenderer.render(gate.report()))
    } else {
      Output.show(gate.report(), json: false)
    }
    guard github || Output.isReadByGitHub else { return }
    let lines = GitHubAnnotations.lines(gate).joined(separator: "\n")
    // GitHub reads commands from both streams; a program that reads JSON wants it alone.
    if json || markdown { Output.remark(lines) } else { Output.show(lines) }
  }
}
