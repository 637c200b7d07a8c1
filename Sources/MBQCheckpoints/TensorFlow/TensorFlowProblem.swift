/// Why a file is not what Formats/tensorflow/tensorflow.md describes.
enum TensorFlowProblem: FormatProblem, Equatable {
  case tooShort(bytes: Int)
  case gitLFSPointer
  case magic(found: UInt64)
  /// The user named a file of values.
  case dataFile(index: String)
  /// A violated rule at `place`, such as "the block at byte 0".
  case index(place: String, found: String, needed: String)
  case checksum(place: String, stored: UInt32, computed: UInt32)
  case compression(place: String, type: UInt8)
  case nameTooLong(bytes: Int)
  case namesTooLong
  case unsorted(name: String, previous: String)
  case header(field: String, found: String, needed: String)
  case consumer(needed: Int32)
  case entry(tensor: String, field: String, found: String, needed: String)
  case unknownType(tensor: String, found: Int32)
  case sizeOverflow(tensor: String, shape: [Int], type: ElementType)
  case wrongSize(tensor: String, shape: [Int], type: ElementType, needed: Int, found: Int)
  case partitioned(tensor: String, parts: Int)
  case overlap(tensor: String, start: Int, other: String, end: Int, shard: String)
  case missingShard(name: String)
  /// In a file of values.
  case beyondEnd(tensor: String, range: Range<Int>, available: Int)
  case tensorChecksum(tensor: String, stored: UInt32, computed: UInt32)

  var text: String {
    let again = "; copy or download the file again"
    let damaged = "; the file is damaged or was not written by TensorFlow, save it again"
    switch self {
    case .tooShort(let bytes):
      return "has \(counted(bytes, "byte")), and the index of a TensorFlow checkpoint has at least"
        + " \(Table.minimumBytes)\(again)"
    case .gitLFSPointer:
      return
        "is a Git LFS pointer, not the checkpoint; run `git lfs pull` in its folder, or download it"
    case .magic(let found):
      return "ends in \(hexadecimal(found)), and the index of a TensorFlow checkpoint in"
        + " \(hexadecimal(Table.magic)); it is cut off or something else: name the file that ends"
        + " in .index, or copy it again"
    case .dataFile(let index):
      return "holds values of a TensorFlow checkpoint; name its index instead, \(quoted(index))"
    case .index(let place, let found, let needed):
      return "is damaged in \(place): found \(found), needed \(needed)\(again)"
    case .checksum(let place, let stored, let computed):
      return "is damaged in \(place): its CRC-32C is \(hexadecimal(computed)), and"
        + " \(hexadecimal(stored)) is stored\(again)"
    case .compression(let place, let type):
      return
        "compresses \(place) by method \(type), and only 0 (none) and 1 (Snappy) are read; save"
        + " it again with tf.train.Saver or tf.train.Checkpoint"
    case .nameTooLong(let bytes):
      return "has a name of \(bytes) bytes, and at most \(Table.maximumNameBytes) are allowed"
        + "\(damaged)"
    case .namesTooLong:
      return "has names of more than \(Table.maximumNamesBytes) bytes together\(damaged)"
    case .unsorted(let name, let previous):
      return "lists \(quoted(name)) after \(quoted(previous)), and names must ascend\(damaged)"
    case .header(let field, let found, let needed):
      return "has a header that cannot be read: \(field) is \(found), needed \(needed)\(damaged)"
    case .consumer(let needed):
      return "asks for a reader of version \(needed) or later of the checkpoint format, and this is"
        + " version \(TensorBundle.version); save it again with TensorFlow 2.21 or older"
    case .entry(let tensor, let field, let found, let needed):
      return "describes tensor \(quoted(tensor)) wrongly: \(field) is \(found), needed"
        + " \(needed)\(damaged)"
    case .unknownType(let tensor, let found):
      return "gives tensor \(quoted(tensor)) the unknown type \(found)\(damaged)"
    case .sizeOverflow(let tensor, let shape, let type):
      return "gives tensor \(quoted(tensor)) the shape \(described(shape)), more values of type"
        + " \(type.rawValue) than a file can hold\(damaged)"
    case .wrongSize(let tensor, let shape, let type, let needed, let found):
      return "gives tensor \(quoted(tensor)) \(counted(found, "byte")), and its shape"
        + " \(described(shape)) of type \(type.rawValue) needs \(needed)\(damaged)"
    case .partitioned(let tensor, let parts):
      return "stores tensor \(quoted(tensor)) in \(counted(parts, "part")), and only whole tensors"
        + " are read; join them in Python: read each variable with `tf.train.load_variable` and save it"
        + " again with `tf.train.Checkpoint`"
    case .overlap(let tensor, let start, let other, let end, let shard):
      return "starts tensor \(quoted(tensor)) at byte \(start) of \(quoted(shard)), and"
        + " \(quoted(other)) ends at \(end)\(damaged)"
    case .missingShard(let name):
      return "needs \(quoted(name)) beside it, and there is no such file; copy all files of the"
        + " checkpoint"
    case .beyondEnd(let tensor, let range, let available):
      return "is cut off: tensor \(quoted(tensor)) needs bytes \(range.lowerBound) to"
        + " \(range.upperBound), and the file has \(available)\(again)"
    case .tensorChecksum(let tensor, let stored, let computed):
      return "is damaged in tensor \(quoted(tensor)): its CRC-32C is \(hexadecimal(computed)), and"
        + " the index says \(hexadecimal(stored))\(again), or another file of the checkpoint"
    }
  }
}

/// `0x00ff`, with as many digits as the type has.
private func hexadecimal<T: FixedWidthInteger>(_ value: T) -> String {
  let digits = String(value, radix: 16)
  return "0x" + String(repeating: "0", count: T.bitWidth / 4 - digits.count) + digits
}
