/// A format of weights.
///
/// A conforming type is one file in Readers/ and one line in `CheckpointReaders.all`; finding the
/// file in a folder, the error for an unknown one and the tests over hostile bytes follow from
/// that list.
protocol CheckpointReader: Sendable {
  /// The name of the format for users; Formats/ has a folder of this name.
  static var name: String { get }
  /// The names of its file in a Hugging Face folder, the preferred name first.
  static var fileNames: [String] { get }
  /// The extensions of its files, with the dot.
  static var fileExtensions: [String] { get }

  /// Whether the bytes of a file, without its name, identify this format.
  static var isKnownByBytes: Bool { get }

  /// Whether a file is of this format, by the end of its path or by its first bytes (up to 512). A
  /// damaged file should still be recognized, so that `read` can say what is wrong with it.
  static func recognizes(path: String, firstBytes: UnsafeRawBufferPointer) -> Bool

  /// The tensors of `source`, in the order of the file, no two of one name, every range inside its
  /// source and as long as type, shape and strides need. Nothing in the file is executed.
  ///
  /// Takes memory for what describes the tensors, and for values only where they have to be inflated to
  /// be described (.npz).
  static func read(_ source: SourceFile) throws(CheckpointError) -> StoredWeights
}

extension CheckpointReader {
  static var isKnownByBytes: Bool { true }

  static func hasExtension(_ path: String) -> Bool {
    let path = path.lowercased()
    return fileExtensions.contains { path.hasSuffix($0) }
  }
}

/// Every format this build reads, in the order in which a folder is searched.
///
/// To add one: a file in Readers/, and a line here.
enum CheckpointReaders {
  static let all: [any CheckpointReader.Type] = [
    SafetensorsReader.self,
    ShardsReader.self,
    TorchReader.self,
    NumPyReader.self,
    TensorFlowReader.self,
    ONNXReader.self,
  ]

  /// The formats for a message, such as "safetensors (model.safetensors)".
  static var description: String {
    listed(all.map { "\($0.name) (\($0.fileNames[0]))" }, "or")
  }
}
