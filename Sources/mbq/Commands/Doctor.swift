import ArgumentParser
import MBQCore
import MBQQuantizer
import MBQReport
import MBQToolchain

struct Doctor: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Says which parts of a checkpoint low precision will hurt, and what to do about it.",
    discussion: """
      Looks at every linear and every residual add: ranges, the scales of an add's operands, kurtosis, \
      half-float overflow, the noise of int8 and int4. Every site gets a prescription with its price in \
      bytes and in milliseconds measured on this machine. Without --text, seeded random word pieces \
      stand in for texts.

      Examples:
        mbq doctor ./my-model --text news.csv
        mbq doctor ./my-model --text news.csv --plot ranges.svg --all
        mbq doctor ./my-model --json --fail-on warning
      """)

  enum Level: String, CaseIterable, ExpressibleByArgument {
    case warning, error
  }

  @OptionGroup var source: CheckpointOptions

  @Option(help: ArgumentHelp("Texts of the kind it will see; needs no labels.", valueName: "file"))
  var text: String?

  @OptionGroup var sample: SampleOptions

  @Option(
    help: ArgumentHelp(
      "Draw the range of the residual stream, layer by layer, to this SVG.", valueName: "file"))
  var plot: String?

  @Option(
    help: ArgumentHelp(
      "Exit with 1 if a site is this bad: warning (other tools lose it) or error (so does int8 here).",
      valueName: "level"))
  var failOn: Level?

  @Flag(help: "Show every site.")
  var all = false

  @Flag(help: "Print the result as JSON, every site.")
  var json = false

  @OptionGroup var columns: DataOptions
  @OptionGroup var runtime: RuntimeOptions

  func run() throws {
    var options = DoctorOptions(checkpoint: source.source, text: text)
    options.dataset = columns.dataset
    options.sampleTexts = sample.sampleTexts
    options.sampleTokens = sample.sampleTokens
    options.plot = plot
    let result = try runtime.toolchain.doctor(options)
    if json {
      Output.show(try JSONText.encode(result.report.json))
    } else {
      Output.show(Report(result.report.blocks(all: all)), json: false)
      Output.show(DoctorReport.legend)
      if let next = result.report.next(text: text) { Output.show("\n\(next)") }
    }
    guard let failOn else { return }
    let bad = result.sites(atLeast: failOn == .warning ? .warning : .error)
    if let first = bad.first {
      throw CommandError.checkFailed(
        "\(bad.count) of \(result.sites.count) sites are not healthy (--fail-on \(failOn.rawValue)),"
          + " the first \(first.site)")
    }
  }
}
