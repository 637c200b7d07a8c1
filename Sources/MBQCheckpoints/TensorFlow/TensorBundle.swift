import SwiftProtobuf

/// The tensors in the index of a TensorFlow checkpoint (Formats/tensorflow/tensorflow.md).
///
/// The index is checked; the files of values are not.
struct TensorBundle: Sendable {
  struct Entry: Sendable {
    var name: String
    var type: TensorFlowType
    var shape: [Int]
    var shard: Int
    /// In the shard's file.
    var range: Range<Int>
    /// Masked CRC-32C of those bytes.
    var checksum: UInt32
  }

  var shardCount: Int
  var isBigEndian: Bool
  /// By shard, then in the order of their bytes; no two share one.
  var entries: [Entry]

  /// The version of the format this reads.
  static let version: Int32 = 1
  /// TensorFlow's own limit.
  static let maximumRank = 254
  /// The largest description of one tensor; 254 sizes of 63 bits take 4 kB.
  static let maximumValueBytes = 1 << 14
  static let maximumShards = 99_999

  init(validating file: UnsafeRawBufferPointer) throws(TensorFlowProblem) {
    var header: TFBundleHeaderProto?
    var entries: [Entry] = []
    var sliceKey: String?
    try Table.forEachEntry(of: file) { (key, value, place) throws(TensorFlowProblem) in
      guard value.count <= Self.maximumValueBytes else {
        throw .index(
          place: place.text, found: "a value of \(value.count) bytes",
          needed: "at most \(Self.maximumValueBytes)")
      }
      guard let shardCount = header.map({ Int($0.numShards) }) else {
        header = try Self.header(key: key, value)
        return
      }
      // A part of a partitioned tensor; the tensor itself follows and is refused by its name.
      if key.first == 0 {
        sliceKey = sliceKey ?? String(decoding: key, as: UTF8.self)
        return
      }
      guard let name = String(validating: key, as: UTF8.self) else {
        throw .index(place: place.text, found: "a name that is not UTF-8", needed: "UTF-8")
      }
      entries.append(try Self.entry(name, value, shardCount: shardCount))
    }
    guard let header else {
      throw .index(place: "the file", found: "no entries", needed: "a header under the empty key")
    }
    if let sliceKey {
      throw .entry(
        tensor: sliceKey, field: "the name", found: "that of a part of a tensor",
        needed: "such a tensor")
    }
    shardCount = Int(header.numShards)
    isBigEndian = header.endianness == 1
    self.entries = entries.sorted {
      ($0.shard, $0.range.lowerBound, $0.range.upperBound)
        < ($1.shard, $1.range.lowerBound, $1.range.upperBound)
    }
  }

  private static func message<M: Message>(_ value: UnsafeRawBufferPointer) -> M? {
    try? M(serializedBytes: Array(value))
  }

  private static func header(
    key: [UInt8], _ value: UnsafeRawBufferPointer
  ) throws(TensorFlowProblem) -> TFBundleHeaderProto {
    guard key.isEmpty else {
      throw .header(
        field: "the first key", found: quoted(String(decoding: key, as: UTF8.self)),
        needed: "the empty one")
    }
    guard let header: TFBundleHeaderProto = message(value) else {
      throw .header(
        field: "the value", found: "no BundleHeaderProto", needed: "one in the wire format")
    }
    guard header.numShards > 0, header.numShards <= maximumShards else {
      throw .header(
        field: "num_shards", found: "\(header.numShards)", needed: "from 1 to \(maximumShards)")
    }
    guard header.endianness == 0 || header.endianness == 1 else {
      throw .header(
        field: "endianness", found: "\(header.endianness)", needed: "0 (little) or 1 (big)")
    }
    guard header.version.producer >= 0 else {
      throw .header(
        field: "version.producer", found: "\(header.version.producer)", needed: "from 0")
    }
    if header.version.minConsumer > version { throw .consumer(needed: header.version.minConsumer) }
    if header.version.badConsumers.contains(version) { throw .consumer(needed: version + 1) }
    return header
  }

  private static func entry(
    _ name: String, _ value: UnsafeRawBufferPointer, shardCount: Int
  ) throws(TensorFlowProblem) -> Entry {
    guard let entry: TFBundleEntryProto = message(value) else {
      throw .entry(
        tensor: name, field: "the value", found: "no BundleEntryProto",
        needed: "one in the wire format")
    }
    if !entry.slices.isEmpty { throw .partitioned(tensor: name, parts: entry.slices.count) }
    guard let type = TensorFlowType(rawValue: entry.dtype) else {
      throw .unknownType(tensor: name, found: entry.dtype)
    }
    guard entry.shardID >= 0, entry.shardID < shardCount else {
      throw .entry(
        tensor: name, field: "shard_id", found: "\(entry.shardID)",
        needed: "from 0 to \(shardCount - 1)")
    }
    guard let start = Int(exactly: entry.offset), start >= 0 else {
      throw .entry(tensor: name, field: "offset", found: "\(entry.offset)", needed: "from 0")
    }
    guard let size = Int(exactly: entry.size), size >= 0, size <= Int.max - start else {
      throw .entry(
        tensor: name, field: "size", found: "\(entry.size)",
        needed: "from 0, and an end that fits 63 bits")
    }
    let shape = try shape(of: name, entry.shape)
    if let elementType = type.elementType {
      guard case .success(let needed) = elementType.byteCount(of: shape) else {
        throw .sizeOverflow(tensor: name, shape: shape, type: elementType)
      }
      guard size == needed else {
        throw .wrongSize(
          tensor: name, shape: shape, type: elementType, needed: needed, found: size)
      }
    }
    return Entry(
      name: name, type: type, shape: shape, shard: Int(entry.shardID),
      range: start..<start + size, checksum: entry.crc32C)
  }

  private static func shape(
    of name: String, _ shape: TFTensorShapeProto
  ) throws(TensorFlowProblem) -> [Int] {
    guard !shape.unknownRank else {
      throw .entry(
        tensor: name, field: "shape", found: "of unknown rank", needed: "a list of sizes")
    }
    guard shape.dim.count <= maximumRank else {
      throw .entry(
        tensor: name, field: "shape", found: "a list of \(shape.dim.count)",
        needed: "at most \(maximumRank) sizes")
    }
    var sizes: [Int] = []
    for dimension in shape.dim {
      guard let size = Int(exactly: dimension.size), size >= 0 else {
        throw .entry(
          tensor: name, field: "shape", found: "a list with \(dimension.size)",
          needed: "sizes from 0")
      }
      sizes.append(size)
    }
    return sizes
  }

  /// Refuses two tensors that share a byte; `shardName` gives the name of a shard's file.
  func checkOverlaps(shardName: (Int) -> String) throws(TensorFlowProblem) {
    var last: Entry?
    for entry in entries where !entry.range.isEmpty {
      if let last, last.shard == entry.shard, entry.range.lowerBound < last.range.upperBound {
        throw .overlap(
          tensor: entry.name, start: entry.range.lowerBound, other: last.name,
          end: last.range.upperBound, shard: shardName(entry.shard))
      }
      last = entry
    }
  }
}
