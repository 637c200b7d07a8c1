/// Files of `torch.save` (Formats/torch/torch.md), read without executing the pickle in them.
enum TorchReader: CheckpointReader {
  static let name = "torch"
  static let fileNames = ["pytorch_model.bin", "model.pt", "model.pth", "model.bin"]
  static let fileExtensions = [".bin", ".pt", ".pth", ".ckpt"]

  private static let zipStart = Array("PK\u{3}\u{4}".utf8)

  static func recognizes(path: String, firstBytes: UnsafeRawBufferPointer) -> Bool {
    if NumPyReader.hasExtension(path) { return false }
    // An .npz is a zip archive too; the name of its first entry tells them apart.
    if firstBytes.starts(with: zipStart) { return !NumPyReader.isNumPyArchive(firstBytes) }
    return hasExtension(path) || firstBytes.starts(with: TorchLegacy.start)
  }

  static func read(_ source: SourceFile) throws(CheckpointError) -> StoredWeights {
    defer { withExtendedLifetime(source) {} }
    if source.bytes.starts(with: zipStart) {
      var archive = try TorchZip(source)
      return try archive.read()
    }
    if source.bytes.starts(with: TorchLegacy.start) { return try TorchLegacy(source).read() }
    throw .format(FormatError(path: source.path, problem: problem(of: source.bytes)))
  }

  /// The kind of a file in neither format.
  private static func problem(of bytes: UnsafeRawBufferPointer) -> TorchProblem {
    if bytes.starts(with: "version https://git-lfs".utf8) { return .gitLFSPointer }
    if bytes.count >= 262, bytes[257..<262].elementsEqual("ustar".utf8) { return .tarFile }
    return .notTorch
  }

  static func run(
    _ machine: inout PickleMachine, path: String
  ) throws(CheckpointError) -> PickleValue {
    do throws(PickleProblem) {
      return try machine.run()
    } catch {
      throw .format(FormatError(path: path, problem: error))
    }
  }
}
