import ArgumentParser
import MBQCheckpoints
import MBQCore
import MBQEvaluation
import MBQModel
import MBQQuantizer
import MBQReport
import MBQRuntime
import MBQTokenizer

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

  /// What is known of the model.
  private struct Reader {
    var name: String
    var labels: [String]
    var tokenizing: DatasetDescription.Tokenizing
  }

  func run() throws {
    let reader = try self.reader()
    let labels = try reader.map { reader in
      try columns.labelMap.map { try LabelVocabulary(names: reader.labels, map: $0) }
        ?? LabelVocabulary(names: reader.labels)
    }
    let rows = try DatasetReaders.open(path: file, format: columns.format)
    // Only the default may be missing: texts without labels are described too.
    let hasLabels =
      columns.labelColumn != DataOptions.defaultLabelColumn
      || rows.columns.contains(columns.labelColumn)
    var texts = try LabelledTexts(
      rows,
      columns: .init(
        text: columns.textColumn.isEmpty ? nil : columns.textColumn,
        label: hasLabels ? columns.labelColumn : nil),
      labels: nil)
    var description = DatasetDescription(tokenizing: reader?.tokenizing)
    let progress = ProgressBar("reading \(file)", total: nil)
    while let row = try texts.next() {
      description.add(row)
      progress.advance()
    }
    progress.finish()
    try show(
      DatasetSummary(
        description,
        dataset: .init(
          path: file, format: type(of: rows).name, columns: rows.columns,
          textColumns: texts.textColumns, labelColumn: texts.labelColumn),
        blankFields: texts.blankFieldCounts, labels: labels, tokenizer: reader?.name ?? ""))
  }

  private func reader() throws -> Reader? {
    let reader: Reader
    if let model {
      let opened = try Model.packed(at: model)
      reader = Reader(
        name: model, labels: opened.labels,
        tokenizing: .init(tokenizer: opened.tokenizer, limit: opened.maximumTokens))
    } else if let checkpoint {
      let opened = try CheckpointOptions.open(checkpoint)
      let tokenizer: WordPieceTokenizer
      do throws(TokenizerError) {
        tokenizer = try WordPieceTokenizer(opened.tokenizer)
      } catch {
        throw QuantizerError.tokenizer(path: checkpoint, error)
      }
      reader = Reader(
        name: checkpoint, labels: opened.labels,
        tokenizing: .init(
          tokenizer: tokenizer,
          limit: min(opened.configuration.maximumPositions, opened.tokenizer.maximumLength)))
    } else {
      return nil
    }
    guard let maxTokens else { return reader }
    let most = reader.tokenizing.limit
    guard (2...most).contains(maxTokens) else {
      throw CommandError.usage("--max-tokens is \(maxTokens); this model takes 2 to \(most)")
    }
    var limited = reader
    limited.tokenizing.limit = maxTokens
    return limited
  }

  private func show(_ summary: DatasetSummary) throws {
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
