import MBQTestSupport
import Testing

@Suite("help")
struct HelpTests {
  private let mbq = Program("mbq")

  @Test(
    "help texts are those reviewed",
    arguments: [
      "", "quantize", "calibrate", "sensitivity", "search", "convert", "inspect", "classify",
      "evaluate", "check", "data", "data describe", "data split", "benchmark", "diff", "doctor",
      "tune-threshold", "verify", "report", "demo",
    ])
  func help(_ command: String) throws {
    let result = try mbq.run(
      command.isEmpty ? ["--help"] : command.split(separator: " ").map(String.init) + ["--help"])
    #expect(result.code == 0)
    #expect(result.errors == "")
    let name = command.isEmpty ? "mbq" : command.replacing(" ", with: "-")
    let difference = try differenceFromSnapshot(
      result.output, "Tests/mbqTests/Snapshots/help-\(name).txt")
    #expect(difference == nil)
    // The usage line is one line, however many options there are.
    let lines = result.output.split(separator: "\n").filter { !$0.hasPrefix("USAGE:") }
    #expect(lines.filter { $0.count > 80 } == [])
  }

  @Test("the version is printed")
  func version() throws {
    let result = try mbq.run(["--version"])
    #expect(result.code == 0)
    #expect(result.output.hasPrefix("mbq 0."))
  }
}
