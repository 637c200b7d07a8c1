internal import CMBQKernels

/// torch.save's zip archive, since 1.6: `NAME/data.pkl` describes, `NAME/data/KEY` holds a storage each.
struct TorchZip {
  private let source: SourceFile
  private let archive: ZipArchive
  private let folder: String
  private var warnings: [String] = []

  init(_ source: SourceFile) throws(CheckpointError) {
    self.source = source
    do throws(ZipProblem) {
      archive = try ZipArchive(source.bytes)
    } catch {
      throw .format(FormatError(path: source.path, problem: error))
    }
    let pickle = "data.pkl"
    let pickles = archive.entries.filter { $0.name == pickle || $0.name.hasSuffix("/" + pickle) }
    if archive.entries.contains(where: { $0.name.hasSuffix("/constants.pkl") }) {
      throw .format(FormatError(path: source.path, problem: TorchProblem.torchScript))
    }
    guard pickles.count == 1 else {
      let problem = TorchProblem.noPickle(found: pickles.count)
      throw .format(FormatError(path: source.path, problem: problem))
    }
    folder = String(pickles[0].name.dropLast(pickle.count))
  }

  mutating func read() throws(CheckpointError) -> StoredWeights {
    let isBigEndian = try byteOrder()
    let described = try state()
    var storages: [ExactString: (source: SourceFile, range: Range<Int>)] = [:]
    var tensors: [StoredTensor] = []
    for (name, tensor, storage, key) in described {
      func refuse(_ problem: TorchProblem) -> CheckpointError {
        .format(FormatError(path: source.path, problem: problem))
      }
      let place: (range: Range<Int>, strides: [Int]?)
      do throws(TorchProblem) {
        place = try tensor.place(in: storage, named: name)
      } catch {
        throw refuse(error)
      }
      let bytes: (source: SourceFile, range: Range<Int>)
      if let known = storages[ExactString(key)] {
        bytes = known
      } else {
        let path = "\(folder)data/\(key)"
        guard let entry = archive[path] else {
          throw refuse(.storage(tensor: name, problem: "the archive has no \(quoted(path))"))
        }
        bytes = source.contents(of: entry)
        storages[ExactString(key)] = bytes
        checkChecksum(entry)
      }
      guard case .success(bytes.range.count) = storage.elementType.byteCount(of: [storage.count])
      else {
        throw refuse(
          .storage(
            tensor: name,
            problem:
              "\(quoted("\(folder)data/\(key)")) has \(bytes.range.count) bytes, and \(storage.count) values of"
              + " type \(storage.elementType.rawValue) were needed"))
      }
      let start = bytes.range.lowerBound
      tensors.append(
        StoredTensor(
          name: name, elementType: storage.elementType, shape: tensor.shape,
          strides: place.strides, isBigEndian: isBigEndian,
          range: (start + place.range.lowerBound)..<(start + place.range.upperBound),
          source: bytes.source))
    }
    return StoredWeights(tensors: tensors, files: [source], warnings: warnings)
  }

  /// torch does not check the checksums and has an option not to compute them, so a wrong one may be
  /// harmless; a deflated entry is checked when it is inflated.
  private mutating func checkChecksum(_ entry: ZipArchive.Entry) {
    guard !entry.isDeflated, warnings.isEmpty else { return }
    defer { source.release(entry.range) }
    let bytes = UnsafeRawBufferPointer(rebasing: source.bytes[entry.range])
    if !checksumAgrees(entry.checksum, mbq_crc32(0, bytes.baseAddress, bytes.count)) {
      warnings.append(
        "\(quoted(source.path)): the checksum of \(quoted(entry.name)) does not match; the file is"
          + " damaged, or was saved with `torch.serialization.set_crc32_options(False)`")
    }
  }

  private func byteOrder() throws(CheckpointError) -> Bool {
    guard let entry = archive["\(folder)byteorder"] else { return false }
    let bytes = try contents(entry, limit: 16)
    let text = bytes.source.bytes[bytes.range]
    defer { withExtendedLifetime(bytes.source) {} }
    if text.elementsEqual("little".utf8) { return false }
    if text.elementsEqual("big".utf8) { return true }
    let found = String(decoding: text, as: UTF8.self)
    throw .format(FormatError(path: source.path, problem: TorchProblem.byteOrder(found)))
  }

  private typealias Described = (
    name: String, tensor: PickleTensor, storage: PickleStorage, key: String
  )

  private func state() throws(CheckpointError) -> [Described] {
    guard let entry = archive["\(folder)data.pkl"] else { return [] }
    let pickle = try contents(entry, limit: PickleMachine.maximumBytes)
    defer { withExtendedLifetime(pickle.source) {} }
    var machine = PickleMachine(
      UnsafeRawBufferPointer(rebasing: pickle.source.bytes[pickle.range]))
    let root = try TorchReader.run(&machine, path: source.path)
    let state: StateDict
    do throws(TorchProblem) {
      state = try StateDict(root, in: machine)
    } catch {
      throw .format(FormatError(path: source.path, problem: error))
    }
    return state.tensors.map { name, tensor in
      let storage = machine.storages[tensor.storage]
      return (name, tensor, storage, machine.string(storage.key))
    }
  }

  /// The bytes of a small entry.
  private func contents(
    _ entry: ZipArchive.Entry, limit: Int
  ) throws(CheckpointError) -> (source: SourceFile, range: Range<Int>) {
    guard entry.byteCount <= limit else {
      throw .format(FormatError(path: source.path, problem: PickleProblem.tooLong(limit: limit)))
    }
    let bytes = source.contents(of: entry)
    try bytes.source.prepare()
    return bytes
  }
}
