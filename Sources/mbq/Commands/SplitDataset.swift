import ArgumentParser
import MBQEvaluation
import MBQReport
import MBQToolchain

struct SplitDataset: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "split",
    abstract: "Splits a dataset into train, validation and test, as scikit-learn does.",
    discussion: """
      The rows, and their order, are those of scikit-learn's
        rest, test = train_test_split(rows, test_size=TEST,
                                      stratify=rows[LABEL], random_state=STATE)
        train, validation = train_test_split(rest, test_size=VALIDATION,
                                      stratify=rest[LABEL], random_state=STATE)
      so that --validation is a share of what the test part leaves. A size is a share, such as 0.15, or \
      a number of rows. The parts are written in the dataset's format, uncompressed; --indices gives \
      the numbers of their rows instead, from 0 as df.iloc counts.

      Examples:
        mbq data split news.csv --test 0.15 --validation 0.1765 \\
            --stratify label --random-state 42 -o parts
        mbq data split news.jsonl.gz --test 1000 -o parts
        mbq data split news.csv --test 0.2 --stratify label --indices > rows.json
      """)

  @Argument(help: "The dataset; - is standard input.")
  var file: String

  @Option(help: ArgumentHelp("The test part: a share or a number of rows.", valueName: "size"))
  var test: String

  @Option(
    help: ArgumentHelp(
      "The validation part, of what the test part leaves (default: none).", valueName: "size"))
  var validation: String?

  @Option(
    help: ArgumentHelp("Keep the shares of this column's values in all parts.", valueName: "column")
  )
  var stratify: String?

  @Option(help: ArgumentHelp("The same as scikit-learn's random_state.", valueName: "n"))
  var randomState = 42

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp("The folder to write to; it is made if need be.", valueName: "folder"))
  var output: String?

  @Flag(help: "Give the rows' numbers, as JSON, instead of the rows.")
  var indices = false

  @OptionGroup var form: FormatOption

  @Flag(help: "Print what was written, and the classes' counts, as JSON.")
  var json = false

  func validate() throws {
    guard output != nil || indices else {
      throw ValidationError("Give a folder to write to (-o), or --indices.")
    }
    guard !(indices && output == nil && json) else {
      throw ValidationError("--indices without -o prints JSON already: leave --json out.")
    }
  }

  func run() throws {
    guard let state = UInt32(exactly: randomState) else {
      throw SplitError.seed(found: "\(randomState)")
    }
    var options = SplitOptions(data: file, test: try SplitSize(test, option: "--test"))
    options.format = form.format
    options.validation = try validation.map { try SplitSize($0, option: "--validation") }
    options.stratify = stratify
    options.randomState = state
    options.folder = output
    options.indices = indices
    let result = try Toolchain(onEvent: Events.handler()).split(options)
    if indices, output == nil {
      Output.show(result.indicesText ?? "")
    } else if json {
      Output.show(try JSONText.encode(result))
    } else {
      Output.show(result.report, json: false)
    }
  }
}
