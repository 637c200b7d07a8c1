/// The sorted table of keys and values that TensorFlow writes as a checkpoint's index: blocks of
/// entries, a block that says where they are, and a footer (Formats/tensorflow/tensorflow.md).
enum Table {
  static let magic: UInt64 = 0xDB47_7524_8B80_FB57
  static let footerBytes = 48
  /// A footer and two blocks without entries: one restart offset, its count, and a trailer.
  static let minimumBytes = footerBytes + 2 * (8 + BlockHandle.trailerBytes)
  /// TensorFlow sets no limit; a name is kept in memory, and prefix compression could make a few
  /// bytes of the file a long one.
  static let maximumNameBytes = 4096
  static let maximumNamesBytes = 4 << 20

  typealias Visit = (
    _ key: [UInt8], _ value: UnsafeRawBufferPointer, _ place: EntryPlace
  ) throws(TensorFlowProblem) -> Void

  /// Calls `visit` with every entry, keys strictly ascending by their bytes.
  ///
  /// Checks everything except the meaning of the values: each byte belongs to exactly one block or to the
  /// footer, every checksum is right, and the separators agree with the keys. Holds at most one block in
  /// memory, and only if it is compressed.
  static func forEachEntry(
    of file: UnsafeRawBufferPointer, _ visit: Visit
  ) throws(TensorFlowProblem) {
    let (metaindex, index) = try footer(of: file)
    var order = KeyOrder()
    var end = 0
    try index.withContents(of: file) { (contents) throws(TensorFlowProblem) in
      try TableBlock.forEachEntry(of: contents, place: index.place) {
        (separator, value, place) throws(TensorFlowProblem) in
        var cursor = ByteCursor(value)
        guard let handle = BlockHandle(&cursor, kind: "the block"), cursor.remaining == 0 else {
          throw .index(
            place: place.text, found: "no place of a block", needed: "an offset and a size")
        }
        guard handle.offset == end, let next = handle.end, next <= metaindex.offset else {
          throw .index(
            place: place.text, found: "a block of \(handle.size) bytes at byte \(handle.offset)",
            needed: "one that starts at byte \(end) and ends before the metaindex at"
              + " \(metaindex.offset)")
        }
        end = next
        try handle.withContents(of: file) { (contents) throws(TensorFlowProblem) in
          let isEmpty = try TableBlock.forEachEntry(of: contents, place: handle.place) {
            (key, value, place) throws(TensorFlowProblem) in
            try order.add(key)
            try visit(key, value, place)
          }
          if isEmpty {
            throw .index(place: handle.place, found: "no entries", needed: "at least one")
          }
        }
        try order.addSeparator(separator, place: place)
      }
    }
    guard end == metaindex.offset else {
      throw .index(
        place: metaindex.place, found: "its start at byte \(metaindex.offset)",
        needed: "\(end), where the last block of entries ends")
    }
    try metaindex.withContents(of: file) { (contents) throws(TensorFlowProblem) in
      let isEmpty = try TableBlock.forEachEntry(of: contents, place: metaindex.place) {
        (_, _, _) throws(TensorFlowProblem) in
      }
      if !isEmpty {
        throw .index(place: metaindex.place, found: "entries", needed: "none")
      }
    }
  }

  /// The last bytes: where the metaindex and the index are, zeros, and the magic number.
  private static func footer(
    of file: UnsafeRawBufferPointer
  ) throws(TensorFlowProblem) -> (metaindex: BlockHandle, index: BlockHandle) {
    if file.starts(with: "version https://git-lfs".utf8) { throw .gitLFSPointer }
    guard file.count >= minimumBytes else { throw .tooShort(bytes: file.count) }
    let start = file.count - footerBytes
    let found = UInt64(
      littleEndian: file.loadUnaligned(fromByteOffset: file.count - 8, as: UInt64.self))
    guard found == magic else { throw .magic(found: found) }
    var cursor = ByteCursor(UnsafeRawBufferPointer(rebasing: file[start..<file.count - 8]))
    guard let metaindex = BlockHandle(&cursor, kind: "the metaindex"),
      let index = BlockHandle(&cursor, kind: "the index block"),
      cursor.bytes(cursor.remaining)?.allSatisfy({ $0 == 0 }) == true
    else {
      throw .index(
        place: "the footer", found: "other bytes",
        needed: "offset and size of two blocks, then zeros")
    }
    guard index.end == start else {
      throw .index(
        place: "the footer", found: "an index block of \(index.size) bytes at byte \(index.offset)",
        needed: "one that ends at byte \(start)")
    }
    guard metaindex.end == index.offset else {
      throw .index(
        place: "the footer",
        found: "a metaindex of \(metaindex.size) bytes at byte \(metaindex.offset)",
        needed: "one that ends at byte \(index.offset)")
    }
    return (metaindex, index)
  }
}

/// Whether keys ascend, within a block and from block to block.
private struct KeyOrder {
  private var previous: [UInt8]?
  /// The separator in the index block after the keys of the previous block.
  private var separator: [UInt8]?
  private var bytes = 0

  mutating func add(_ key: [UInt8]) throws(TensorFlowProblem) {
    bytes += key.count
    guard bytes <= Table.maximumNamesBytes else { throw .namesTooLong }
    for limit in [previous, separator] {
      if let limit, !limit.lexicographicallyPrecedes(key) {
        throw .unsorted(
          name: String(decoding: key, as: UTF8.self),
          previous: String(decoding: limit, as: UTF8.self))
      }
    }
    previous = key
    separator = nil
  }

  /// After the keys of a block; the key that the index block has for it.
  mutating func addSeparator(
    _ key: [UInt8], place: EntryPlace
  ) throws(TensorFlowProblem) {
    if let previous, key.lexicographicallyPrecedes(previous) {
      throw .index(
        place: place.text, found: "the key \(quoted(String(decoding: key, as: UTF8.self)))",
        needed: "none before the block's last, \(quoted(String(decoding: previous, as: UTF8.self)))"
      )
    }
    separator = key
  }
}
