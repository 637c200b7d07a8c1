internal import CMBQKernels

/// NumPy's archives of arrays (Formats/npz/npz.md), one a tensor, by Hugging Face's names
/// or TensorFlow's.
enum NumPyReader: CheckpointReader {
  static let name = "npz"
  static let fileNames = ["model.npz"]
  static let fileExtensions = [".npz"]

  static func recognizes(path: String, firstBytes: UnsafeRawBufferPointer) -> Bool {
    hasExtension(path) || isNumPyArchive(firstBytes)
  }

  /// Whether the first entry of a zip archive is a .npy array.
  static func isNumPyArchive(_ start: UnsafeRawBufferPointer) -> Bool {
    guard start.count > 30, start.starts(with: "PK\u{3}\u{4}".utf8) else { return false }
    let length = Int(UInt16(littleEndian: start.loadUnaligned(fromByteOffset: 26, as: UInt16.self)))
    guard start.count >= 30 + length else { return false }
    return start[30..<(30 + length)].suffix(4).elementsEqual(".npy".utf8)
  }

  static func read(_ source: SourceFile) throws(CheckpointError) -> StoredWeights {
    defer { withExtendedLifetime(source) {} }
    func refuse(_ problem: any FormatProblem) -> CheckpointError {
      .format(FormatError(path: source.path, problem: problem))
    }
    guard source.bytes.starts(with: "PK".utf8) else { throw refuse(NumPyProblem.notArchive) }
    let archive: ZipArchive
    do throws(ZipProblem) {
      archive = try ZipArchive(source.bytes)
    } catch {
      throw refuse(error)
    }
    guard !archive.entries.isEmpty else { throw refuse(NumPyProblem.noArrays) }
    var tensors: [StoredTensor] = []
    for entry in archive.entries {
      guard entry.name.hasSuffix(".npy") else { throw refuse(NumPyProblem.entry(entry.name)) }
      let name = String(entry.name.dropLast(4))
      let contents = source.contents(of: entry)
      // The header of an array is inside its entry, so a deflated array is inflated now; the archive has
      // bounded the size of all of them.
      try contents.source.prepare()
      let bytes = UnsafeRawBufferPointer(rebasing: contents.source.bytes[contents.range])
      if !entry.isDeflated,
        !checksumAgrees(entry.checksum, mbq_crc32(0, bytes.baseAddress, bytes.count))
      {
        throw refuse(ZipProblem.checksum(entry: entry.name))
      }
      let header: NumPyHeader
      do throws(NumPyProblem.Header) {
        header = try NumPyHeader(bytes)
      } catch {
        throw refuse(NumPyProblem.array(name, error))
      }
      let found = bytes.count - header.byteCount
      let needed = try? header.elementType.byteCount(of: header.shape).get()
      guard needed == found else {
        throw refuse(
          NumPyProblem.size(
            name, shape: header.shape, type: header.elementType, needed: needed, found: found))
      }
      contents.source.release(contents.range)
      let start = contents.range.lowerBound + header.byteCount
      tensors.append(
        StoredTensor(
          name: name, elementType: header.elementType, shape: header.shape,
          strides: header.isFortranOrder ? fortranStrides(header.shape) : nil,
          isBigEndian: header.isBigEndian, range: start..<contents.range.upperBound,
          source: contents.source))
    }
    if VariableNames.areTensorFlow(tensors.map(\.name)) {
      tensors = try VariableNames.rename(tensors, path: source.path)
    }
    return StoredWeights(tensors: tensors, files: [source])
  }

  /// The first dimension fastest.
  private static func fortranStrides(_ shape: [Int]) -> [Int]? {
    StoredTensor.normalized(
      strides: contiguousStrides(shape.reversed()).reversed(), shape: shape)
  }
}
