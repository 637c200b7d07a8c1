/// A format weights are stored in.
///
/// A conforming type is one file in Readers/ and one line in `CheckpointReaders.all`; finding the
/// file in a folder, the error for an unknown one and the tests over hostile bytes follow from
/// that list.
protocol CheckpointReader: Sendable {
  /// How users call the format.
  static var name: String { get }
  /// What its file is called in a Hugging Face folder, the preferred name first.
  static var fileNames: [String] { get }

  /// Whether a file is of this format, by the end of its path or by its first bytes (up to 16). A
  /// damaged file should still be recognized, so that `read` can say what is wrong with it.
  static func recognizes(path: String, firstBytes: UnsafeRawBufferPointer) -> Bool

  /// The tensors of `source`, in the order of their bytes, no two of one name, every range inside the
  /// file and as long as type and shape need. Nothing in the file is executed.
  static func read(_ source: SourceFile) throws(CheckpointError) -> [StoredTensor]
}

/// Every format this build reads.
///
/// To add one: a file in Readers/, and a line here.
enum CheckpointReaders {
  static let all: [any CheckpointReader.Type] = [
    SafetensorsReader.self
  ]

  /// The formats for a message, such as "safetensors (model.safetensors)".
  static var description: String {
    listed(all.map { "\($0.name) (\($0.fileNames.joined(separator: ", ")))" }, "or")
  }
}
