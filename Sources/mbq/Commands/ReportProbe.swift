import ArgumentParser
import MBQReport
import MBQToolchain

/// Opens a model and answers one text in a process of its own, and says what that took.
///
/// Hidden: `mbq report` starts it.
struct ReportProbe: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report-probe",
    abstract: "Measures memory and load time of one model, for 'mbq report'.", shouldDisplay: false)

  @Argument(help: "The packed model.")
  var model: String

  @Option(help: "Tokens of the text.")
  var tokens: Int

  @OptionGroup var runtime: RuntimeOptions

  func run() throws {
    Output.show(try JSONText.encode(try runtime.toolchain.probe(model, tokens: tokens)))
  }
}
