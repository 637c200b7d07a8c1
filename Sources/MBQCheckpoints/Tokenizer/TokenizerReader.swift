import MBQCore

/// Reads tokenizer files as transformers does (Formats/huggingface/huggingface.md).
enum TokenizerReader {
  struct Sources {
    var tokenizer: SourceFile?
    var vocabulary: SourceFile?
    var configuration: SourceFile?

    /// The file the pieces are taken from.
    var vocabularyPath: String { tokenizer?.path ?? vocabulary?.path ?? "" }
    /// The files under the names they have in a folder.
    var named: [(name: String, file: SourceFile)] {
      [
        ("tokenizer.json", tokenizer), ("vocab.txt", vocabulary),
        ("tokenizer_config.json", configuration),
      ].compactMap { name, file in file.map { (name, $0) } }
    }
    var all: [SourceFile] { [tokenizer, vocabulary, configuration].compactMap(\.self) }
  }

  /// The tokenizer of `sources`; tokenizer.json wins over vocab.txt, and a difference is a warning.
  static func read(
    _ sources: Sources, maximumPositions: Int
  ) throws(CheckpointError) -> TokenizerFiles {
    let settings = try TokenizerSettings(sources.configuration, maximumPositions: maximumPositions)
    guard let source = sources.tokenizer else {
      guard let vocabulary = sources.vocabulary else {
        throw .missingFile(
          folder: ".", name: "tokenizer.json or vocab.txt", advice: "name its folder")
      }
      return try VocabularyText.read(vocabulary, settings)
    }
    var files = try TokenizerJSON(source).files(settings)
    settings.override(&files, path: source.path)
    if let vocabulary = sources.vocabulary {
      try warnIfDifferent(vocabulary, &files, path: source.path)
    }
    return files
  }

  private static func warnIfDifferent(
    _ vocabulary: SourceFile, _ files: inout TokenizerFiles, path: String
  ) throws(CheckpointError) {
    let pieces = try VocabularyText.pieces(vocabulary)
    let used = files.pieces.prefix(files.wordPieceCount)
    let both = "\(quoted(vocabulary.path)) and \(quoted(path)) differ: "
    if let id = zip(pieces, used).enumerated().first(where: { $1.0 != $1.1 })?.offset {
      files.warnings.append(both + "token \(id) is another; tokenizer.json was used")
    } else if pieces.count != used.count {
      files.warnings.append(
        both + "\(pieces.count) and \(used.count) pieces; tokenizer.json was used")
    }
  }
}
