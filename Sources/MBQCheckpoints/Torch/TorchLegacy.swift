/// torch.save's format before 1.6, still written with `_use_new_zipfile_serialization=False`: four
/// pickles (magic number, version, the writer's machine, the object), a pickle with the keys of the
/// storages, then each storage as its number of elements and its bytes.
struct TorchLegacy {
  private let source: SourceFile

  /// `PROTO 2, LONG1` and torch's magic number, 0x1950A86A20F9469CFC6C.
  static let start: [UInt8] = [
    0x80, 0x02, 0x8A, 0x0A, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19,
  ]
  private static let version = 1001

  init(_ source: SourceFile) { self.source = source }

  private func refuse(_ problem: TorchProblem) -> CheckpointError {
    .format(FormatError(path: source.path, problem: problem))
  }

  func read() throws(CheckpointError) -> StoredWeights {
    defer { withExtendedLifetime(source) {} }
    var machine = PickleMachine(source.bytes)
    let path = source.path
    _ = try TorchReader.run(&machine, path: path)
    let version = try TorchReader.run(&machine, path: path)
    guard version == .integer(Self.version) else {
      throw refuse(.formatVersion(found: version.summary))
    }
    // The writer's machine. It has the key `little_endian`, but torch writes little-endian on every machine
    // and ignores the key.
    _ = try TorchReader.run(&machine, path: path)
    let root = try TorchReader.run(&machine, path: path)
    let state: StateDict
    do throws(TorchProblem) {
      state = try StateDict(root, in: machine)
    } catch {
      throw refuse(error)
    }
    let keys = try TorchReader.run(&machine, path: path)
    let starts = try storages(keys, machine)

    var tensors: [StoredTensor] = []
    for (name, tensor) in state.tensors {
      let storage = machine.storages[tensor.storage]
      let key = machine.string(storage.key)
      guard let start = starts[ExactString(key)] else {
        throw refuse(.storage(tensor: name, problem: "no storage is called \(quoted(key))"))
      }
      do throws(TorchProblem) {
        let place = try tensor.place(in: storage, named: name)
        tensors.append(
          StoredTensor(
            name: name, elementType: storage.elementType, shape: tensor.shape,
            strides: place.strides,
            range: (start + place.range.lowerBound)..<(start + place.range.upperBound),
            source: source))
      } catch {
        throw refuse(error)
      }
    }
    return StoredWeights(tensors: tensors, files: [source])
  }

  /// The starts of the bytes of each storage; all are inside the file, and nothing follows.
  private func storages(
    _ keys: PickleValue, _ machine: PickleMachine
  ) throws(CheckpointError) -> [ExactString: Int] {
    guard case .list(let list) = keys else {
      throw refuse(.legacy("the list of storages is \(keys.summary)"))
    }
    var described: [ExactString: PickleStorage] = [:]
    for storage in machine.storages {
      let key = ExactString(machine.string(storage.key))
      if let other = described[key],
        other.count != storage.count || other.elementType != storage.elementType
      {
        throw refuse(.legacy("the storage \(quoted(key.text)) is described in two ways"))
      }
      described[key] = storage
    }
    var starts: [ExactString: Int] = [:]
    var place = machine.place
    for value in machine.lists[list] {
      guard case .text(let range) = value else {
        throw refuse(.legacy("the list of storages holds \(value.summary)"))
      }
      let key = ExactString(machine.string(range))
      guard let storage = described[key] else {
        throw refuse(.legacy("the storage \(quoted(key.text)) is not described"))
      }
      guard source.bytes.count - place >= 8 else {
        throw refuse(.legacy("the storage \(quoted(key.text)) is missing"))
      }
      let raw = source.bytes.loadUnaligned(fromByteOffset: place, as: UInt64.self)
      let count = UInt64(littleEndian: raw)
      guard count == UInt64(storage.count),
        case .success(let byteCount) = storage.elementType.byteCount(of: [storage.count])
      else {
        throw refuse(
          .legacy(
            "the storage \(quoted(key.text)) has \(count) elements, described as \(storage.count)"))
      }
      place += 8
      guard byteCount <= source.bytes.count - place else {
        throw refuse(
          .legacy(
            "the storage \(quoted(key.text)) needs \(byteCount) bytes, and the file has"
              + " \(source.bytes.count - place) left"))
      }
      guard starts.updateValue(place, forKey: key) == nil else {
        throw refuse(.legacy("the storage \(quoted(key.text)) is there twice"))
      }
      place += byteCount
    }
    guard place == source.bytes.count else {
      throw refuse(.legacy("\(source.bytes.count - place) bytes follow the last storage"))
    }
    return starts
  }
}
