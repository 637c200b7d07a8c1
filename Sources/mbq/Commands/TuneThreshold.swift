import ArgumentParser
import MBQToolchain

struct TuneThreshold: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Refits a model's confidence on labelled texts, and stores it in the file.",
    discussion: """
      One temperature, so that the probabilities say how often the model is right, and for two labels \
      the probability from which on the second one is given. Logits keep their bits; every runtime \
      applies what the file says. A temperature that brings no lower log loss, or a threshold that gains \
      nothing, on texts it was not fitted to stays 1, or 0.5. Use texts the model was neither trained nor is tested on: what is \
      printed is measured on texts that took no part in the fit (5 folds).

      Examples:
        mbq tune-threshold model-int8.mbq --data held-out.csv
        mbq tune-threshold model-int8.mbq --data held-out.csv --for f1 -o release.mbq
        mbq tune-threshold model-int8.mbq --data held-out.csv --temperature-only
      """)

  @Argument(help: "The packed model.")
  var model: String

  @Option(help: ArgumentHelp("Labelled texts held out; - is standard input.", valueName: "file"))
  var data: String

  @Option(
    name: .customLong("for"),
    help: ArgumentHelp(
      "What the threshold is chosen for: accuracy, f1 (of the second label) or balanced-accuracy.",
      valueName: "goal"))
  var goal = TuneOptions.Goal.accuracy

  @Flag(help: "Leave the threshold at 0.5.")
  var temperatureOnly = false

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp(
      "The file to write (default: the model's name and -tuned.mbq).", valueName: "file"))
  var output: String?

  @Option(help: ArgumentHelp("Cut texts to this many tokens.", valueName: "n"))
  var maxTokens: Int?

  @Option(help: ArgumentHelp("Starts the random draw of the folds.", valueName: "n"))
  var seed: UInt64 = 1

  @Flag(help: "Print the result as JSON.")
  var json = false

  @OptionGroup var columns: DataOptions
  @OptionGroup var runtime: RuntimeOptions

  func run() throws {
    var options = TuneOptions(model: model, data: data)
    options.dataset = columns.dataset
    options.goal = goal
    options.temperatureOnly = temperatureOnly
    options.output = output
    options.maximumTokens = maxTokens
    options.seed = seed
    let result = try runtime.toolchain.tuneThreshold(options)
    Output.show(try result.report(forPrograms: json), json: json)
    if !json { Output.show("\nNext: mbq evaluate \(result.file) --data test.csv") }
  }
}

extension TuneOptions.Goal: ExpressibleByArgument {}
