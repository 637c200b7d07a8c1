/// Weights in several files, and the index Hugging Face writes beside them
/// (Formats/shards/shards.md).
enum ShardsReader: CheckpointReader {
  static let name = "shards"
  static let fileNames = ["model.safetensors.index.json", "pytorch_model.bin.index.json"]
  static let fileExtensions = [".index.json"]

  static func recognizes(path: String, firstBytes: UnsafeRawBufferPointer) -> Bool {
    if hasExtension(path) { return true }
    let start = String(decoding: firstBytes, as: UTF8.self)
    return start.hasPrefix("{") && start.contains("\"weight_map\"")
  }

  static func read(_ source: SourceFile) throws(CheckpointError) -> StoredWeights {
    let index = try ShardIndex(source)
    var weights = StoredWeights(tensors: [], files: [source])
    var extra = 0
    for shard in index.shards {
      let file = try source.sibling(shard.fileName)
      let read = try format(of: file, index: source).read(file)
      weights.files += read.files
      weights.warnings += read.warnings
      var wanted = shard.tensors
      for tensor in read.tensors {
        if wanted.remove(ExactString(tensor.name)) != nil {
          weights.tensors.append(tensor)
        } else {
          extra += 1
        }
      }
      if let missing = wanted.map(\.text).min() {
        throw .format(
          FormatError(
            path: source.path, problem: ShardProblem.missing(tensor: missing, file: shard.fileName))
        )
      }
    }
    if extra > 0 {
      weights.warnings.append(
        "\(quoted(source.path)): the shards hold \(counted(extra, "tensor")) that the index does"
          + " not name; left out")
    }
    return weights
  }

  /// The reader of one shard, which is no index itself.
  private static func format(
    of file: SourceFile, index: SourceFile
  ) throws(CheckpointError) -> any CheckpointReader.Type {
    for reader in [SafetensorsReader.self, TorchReader.self] as [any CheckpointReader.Type]
    where reader.hasExtension(file.path) {
      return reader
    }
    throw .format(FormatError(path: index.path, problem: ShardProblem.fileName(file.path)))
  }
}

/// The index of a checkpoint in several files.
struct ShardIndex {
  struct Shard {
    var fileName: String
    var tensors: Set<ExactString>
  }

  /// In the order in which the index first names them.
  private(set) var shards: [Shard] = []

  /// A model of 7 billion parameters has some 300 tensors in 3 shards.
  static let maximumShards = 1024
  private static let maximumBytes = 64 << 20

  init(_ source: SourceFile) throws(CheckpointError) {
    func refuse(_ problem: ShardProblem) -> CheckpointError {
      .format(FormatError(path: source.path, problem: problem))
    }
    let json = try source.json(maximumBytes: Self.maximumBytes)
    guard case .object(let object) = json else { throw refuse(.noMap(found: json.summary)) }
    guard case .object(let map)? = object["weight_map"] else {
      throw refuse(.noMap(found: object["weight_map"]?.summary ?? "missing"))
    }
    guard !map.members.isEmpty else { throw refuse(.noMap(found: "an empty object")) }
    var places: [ExactString: Int] = [:]
    for member in map.members {
      guard case .string(let fileName) = member.value else {
        throw refuse(.entry(tensor: member.key, found: member.value.summary))
      }
      if let place = places[ExactString(fileName)] {
        shards[place].tensors.insert(ExactString(member.key))
        continue
      }
      guard shards.count < Self.maximumShards else { throw refuse(.tooMany) }
      places[ExactString(fileName)] = shards.count
      shards.append(Shard(fileName: fileName, tensors: [ExactString(member.key)]))
    }
  }
}

/// Why an index of shards is refused.
enum ShardProblem: FormatProblem {
  case noMap(found: String)
  case entry(tensor: String, found: String)
  case tooMany
  case missing(tensor: String, file: String)
  case fileName(String)

  var text: String {
    switch self {
    case .noMap(let found):
      "has no 'weight_map', an object that says which file each tensor is in: found \(found); save"
        + " the model again with `model.save_pretrained(dir)`"
    case .entry(let tensor, let found):
      "gives no file for tensor \(quoted(tensor)): found \(found), allowed: a file name; save the"
        + " model again with `model.save_pretrained(dir)`"
    case .tooMany:
      "names more than \(ShardIndex.maximumShards) files; save the model again with"
        + " `model.save_pretrained(dir)`"
    case .missing(let tensor, let file):
      "says tensor \(quoted(tensor)) is in \(quoted(file)), and it is not there; use the index and"
        + " the shards of one `model.save_pretrained(dir)`"
    case .fileName(let path):
      "names \(quoted(path)), which ends in none of \(listed(SafetensorsReader.fileExtensions + TorchReader.fileExtensions, "or")); save the"
        + " model again with `model.save_pretrained(dir)`"
    }
  }
}
