/// Hugging Face safetensors, in one file.
enum SafetensorsReader: CheckpointReader {
  static let name = "safetensors"
  static let fileNames = ["model.safetensors"]
  static let fileExtensions = [".safetensors"]

  static func recognizes(path: String, firstBytes: UnsafeRawBufferPointer) -> Bool {
    if hasExtension(path) { return true }
    guard firstBytes.count >= 9, firstBytes[8] == UInt8(ascii: "{") else { return false }
    let length = UInt64(littleEndian: firstBytes.loadUnaligned(as: UInt64.self))
    return length <= UInt64(SafetensorsHeader.maximumLength)
  }

  static func read(_ source: SourceFile) throws(CheckpointError) -> StoredWeights {
    do throws(SafetensorsError) {
      let header = try SafetensorsHeader(validating: source.bytes, path: source.path)
      let tensors = header.entries.map {
        StoredTensor(
          name: $0.name, elementType: $0.elementType, shape: $0.shape, range: $0.range,
          source: source)
      }
      return StoredWeights(tensors: tensors, files: [source])
    } catch {
      throw .safetensors(error)
    }
  }
}
