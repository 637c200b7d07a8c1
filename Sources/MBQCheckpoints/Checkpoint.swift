import MBQCore
public import MBQModel

/// A fine-tuned classifier as Hugging Face stores it (Formats/huggingface/huggingface.md): its
/// configuration, its vocabulary and its weights, the last in mapped files.
public final class Checkpoint: Sendable {
  public let configuration: ModelConfiguration
  public let tokenizer: TokenizerFiles
  /// The file the weights are in; errors about tensors name it.
  public let weightsPath: String
  /// Every file that was read: configuration, weights, tokenizer, in this order.
  public let sources: [SourceFile]
  /// What was read but looks unintended, one sentence each, to be shown to the user.
  public let warnings: [String]
  /// Whether the tensors' names come without the family's prefix (`mobilebert.`), as when only the
  /// inner model was saved.
  ///
  /// `tensor(named:)` and `require` take the full names all the same.
  public let omitsFamilyPrefix: Bool

  let stored: [StoredTensor]
  private let places: [ExactString: Int]

  public var labels: [String] { configuration.labels }

  /// The names in the file, in the order of their bytes.
  public var tensorNames: [String] { stored.map(\.name) }

  /// Opens the checkpoint in a folder, or the one whose weights are the file at `path`.
  ///
  /// Reads and checks everything but the weights' values: `require` and `checkFinite` look at those.
  /// Refuses, with a `CheckpointError`, missing and damaged files, other formats, models other than
  /// sequence classifiers of a known family, and a vocabulary of another size than the embedding.
  public static func open(path: String) throws(CheckpointError) -> Checkpoint {
    try Checkpoint(folder: CheckpointFolder(path: path))
  }

  private init(folder: CheckpointFolder) throws(CheckpointError) {
    // A file that is no checkpoint is told so before it is asked for its config.json.
    let named = folder.namesFile ? try folder.weights() : nil
    let configurationFile = try folder.required(
      "config.json", advice: "it is written beside the weights by `model.save_pretrained(dir)`")
    let read = try ConfigurationReader.read(configurationFile)
    let (reader, source) = if let named { named } else { try folder.weights() }
    stored = try reader.read(source)
    let tokenizerFiles = try folder.tokenizer()
    tokenizer = try TokenizerReader.read(
      tokenizerFiles, maximumPositions: read.configuration.maximumPositions)
    guard tokenizer.pieces.count == read.configuration.vocabularySize else {
      throw .vocabularySize(
        path: tokenizerFiles.vocabularyPath, pieces: tokenizer.pieces.count,
        configuration: configurationFile.path, rows: read.configuration.vocabularySize)
    }

    configuration = read.configuration
    weightsPath = source.path
    sources = [configurationFile, source] + tokenizerFiles.all
    warnings = read.warnings + tokenizer.warnings
    let prefix = read.configuration.family.tensorPrefix
    omitsFamilyPrefix = !stored.contains { $0.name.hasPrefix(prefix) }
    var places: [ExactString: Int] = [:]
    places.reserveCapacity(stored.count)
    for (place, tensor) in stored.enumerated() { places[ExactString(tensor.name)] = place }
    self.places = places
  }

  /// The weight called `name`, the family's prefix included; nil if there is none, or it is of a type
  /// that is not read as a weight.
  public func tensor(named name: String) -> TensorView? {
    storedTensor(named: name).flatMap(TensorView.init)
  }

  func storedTensor(named name: String) -> StoredTensor? {
    places[ExactString(storedName(name))].map { stored[$0] }
  }

  /// What the tensor that models call `name` is called in this file.
  func storedName(_ name: String) -> String {
    let prefix = configuration.family.tensorPrefix
    return omitsFamilyPrefix && name.hasPrefix(prefix)
      ? String(name.dropFirst(prefix.count)) : name
  }
}

extension ModelConfiguration.Family {
  /// What the names of all tensors but the classifier's start with.
  var tensorPrefix: String { rawValue + "." }
}
