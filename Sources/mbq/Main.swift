import ArgumentParser
import Foundation
import MBQCore
import MBQQuantizer
import MBQReport

/// The command line.
///
/// Exit codes: 0 done, 1 a check failed, 2 usage, 3 bad input, 4 internal.
@main
struct MBQ: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "mbq",
    abstract: "Shrinks fine-tuned BERT-like text classifiers, runs them, and shows what it cost.",
    discussion: """
      Examples:
        mbq quantize ./my-model --bits 8           # writes my-model-int8.mbq
        mbq evaluate my-model-int8.mbq --data test.csv
        mbq classify my-model-int8.mbq "Text to judge"
        mbq demo                                   # everything, on the model mbq carries
      """,
    version: "mbq \(mbqVersion)",
    subcommands: [
      Quantize.self, Calibrate.self, Doctor.self, Sensitivity.self, Search.self, Convert.self,
      Inspect.self, Classify.self, Evaluate.self, Check.self, Diff.self, TuneThreshold.self,
      DatasetCommand.self, Benchmark.self,
      Verify.self,
      ReportCommand.self,
      Demo.self,
      ReportProbe.self,
    ])

  static func main() {
    signal(SIGPIPE, SIG_IGN)
    Standard.occupyClosedStreams()
    do {
      var command = try parseAsRoot()
      try command.run()
    } catch let error as any ExplainedError {
      fail(error.textWithFlags, code: error.kind.rawValue)
    } catch let code as ExitCode {
      Foundation.exit(code.rawValue)
    } catch {
      let message = fullMessage(for: error)
      if exitCode(for: error).isSuccess {
        Output.show(message + "\n")
        Foundation.exit(0)
      }
      Output.remark(message)
      Foundation.exit(FailureKind.usage.rawValue)
    }
  }

  private static func fail(_ message: String, code: Int32) -> Never {
    Output.remark(Output.inert("error: \(DisplayText.inert(message))"))
    Foundation.exit(code)
  }
}
