import ArgumentParser
import MBQCore
import MBQToolchain

struct Diff: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Shows what two models do not have in common, and what it does to answers and time.",
    discussion: """
      Packed models, or checkpoints, which are packed in fp32 for it. Operations and tensors are \
      matched by name. Weights that differ by powers of two a channel, as equalization leaves them, are \
      compared with those undone. Exits with 0, whatever it finds, unless --exit-code is given.

      Examples:
        mbq diff model-fp32.mbq model-int8.mbq
        mbq diff ./my-model model-int4.mbq --data news.csv
        mbq diff yesterday.mbq today.mbq --exit-code --json
      """)

  @Argument(help: "The first model.")
  var a: String

  @Argument(help: "The second model.")
  var b: String

  @Option(
    help: ArgumentHelp(
      "Texts to compare the answers on; needs no labels.", valueName: "file"))
  var data: String?

  @Option(help: ArgumentHelp("Tokens of the text that is timed.", valueName: "n"))
  var tokens = 128

  @Option(help: ArgumentHelp("Rounds that are timed; 0: none.", valueName: "n"))
  var rounds = 11

  @Flag(help: "Show every operation and tensor that differs.")
  var all = false

  @Flag(help: "Exit with 1 if they differ.")
  var exitCode = false

  @Flag(help: "Print the result as JSON.")
  var json = false

  @OptionGroup var columns: DataOptions
  @OptionGroup var runtime: RuntimeOptions

  func validate() throws {
    guard (0...10_000).contains(rounds) else {
      throw ValidationError("--rounds is \(rounds); allowed: 0 to 10000.")
    }
    guard data != "-" else {
      throw ValidationError("--data is read twice: give a file, not standard input.")
    }
    guard tokens >= 2 else { throw ValidationError("--tokens is \(tokens); allowed: 2 or more.") }
  }

  func run() throws {
    var options = DiffOptions(a, b)
    options.data = data
    options.dataset = columns.dataset
    options.tokens = tokens
    options.rounds = rounds
    options.listsAll = all || json
    let result = try runtime.toolchain.diff(options)
    Output.show(result.report, json: json)
    if exitCode, !result.isSame { throw ExitCode(FailureKind.checkFailed.rawValue) }
  }
}
