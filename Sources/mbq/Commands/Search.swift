import ArgumentParser
import MBQCore
import MBQEvaluation
import MBQQuantizer
import MBQToolchain

struct Search: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Finds the best compression within a size: layers, bits, zeros, vocabulary.",
    discussion: """
      Tries combinations, the most promising first, and measures each on texts held back from \
      calibration: never on a test set. Every point is kept in the output folder; an interrupted search \
      goes on, and one with another limit uses what is there.

      Examples:
        mbq search ./my-model --text news.csv --max-size 6MB
        mbq search ./my-model --text news.csv --max-size 10MB --max-flips 0.5% --max-p95 30
        mbq search ./my-model --text news.csv --max-size 4MB --points 60 -o small/
      """)

  @OptionGroup var source: CheckpointOptions

  @Option(help: ArgumentHelp("Texts to calibrate on and choose by; no labels.", valueName: "file"))
  var text: String

  @Option(help: ArgumentHelp("The largest file allowed, such as 6MB.", valueName: "size"))
  var maxSize: ByteSize

  @Option(
    help: ArgumentHelp(
      "The most answers that may change, of the texts held back: 0.5%.", valueName: "limit"),
    transform: Parse.limit)
  var maxFlips: Share?

  @Option(help: .hidden)
  var maxDrop: String?

  @Option(
    help: ArgumentHelp(
      "The largest 95th percentile of latency of 128 tokens on one thread, in ms.",
      valueName: "ms"))
  var maxP95: Double?

  @Option(help: ArgumentHelp("Points to have tried in all.", valueName: "n"))
  var points = 24

  @Option(help: ArgumentHelp("What every point starts from.", valueName: "name"))
  var recipe: String?

  @Option(
    help: ArgumentHelp("Texts to calibrate on; a quarter as many are held back.", valueName: "n"))
  var texts = CalibrationOptions().texts

  @Option(help: ArgumentHelp("Cut texts to this many tokens.", valueName: "n"))
  var textTokens = CalibrationOptions().maximumTokens

  @OptionGroup var overlap: OverlapOptions

  @Flag(inversion: .prefixedNo, help: "Also try dropping the word pieces --text never uses.")
  var vocabulary = true

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp(
      "The folder of search.json, front.svg and best.mbq (default: the checkpoint's name and -search).",
      valueName: "folder"))
  var output: String?

  @Flag(help: "Print the result as JSON.")
  var json = false

  @OptionGroup var columns: DataOptions
  @OptionGroup var runtime: RuntimeOptions

  func validate() throws {
    guard points >= 1 else { throw ValidationError("--points is \(points); allowed: 1 or more.") }
    guard maxDrop == nil else {
      throw ValidationError(
        "search has no labels and cannot know an accuracy; limit the answers that change with"
          + " --max-flips, such as --max-flips 0.5%.")
    }
  }

  func run() throws {
    let toolchain = runtime.toolchain
    var options = SearchOptions(
      checkpoint: source.source, text: text, maximumBytes: maxSize.bytes)
    options.dataset = columns.dataset
    options.maximumP95 = maxP95
    options.points = points
    if let recipe { options.recipe = try toolchain.recipe(named: recipe) }
    options.texts = texts
    options.textTokens = textTokens
    options.evaluation = overlap.evaluation
    options.allowsOverlap = overlap.allowOverlap
    options.dropsWordPieces = vocabulary
    options.folder = output
    let outcome = try toolchain.search(options)
    Output.show(outcome.report(all: json), json: json)
    if !json {
      Output.show("\nNext: mbq evaluate \(outcome.folder)/best.mbq --data test.csv")
    }
    if let maxFlips, 1 - outcome.best.agreement > maxFlips.value {
      throw CommandError.checkFailed(
        "the best point changes \(Share(1 - outcome.best.agreement)) of the answers to texts held"
          + " back; allowed: \(maxFlips)")
    }
  }
}
