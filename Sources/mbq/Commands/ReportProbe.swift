import ArgumentParser
import Foundation
import MBQCore
import MBQEvaluation
import MBQReport
import MBQRuntime

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

  /// What it prints.
  struct Result: Codable {
    var peakMemoryBytes: Int?
    var loadNanoseconds: Double
  }

  func run() throws {
    let start = MonotonicClock.nanoseconds
    let opened = try runtime.model(model)
    let loaded = MonotonicClock.nanoseconds - start
    let pool = runtime.pool()
    let count = min(max(tokens, 2), opened.maximumTokens)
    _ = try RunState(model: opened, parallel: pool.parallel).logits([
      (0..<count).map { UInt32($0 % max(opened.vocabularyCount, 1)) }
    ])
    Output.show(
      try JSONText.encode(
        Result(peakMemoryBytes: PeakMemory.bytes, loadNanoseconds: Double(loaded))))
    withExtendedLifetime(pool) {}
  }
}
