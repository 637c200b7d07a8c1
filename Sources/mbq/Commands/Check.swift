import ArgumentParser
import Foundation
import MBQCore
import MBQEvaluation
import MBQReport
import MBQToolchain

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
    help: ArgumentHelp(
      "The most the accuracy may fall, in percentage points: 0.5% or 0.5pt.", valueName: "limit"),
    transform: Parse.limit)
  var maxDrop: Share?

  @Option(
    help: ArgumentHelp("The most answers that may change: 1% of the rows.", valueName: "limit"),
    transform: Parse.limit)
  var maxFlips: Share?

  @Option(help: ArgumentHelp("The largest file allowed, such as 26MB.", valueName: "size"))
  var maxSize: ByteSize?

  @Option(
    help: ArgumentHelp(
      "The largest ratio of the 95th percentiles of latency, candidate to baseline: 1.1.",
      valueName: "ratio"))
  var maxP95Ratio: Double?

  @Option(help: ArgumentHelp("Timed rounds for --max-p95-ratio.", valueName: "n"))
  var p95Rounds = 60

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
    guard (20...100_000).contains(p95Rounds) else {
      throw ValidationError("--p95-rounds is \(p95Rounds); allowed: 20 to 100000.")
    }
    guard (0...10_000).contains(flips) else {
      throw ValidationError("--flips is \(flips); allowed: 0 to 10000.")
    }
    guard !json || !markdown else {
      throw ValidationError("Give either --json or --markdown, not both.")
    }
  }

  func run() throws {
    try OutputPlace.refuse(junit, .junit, ifOneOf: [candidate, baseline, data])
    // A place that cannot be written to is known before the work, not after it.
    let file = try junit.map { path throws(FileError) in try PendingFile(at: path) }
    var options = CheckOptions(candidate: candidate, baseline: baseline, data: data)
    options.dataset = columns.dataset
    options.maximumDrop = maxDrop
    options.maximumFlips = maxFlips
    options.maximumBytes = maxSize?.bytes
    options.maximumP95Ratio = maxP95Ratio
    options.rounds = p95Rounds
    options.confidence = confidence.confidence
    options.allowsInconclusive = allowInconclusive
    options.isUnlabelled = unlabelled
    options.maximumTokens = maxTokens
    options.flips = flips
    let gate = try runtime.toolchain.check(options)
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
