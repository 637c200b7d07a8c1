import ArgumentParser
import MBQReport
import MBQToolchain

struct DescribeDataset: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "describe",
    abstract: "Shows what is in a dataset: classes, lengths, repeated texts.",
    discussion: """
      Reads the file once, streaming: CSV, TSV or JSON Lines, also compressed with gzip. \
      With a model or a checkpoint, whose tokenizer is used, it also shows how many tokens the texts \
      have, how many of them the model does not see, and how many are unknown to it. \
      Texts are the same if they differ only in white space.

      Examples:
        mbq data describe news.csv
        mbq data describe news.jsonl.gz --model model-int8.mbq
        mbq data describe tweets.tsv --checkpoint ./my-model --text-column tweet
        zcat news.csv.gz | mbq data describe - --json
      """)

  @Argument(help: "The dataset; - is standard input.")
  var file: String

  @Option(help: ArgumentHelp("A packed model to count tokens for.", valueName: "file"))
  var model: String?

  @Option(help: ArgumentHelp("A checkpoint to count tokens for.", valueName: "folder"))
  var checkpoint: String?

  @Option(
    help: ArgumentHelp("Count as cut what is beyond this many tokens.", valueName: "n"))
  var maxTokens: Int?

  @OptionGroup var columns: DataOptions

  @Flag(help: "Print all figures as JSON.")
  var json = false

  @Flag(help: "Print Markdown.")
  var markdown = false

  func validate() throws {
    guard model == nil || checkpoint == nil else {
      throw ValidationError("Give either --model or --checkpoint, not both.")
    }
    guard !json || !markdown else {
      throw ValidationError("Give either --json or --markdown, not both.")
    }
    let hasModel = model != nil || checkpoint != nil
    guard hasModel || maxTokens == nil && columns.labelMap == nil else {
      throw ValidationError(
        "\(maxTokens == nil ? "--label-map" : "--max-tokens") needs --model or --checkpoint.")
    }
  }

  func run() throws {
    var options = DescribeOptions(data: file)
    options.dataset = columns.dataset
    options.tokenizer =
      model.map { .model($0) } ?? checkpoint.map { .checkpoint(CheckpointSource($0)) }
    options.maximumTokens = maxTokens
    let summary = try Toolchain(onEvent: Events.handler()).describe(options)
    if json {
      Output.show(try JSONText.encode(summary))
    } else if markdown {
      Output.show(MarkdownRenderer.render(summary.report(bar: "█")))
    } else {
      Output.show(
        summary.report(bar: Terminal.standardOutput.isTerminal ? "█" : "#"), json: false)
    }
  }
}
