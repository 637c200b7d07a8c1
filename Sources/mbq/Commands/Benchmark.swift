import ArgumentParser
import MBQToolchain

struct Benchmark: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Times models: latency by batch and length, load time, peak memory.",
    discussion: """
      Rows are full, of seeded random tokens; several models take turns in every round (A B A B), so \
      that their ratio can be trusted on a busy machine.

      Examples:
        mbq benchmark model-int8.mbq
        mbq benchmark model-int8.mbq model-fp32.mbq --batch 1,8 --tokens 128,512
        mbq benchmark model-int8.mbq --profile      # where the time goes
      """)

  @Argument(help: "The packed models.")
  var models: [String]

  @Option(
    help: ArgumentHelp(
      "Texts a batch (default: 1,8,32; with --profile 1).", valueName: "list"),
    transform: Parse.list)
  var batch: [Int]?

  @Option(
    help: ArgumentHelp("Tokens a text (default: 128, or what the model takes).", valueName: "list"),
    transform: Parse.list)
  var tokens: [Int]?

  @Option(help: ArgumentHelp("Timed rounds.", valueName: "n"))
  var rounds = 11

  @Flag(
    help: "Show the time by kind of operation, by operation and by layer; with --json by step.")
  var profile = false

  @Flag(help: "Print the result as JSON.")
  var json = false

  @OptionGroup var runtime: RuntimeOptions

  func validate() throws {
    guard !models.isEmpty else { throw ValidationError("Name at least one model.") }
    guard (1...10_000).contains(rounds) else {
      throw ValidationError("--rounds is \(rounds); allowed: 1 to 10000.")
    }
  }

  func run() throws {
    var options = BenchmarkOptions(models: models)
    options.batches = batch
    options.tokens = tokens
    options.rounds = rounds
    options.profiles = profile
    let result = try runtime.toolchain.benchmark(options)
    Output.show(result.report(steps: json), json: json)
  }
}
