import ArgumentParser
import Foundation
import MBQCheckpoints
import MBQCore
import MBQEvaluation
import MBQQuantizer
import MBQReport
import MBQRuntime

struct Calibrate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measures a checkpoint's hidden states over texts, for static and low-bit schemes.",
    discussion: """
      Reads texts (a CSV with the column text, and title if there is one; labels are not needed), \
      looks for what is wrong with them, and writes their token ids, and the ranges, histograms and second \
      moments of every product's input, to a file. When it is interrupted, the same command goes on where \
      it was. 'mbq quantize --calibration' compresses by the texts in the file, without the dataset.

      Examples:
        mbq calibrate ./my-model --text news.csv
        mbq calibrate ./my-model --text news.csv --evaluation test.csv
        mbq calibrate ./my-model --text news.csv --second-moments --threads 4
      """)

  @OptionGroup var source: CheckpointOptions

  @Option(help: ArgumentHelp("The texts; - is standard input.", valueName: "file"))
  var text: String

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp(
      "The file to write (default: the checkpoint's name and .stats).", valueName: "file"))
  var output: String?

  @Option(help: ArgumentHelp("Texts to draw.", valueName: "n"))
  var texts = 128

  @Option(help: ArgumentHelp("Cut texts to this many tokens.", valueName: "n"))
  var maxTokens = CalibrationOptions().maximumTokens

  @Option(help: ArgumentHelp("Another number draws other texts.", valueName: "n"))
  var seed: UInt64 = 1

  @OptionGroup var overlap: OverlapOptions

  @Flag(help: "Also sum the products of inputs, which GPTQ needs (some 100 MB).")
  var secondMoments = false

  @Option(
    help: ArgumentHelp(
      "How the ranges shown are chosen: \(Observers.names.joined(separator: ", ")).",
      valueName: "name"))
  var observer = MinMaxObserver.name

  @Flag(help: "Print the result as JSON.")
  var json = false

  @OptionGroup var columns: DataOptions
  @OptionGroup var runtime: RuntimeOptions

  func validate() throws {
    guard Observers.named(observer) != nil else {
      throw ValidationError(
        "--observer is '\(observer)'; allowed: \(Observers.names.joined(separator: ", ")).")
    }
  }

  func run() throws {
    let start = MonotonicClock.nanoseconds
    let checkpoint = try source.open()
    var options = CalibrationOptions(texts: texts, maximumTokens: maxTokens, seed: seed)
    options.seed = seed
    let data = CalibrationData(
      columns: columns, options: options, evaluation: overlap.evaluation,
      allowsOverlap: overlap.allowOverlap)
    let drawn = try data.texts(text, checkpoint)
    let path = output ?? "\(source.name).stats"
    let pool = runtime.pool()
    let run = CalibrationRun(
      parallel: pool.parallel, kernels: try runtime.kernelSet(), output: path)
    let (statistics, resumed) = try run.statistics(
      try WorkingModel(checkpoint).folded(), drawn,
      key: CalibrationStatistics.Key(
        checkpoint: checkpoint.digest, texts: drawn.digest, options: options,
        textCount: drawn.texts.count, secondMoments: secondMoments))
    try StatisticsFile.write(statistics, to: path)
    // It has served; one that cannot be removed does no harm: it continues nothing but itself.
    try? FileManager.default.removeItem(atPath: StatisticsFile.partialPath(path))
    for warning in checkpoint.warnings { Output.remark("warning: \(warning)") }
    show(drawn, statistics, path, resumed, Double(MonotonicClock.nanoseconds - start))
    _ = pool
  }

  private func show(
    _ drawn: CalibrationTexts, _ statistics: CalibrationStatistics, _ path: String, _ resumed: Int,
    _ nanoseconds: Double
  ) {
    let report = CalibrationReport(
      texts: drawn, statistics: statistics,
      observer: Observers.named(observer) ?? MinMaxObserver.self)
    var facts: [Report.Fact] = [
      .init("checkpoint", source.checkpoint), .init("written", path),
      .init("second moments", secondMoments ? "yes" : "no"),
      .init("took", .milliseconds(nanoseconds: nanoseconds)),
    ]
    if resumed > 0 { facts.insert(.init("continued after", "\(resumed) texts"), at: 1) }
    var blocks = report.audit(file: text, evaluation: overlap.evaluation) + report.sites()
    blocks.append(.facts(facts))
    Output.show(Report(blocks), json: json)
    guard !json else { return }
    Output.show(CalibrationReport.legend)
    // Two paths seldom fit a line.
    Output.show(
      "\nNext: mbq quantize \(source.checkpoint) --bits 4 \\\n        --calibration \(path)")
  }
}
