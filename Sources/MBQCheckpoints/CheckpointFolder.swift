import Foundation
import MBQCore

/// Finds a checkpoint's files.
///
/// It opens nothing but regular files, and follows links.
struct CheckpointFolder {
  private let path: String
  /// Set if the user named the weights themselves.
  private let weightsPath: String?
  /// What was chosen in a folder of several checkpoints, for people.
  let note: String?

  var namesFile: Bool { weightsPath != nil }

  /// The most bytes of a JSON or vocabulary file.
  ///
  /// The largest published WordPiece vocabularies take 5 MB, and configurations a few kilobytes.
  static let maximumTextBytes = 64 << 20

  /// `path` is a folder, one that `Trainer` wrote checkpoints into, or a file of weights in a folder.
  init(path: String) throws(CheckpointError) {
    var path = path
    var isFolder = false
    // TensorFlow's own tools take a checkpoint by the beginning that its files' names share.
    if !FileManager.default.fileExists(atPath: path),
      FileManager.default.fileExists(atPath: path + ".index")
    {
      path += ".index"
    }
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
      // Opening it gives the system's own reason.
      _ = try Self.map(path)
      throw .noWeights(folder: path, found: nil, format: nil, advice: nil)
    }
    if isFolder {
      let output =
        CheckpointFolder(plain: path).holdsCheckpoint ? nil : try TrainerOutput(in: path)
      self.path = output?.folder ?? path
      weightsPath = nil
      note = output?.note
    } else {
      let slash = path.lastIndex(of: "/")
      self.path = slash.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
      weightsPath = path
      note = nil
    }
  }

  /// A folder, which is there, as it is.
  init(plain path: String) {
    self.path = path
    weightsPath = nil
    note = nil
  }

  /// The folder of configuration and tokenizer, or one of its files.
  init(configuration path: String) throws(CheckpointError) {
    let folder = try CheckpointFolder(path: path)
    self.path = folder.path
    weightsPath = nil
    note = folder.note
  }

  func path(of name: String) -> String { path.hasSuffix("/") ? path + name : "\(path)/\(name)" }

  private static func map(_ path: String) throws(CheckpointError) -> SourceFile {
    do throws(FileError) {
      return try SourceFile(path: path)
    } catch {
      throw .file(error)
    }
  }

  /// The file called `name`; nil if there is nothing of that name.
  func optional(_ name: String) throws(CheckpointError) -> SourceFile? {
    let path = path(of: name)
    // Whether the name is there; a link that leads nowhere is told when it is opened.
    guard (try? FileManager.default.attributesOfItem(atPath: path)) != nil else { return nil }
    return try Self.map(path)
  }

  /// The file called `name`; `advice` is for when there is none.
  func required(_ name: String, advice: String) throws(CheckpointError) -> SourceFile {
    guard let file = try optional(name) else {
      throw .missingFile(folder: path, name: name, advice: advice)
    }
    return file
  }

  /// The file with the weights, and the format it is in.
  func weights() throws(CheckpointError) -> (
    reader: any CheckpointReader.Type, source: SourceFile
  ) {
    if let weightsPath { return try named(weightsPath) }
    for reader in CheckpointReaders.all {
      for name in reader.fileNames {
        if let source = try optional(name) { return (reader, source) }
      }
    }
    if let other = try otherWeights() { return other }
    for format in UnreadFormats.all {
      for name in format.fileNames where FileManager.default.fileExists(atPath: path(of: name)) {
        throw .noWeights(
          folder: path, found: name, format: format.name, advice: format.advice)
      }
    }
    throw .noWeights(folder: path, found: nil, format: nil, advice: nil)
  }

  /// What training leaves beside the weights in files that end as theirs do.
  private static let companions: Set<String> = [
    "training_args.bin", "optimizer.pt", "optimizer.bin", "scheduler.pt", "scaler.pt",
    "rng_state.pth",
  ]

  /// The only file of a known extension, for weights of no usual name.
  private func otherWeights() throws(CheckpointError) -> (
    reader: any CheckpointReader.Type, source: SourceFile
  )? {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    var found: [(name: String, reader: any CheckpointReader.Type)] = []
    let unread = UnreadFormats.all.flatMap(\.fileNames)
    for name in names.sorted()
    where !Self.companions.contains(name) && !unread.contains(name) && !name.hasPrefix(".") {
      if let reader = CheckpointReaders.all.first(where: { $0.hasExtension(name) }) {
        found.append((name, reader))
      }
    }
    guard found.count <= 1 else {
      throw .severalWeights(folder: path, found.prefix(8).map(\.name))
    }
    guard let (name, reader) = found.first, let source = try optional(name) else { return nil }
    return (reader, source)
  }

  private static let configurations = [
    "config.json", "bert_config.json", "mobilebert_config.json",
  ]

  /// Whether there is a configuration, or weights of a usual name.
  private var holdsCheckpoint: Bool {
    (Self.configurations + CheckpointReaders.all.flatMap { $0.fileNames }).contains {
      FileManager.default.fileExists(atPath: self.path(of: $0))
    }
  }

  /// The configuration: Hugging Face's, or google-research's.
  func configuration() throws(CheckpointError) -> SourceFile {
    for name in Self.configurations {
      if let file = try optional(name) { return file }
    }
    throw .missingFile(
      folder: path, name: "config.json",
      advice:
        "it is written beside the weights by `model.save_pretrained(dir)`; if it is in another"
        + " folder, name that with --config")
  }

  private func named(_ path: String) throws(CheckpointError) -> (
    reader: any CheckpointReader.Type, source: SourceFile
  ) {
    let source = try Self.map(path)
    defer { withExtendedLifetime(source) {} }
    let firstBytes = UnsafeRawBufferPointer(rebasing: source.bytes.prefix(512))
    for reader in CheckpointReaders.all
    where reader.recognizes(path: path, firstBytes: firstBytes) {
      return (reader, source)
    }
    for format in UnreadFormats.all {
      let isNamed = format.fileNames.contains { path.hasSuffix("/\($0)") || path == $0 }
      let starts = !format.firstBytes.isEmpty && firstBytes.starts(with: format.firstBytes)
      if isNamed || starts {
        throw .unknownFormat(path: path, format: format.name, advice: format.advice)
      }
    }
    throw .unknownFormat(path: path, format: nil, advice: nil)
  }

  /// The files a tokenizer is made of.
  func tokenizer() throws(CheckpointError) -> TokenizerReader.Sources {
    let sources = TokenizerReader.Sources(
      tokenizer: try optional("tokenizer.json"), vocabulary: try optional("vocab.txt"),
      configuration: try optional("tokenizer_config.json"))
    guard sources.tokenizer != nil || sources.vocabulary != nil else {
      throw .missingFile(
        folder: path, name: "tokenizer.json or vocab.txt",
        advice: "they are written by `tokenizer.save_pretrained(dir)`")
    }
    return sources
  }
}

extension SourceFile {
  /// The file's JSON, of at most `maximumBytes`.
  func json(maximumBytes: Int) throws(CheckpointError) -> JSONValue {
    do throws(JSONError) {
      return try JSONParser.parse(bytes, source: path, limits: .init(bytes: maximumBytes))
    } catch {
      throw .json(error)
    }
  }
}
