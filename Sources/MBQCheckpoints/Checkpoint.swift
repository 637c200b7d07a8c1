import MBQCore
public import MBQModel

/// A fine-tuned classifier as Hugging Face stores it (Formats/huggingface/huggingface.md), its weights
/// in any of the formats in `CheckpointReaders.all`: its configuration, its vocabulary and its weights,
/// the last in mapped files.
public final class Checkpoint: Sendable {
  public let configuration: ModelConfiguration
  public let tokenizer: TokenizerFiles
  /// The file of the weights, or the index of several; errors about tensors name it.
  public let weightsPath: String
  /// The name of the weights' format.
  public let format: String
  /// Every file that was read: configuration, weights, tokenizer, in this order.
  public let sources: [SourceFile]
  /// Warnings for the user, one sentence each.
  public let warnings: [String]
  /// The prefix that was removed from the names of all tensors, such as `module.`; often empty.
  public let wrapperPrefix: String
  /// Whether the tensors' names come without the family's prefix (`mobilebert.`), as when only the
  /// inner model was saved.
  ///
  /// `tensor(named:)` and `require` take the full names all the same.
  public let omitsFamilyPrefix: Bool

  let stored: [StoredTensor]
  /// The configuration as it stands in config.json, or as it would with what the weights say.
  let configurationJSON: JSONValue
  let tokenizerSources: TokenizerReader.Sources
  private let weightFiles: [SourceFile]
  private let places: [ExactString: Int]

  public var labels: [String] { configuration.labels }

  /// The names in the file, in the order of their bytes.
  public var tensorNames: [String] { stored.map(\.name) }

  /// Bytes of the files that hold the weights.
  public var weightsByteCount: Int { weightFiles.reduce(0) { $0 + $1.byteCount } }

  /// Opens the checkpoint in a folder, the best of those that `Trainer` left in a folder, or the one
  /// whose weights are the file at `path`.
  ///
  /// Configuration and tokenizer are taken from `configuration`, a folder, if it is given, as for
  /// weights that were saved alone.
  ///
  /// Reads and checks everything except the weights' values, which `require` and `checkFinite` check.
  /// Refuses, with a `CheckpointError`, missing and damaged files, other formats, models other than
  /// sequence classifiers of a known family, and a vocabulary of another size than the embedding.
  public static func open(
    path: String, configuration: String? = nil
  ) throws(CheckpointError) -> Checkpoint {
    let folder = try CheckpointFolder(path: path)
    return try Checkpoint(
      folder: folder,
      side: try configuration.map { path throws(CheckpointError) in
        try CheckpointFolder(configuration: path)
      } ?? folder)
  }

  /// `side` has what is not the weights.
  private init(folder: CheckpointFolder, side: CheckpointFolder) throws(CheckpointError) {
    // The error for a file that is not a checkpoint comes before the error for a missing config.json.
    let named = folder.namesFile ? try folder.weights() : nil
    let configurationFile = try side.configuration()
    var json = try ConfigurationReader.json(configurationFile)
    let isComplete = ConfigurationReader.isComplete(json)
    // Reading the configuration first tells about an unsupported model before its weights are read.
    var read = isComplete ? try ConfigurationReader.read(json, path: configurationFile.path) : nil
    let (reader, source) = if let named { named } else { try folder.weights() }
    let weights = try reader.read(source)
    try Self.checkSharing(weights, path: source.path)
    if read == nil {
      json = try ConfigurationReader.completed(json, weights.tensors, configurationFile.path)
      read = try ConfigurationReader.read(json, path: configurationFile.path)
    }
    guard let read else { preconditionFailure("the configuration was read above") }
    let names = try TensorNames(
      weights.tensors, family: read.configuration.family, path: source.path)

    let tokenizerFiles = try side.tokenizer()
    tokenizer = try TokenizerReader.read(
      tokenizerFiles, maximumPositions: read.configuration.maximumPositions)
    guard tokenizer.pieces.count == read.configuration.vocabularySize else {
      if tokenizerFiles.tokenizer == nil, let added = try side.optional("added_tokens.json") {
        // transformers before 4.34; the folder has no rule for matching such tokens in a text.
        throw .unsupported(
          path: added.path,
          what:
            "it adds tokens to vocab.txt, which has \(counted(tokenizer.pieces.count, "piece")) for"
            + " the word embedding's \(read.configuration.vocabularySize) rows",
          advice: "save the tokenizer again so that there is a tokenizer.json:"
            + " `AutoTokenizer.from_pretrained(dir).save_pretrained(dir)`")
      }
      throw .vocabularySize(
        path: tokenizerFiles.vocabularyPath, pieces: tokenizer.pieces.count,
        configuration: configurationFile.path, rows: read.configuration.vocabularySize)
    }

    stored = names.tensors
    configuration = read.configuration
    configurationJSON = json
    tokenizerSources = tokenizerFiles
    weightsPath = source.path
    weightFiles = weights.files
    format = reader.name
    sources = [configurationFile] + weights.files + tokenizerFiles.all
    warnings =
      [folder.note].compactMap { $0 } + read.warnings + weights.warnings + tokenizer.warnings
    wrapperPrefix = names.wrapper
    omitsFamilyPrefix = names.omitsFamilyPrefix
    var places: [ExactString: Int] = [:]
    places.reserveCapacity(stored.count)
    for (place, tensor) in stored.enumerated() { places[ExactString(tensor.name)] = place }
    self.places = places
  }

  /// Tied weights share their bytes two or three times.
  ///
  /// A thousand tensors over the same bytes would make a small file cause any amount of work.
  private static let maximumSharing = 8

  static func checkSharing(
    _ weights: StoredWeights, path: String
  ) throws(CheckpointError) {
    var sources: [ObjectIdentifier: Int] = [:]
    for file in weights.files { sources[ObjectIdentifier(file)] = file.byteCount }
    var needed = 0
    for tensor in weights.tensors {
      sources[ObjectIdentifier(tensor.source)] = tensor.source.byteCount
      let (sum, overflow) = needed.addingReportingOverflow(tensor.byteCount)
      needed = overflow ? .max : sum
    }
    let available = sources.values.reduce(0, +)
    let (limit, overflow) = available.multipliedReportingOverflow(by: maximumSharing)
    guard overflow || needed <= limit else {
      throw .unsupported(
        path: path,
        what:
          "its tensors are \(needed) bytes, kept in \(available): too many share the same bytes",
        advice: "save the model again with each tensor in memory of its own")
    }
  }

  /// The weight called `name`, the family's prefix included; nil if there is none, or it is of a type
  /// that is not read as a weight.
  ///
  /// - Precondition: `require` has succeeded for a list with this name.
  public func tensor(named name: String) -> TensorView? {
    storedTensor(named: name).flatMap(TensorView.init)
  }

  func storedTensor(named name: String) -> StoredTensor? {
    places[ExactString(storedName(name))].map { stored[$0] }
  }

  /// The name in this file of the tensor that models call `name`.
  func storedName(_ name: String) -> String {
    let prefix = configuration.family.tensorPrefix
    return omitsFamilyPrefix && name.hasPrefix(prefix)
      ? String(name.dropFirst(prefix.count)) : name
  }
}

extension ModelConfiguration.Family {
  /// The prefix of the names of all tensors except the classifier's.
  var tensorPrefix: String { rawValue + "." }
}
