import ArgumentParser
import Foundation
import MBQEvaluation
import MBQReport
import MBQToolchain

/// Not `Report`, which is what commands print.
struct ReportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report",
    abstract: "Puts variants side by side: size, memory, speed, accuracy, changed answers.",
    discussion: """
      Given a checkpoint, makes the variants itself: 32, 8 and 4 bits, and 4 bits with half of the \
      weights zero. Given packed models, compares those. Leaves in the output folder report.html (for \
      people, in one file), report.md (for a pull request) and report.json (for programs, \
      Formats/report/report.md), and the variants it made, which the next report uses again.

      Examples:
        mbq report ./my-model --text train.csv --data test.csv -o report/
        mbq report fp32.mbq int8.mbq --data test.csv -o report/
        mbq report a.mbq b.mbq --baseline b.mbq --data test.csv -o report/ --json
      """)

  @Argument(help: "A checkpoint, or packed models.")
  var models: [String]

  @Option(help: ArgumentHelp("The labelled dataset.", valueName: "file"))
  var data: String

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp("The folder for the report and the variants.", valueName: "folder"))
  var output: String

  @Option(
    help: ArgumentHelp(
      "Calibration text for the variants of a checkpoint; needs no labels.", valueName: "file"))
  var text: String?

  @Flag(help: "Calibrate even if texts are in --data too.")
  var allowOverlap = false

  @OptionGroup var configuration: ConfigurationOption

  @Option(
    help: ArgumentHelp(
      "The variant the others are compared with, as it was given (default: the first).",
      valueName: "model"))
  var baseline: String?

  @Option(
    help: ArgumentHelp(
      "The most the accuracy may fall, in percentage points: 0.5% or 0.5pt.", valueName: "limit"),
    transform: Parse.limit)
  var maxDrop = Share.percent(0.5)

  @Option(
    help: ArgumentHelp("The most answers that may change: 1% of the rows.", valueName: "limit"),
    transform: Parse.limit)
  var maxFlips = Share.percent(1)

  @Option(help: "Rounds of latency that are counted.")
  var rounds = 11

  @Option(help: ArgumentHelp("Cut texts to this many tokens.", valueName: "n"))
  var maxTokens: Int?

  @Flag(help: "Print what report.json holds.")
  var json = false

  @OptionGroup var columns: DataOptions
  @OptionGroup var runtime: RuntimeOptions

  func validate() throws {
    guard data != "-" else {
      throw ValidationError("report reads the data several times: give a file, not standard input.")
    }
    guard (1...10_000).contains(rounds) else {
      throw ValidationError("--rounds is \(rounds); allowed: 1 to 10000.")
    }
  }

  func run() throws {
    var options = ReportOptions(models: models, data: data, folder: output)
    options.configuration = configuration.config
    options.dataset = columns.dataset
    options.text = text
    options.allowsOverlap = allowOverlap
    options.baseline = baseline
    options.maximumDrop = maxDrop
    options.maximumFlips = maxFlips
    options.rounds = rounds
    options.maximumTokens = maxTokens
    options.program = Bundle.main.executablePath
    let document = try runtime.toolchain.report(options)
    if json {
      Output.show(try JSONText.encode(document))
      return
    }
    var table = VariantsSection.brief(document)
    // A terminal has no room for it, and the page has it.
    table.columns[4].title = "accuracy"
    Output.show(
      Report([
        .verbatim(
          DisplayText.wrapped(document.recommendation.sentence, to: 80).joined(separator: "\n")),
        .table(table),
        .facts([
          .init("page", "\(output)/report.html"), .init("pull request", "\(output)/report.md"),
          .init("figures", "\(output)/report.json"),
        ]),
      ]), json: false)
  }
}
