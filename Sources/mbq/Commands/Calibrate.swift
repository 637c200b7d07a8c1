import ArgumentParser
import MBQQuantizer
import MBQToolchain

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

  @Option(help: ArgumentHelp("Calibration texts to draw.", valueName: "n"))
  var texts = CalibrationOptions().texts

  @Option(help: ArgumentHelp("Cut calibration texts to this many tokens.", valueName: "n"))
  var textTokens = CalibrationOptions().maximumTokens

  @Option(help: ArgumentHelp("Starts the random draw of the texts.", valueName: "n"))
  var seed = CalibrationOptions().seed

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
    var options = CalibrateOptions(checkpoint: source.source, text: text)
    options.dataset = columns.dataset
    options.output = output
    options.texts = texts
    options.textTokens = textTokens
    options.seed = seed
    options.evaluation = overlap.evaluation
    options.allowsOverlap = overlap.allowOverlap
    options.secondMoments = secondMoments
    let result = try runtime.toolchain.calibrate(options)
    Output.show(
      result.report(Observers.named(observer) ?? MinMaxObserver.self), json: json)
    guard !json else { return }
    Output.show(CalibrationReport.legend)
    // Two paths seldom fit a line.
    Output.show(
      "\nNext: mbq quantize \(source.checkpoint) --bits 4 \\\n        --calibration \(result.file)")
  }
}
