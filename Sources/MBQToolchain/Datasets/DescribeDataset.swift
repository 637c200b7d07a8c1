import MBQCheckpoints
import MBQCore
import MBQEvaluation
import MBQModel
import MBQQuantizer
import MBQRuntime
import MBQTokenizer

/// What `Toolchain.describe` reads.
public struct DescribeOptions: Sendable, Equatable {
  /// The dataset; `-` is standard input.
  public var data: String
  public var dataset = DatasetOptions()
  /// Whose tokenizer counts tokens; `nil`: none are counted.
  public var tokenizer: Tokenizer?
  /// Counts as cut what is beyond this many tokens; `nil`: what the model reads.
  public var maximumTokens: Int?

  public enum Tokenizer: Sendable, Equatable {
    case model(String)
    case checkpoint(CheckpointSource)
  }

  public init(data: String) { self.data = data }
}

extension Toolchain {
  /// What is in a dataset: classes, lengths, repeated texts; read once, streaming.
  public func describe(_ options: DescribeOptions) throws -> DatasetSummary {
    let reader = try reader(options)
    let columns = options.dataset
    let labels = try reader.map { reader in
      try columns.labelMap.map { try LabelVocabulary(names: reader.labels, map: $0) }
        ?? LabelVocabulary(names: reader.labels)
    }
    let rows = try DatasetReaders.open(path: options.data, format: columns.format)
    // Only the default may be missing: texts without labels are described too.
    let hasLabels =
      columns.labelColumn != DatasetOptions.defaultLabelColumn
      || rows.columns.contains(columns.labelColumn)
    var texts = try LabelledTexts(
      rows,
      columns: .init(
        text: columns.textColumns.isEmpty ? nil : columns.textColumns,
        label: hasLabels ? columns.labelColumn : nil),
      labels: nil)
    var description = DatasetDescription(tokenizing: reader?.tokenizing)
    let stage = stage("reading \(options.data)", total: nil)
    defer { stage.finish() }
    while let row = try texts.next() {
      description.add(row)
      stage.advance()
    }
    return DatasetSummary(
      description,
      dataset: .init(
        path: options.data, format: type(of: rows).name, columns: rows.columns,
        textColumns: texts.textColumns, labelColumn: texts.labelColumn),
      blankFields: texts.blankFieldCounts, labels: labels, tokenizer: reader?.name ?? "")
  }

  /// What is known of the model.
  private struct Reader {
    var name: String
    var labels: [String]
    var tokenizing: DatasetDescription.Tokenizing
  }

  private func reader(_ options: DescribeOptions) throws -> Reader? {
    var reader: Reader
    switch options.tokenizer {
    case nil: return nil
    case .model(let path):
      let model = try Model.packed(at: path)
      reader = Reader(
        name: path, labels: model.labels,
        tokenizing: .init(tokenizer: model.tokenizer, limit: model.maximumTokens))
    case .checkpoint(let source):
      let checkpoint = try source.open()
      let tokenizer: WordPieceTokenizer
      do throws(TokenizerError) {
        tokenizer = try WordPieceTokenizer(checkpoint.tokenizer)
      } catch {
        throw QuantizerError.tokenizer(path: source.path, error)
      }
      reader = Reader(
        name: source.path, labels: checkpoint.configuration.labels,
        tokenizing: .init(
          tokenizer: tokenizer,
          limit: min(checkpoint.configuration.maximumPositions, checkpoint.tokenizer.maximumLength)
        ))
    }
    reader.tokenizing.limit = try ToolchainError.tokenLimit(
      options.maximumTokens, most: reader.tokenizing.limit)
    return reader
  }
}
