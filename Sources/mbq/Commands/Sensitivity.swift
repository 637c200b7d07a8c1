import ArgumentParser
import MBQToolchain

struct Sensitivity: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measures what rounding each linear alone costs: which to spare, which to squeeze.",
    discussion: """
      Every linear in turn is rounded to 3 bits, everything else stays in fp32, and the change of the \
      logits over calibration text is measured. Figures are kept in a file: an interrupted run goes on, \
      and 'mbq quantize --target-size' takes them from there.

      Examples:
        mbq sensitivity ./my-model --text news.csv
        mbq sensitivity ./my-model --text news.csv --sample-texts 64 --threads 4 --json
        mbq quantize ./my-model --text news.csv --target-size 10MB
      """)

  @OptionGroup var source: CheckpointOptions

  @Option(help: ArgumentHelp("Calibration text; needs no labels.", valueName: "file"))
  var text: String

  @OptionGroup var sample: SampleOptions

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp(
      "Where figures are kept (default: the checkpoint's name and .sensitivity.json).",
      valueName: "file"))
  var output: String?

  @Option(help: ArgumentHelp("Linears to show, the most sensitive first.", valueName: "n"))
  var top = 15

  @Flag(help: "Print the result as JSON, every linear.")
  var json = false

  @OptionGroup var columns: DataOptions
  @OptionGroup var runtime: RuntimeOptions

  func run() throws {
    var options = SensitivityOptions(checkpoint: source.source, text: text)
    options.dataset = columns.dataset
    options.sampleTexts = sample.sampleTexts
    options.sampleTokens = sample.sampleTokens
    options.output = output
    let result = try runtime.toolchain.sensitivity(options)
    Output.show(result.report(top: top, details: json), json: json)
    guard !json else { return }
    Output.show(
      """

      dB: signal to rounding noise of its products. --json also has ranges and kurtosis of channels.
      Δ logit: root mean square change of the logits when it alone has 3 bits.
      Next: mbq quantize \(source.checkpoint) --target-size 10MB \\
              --text \(text)
      """)
  }
}
