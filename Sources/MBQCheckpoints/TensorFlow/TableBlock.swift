/// The place of a block in the file of a table.
struct BlockHandle {
  /// After a block: its compression, and the masked checksum of block and compression.
  static let trailerBytes = 5

  var offset: Int
  /// Without the trailer.
  var size: Int
  var kind: String

  init?(_ cursor: inout ByteCursor, kind: String) {
    guard let offset = cursor.varint(), let size = cursor.varint() else { return nil }
    self.offset = offset
    self.size = size
    self.kind = kind
  }

  /// After the trailer; nil if there is no such number.
  var end: Int? {
    let (sum, overflow) = offset.addingReportingOverflow(size)
    let (end, second) = sum.addingReportingOverflow(Self.trailerBytes)
    return overflow || second ? nil : end
  }

  var place: String { "\(kind) at byte \(offset)" }

  /// Checks the checksum, then calls `body` with the decompressed block.
  func withContents(
    of file: UnsafeRawBufferPointer,
    _ body: (UnsafeRawBufferPointer) throws(TensorFlowProblem) -> Void
  ) throws(TensorFlowProblem) {
    guard let end, end <= file.count else {
      throw .index(
        place: place, found: "a size of \(size)", needed: "an end inside the file's \(file.count)")
    }
    let checked = UnsafeRawBufferPointer(rebasing: file[offset..<offset + size + 1])
    let contents = UnsafeRawBufferPointer(rebasing: checked.dropLast())
    let stored = UInt32(
      littleEndian: file.loadUnaligned(fromByteOffset: end - 4, as: UInt32.self))
    let computed = CRC32C.masked(CRC32C.checksum(checked))
    guard checksumAgrees(stored, computed) else {
      throw .checksum(place: place, stored: stored, computed: computed)
    }
    switch checked[size] {
    case 0: try body(contents)
    case 1:
      guard let bytes = Snappy.decompress(contents) else {
        throw .index(
          place: place, found: "bytes that Snappy cannot decompress",
          needed: "at most \(Snappy.maximumLength) compressed by it")
      }
      let result = bytes.withUnsafeBytes { buffer -> Result<Void, TensorFlowProblem> in
        do throws(TensorFlowProblem) {
          return .success(try body(buffer))
        } catch {
          return .failure(error)
        }
      }
      try result.get()
    case let type: throw .compression(place: place, type: type)
    }
  }
}

/// The place of an entry, for a message.
struct EntryPlace {
  var offset: Int
  var block: String
  var text: String { "the entry at byte \(offset) of \(block)" }
}

/// A run of entries, in which each key is stored as the difference from the key before it, and the offsets
/// of whole keys.
enum TableBlock {
  /// Calls `visit` with every entry, in the block's order, and says whether there was none.
  @discardableResult
  static func forEachEntry(
    of block: UnsafeRawBufferPointer, place: String, _ visit: Table.Visit
  ) throws(TensorFlowProblem) -> Bool {
    guard block.count >= 4 else {
      throw .index(place: place, found: "\(block.count) bytes", needed: "at least 8")
    }
    func number(at offset: Int) -> Int {
      Int(UInt32(littleEndian: block.loadUnaligned(fromByteOffset: offset, as: UInt32.self)))
    }
    let restarts = number(at: block.count - 4)
    guard restarts > 0, restarts <= (block.count - 4) / 4 else {
      throw .index(
        place: place, found: "\(restarts) restart offsets",
        needed: "from 1 to \((block.count - 4) / 4), as its \(block.count) bytes have room for")
    }
    let end = block.count - 4 - 4 * restarts
    var cursor = ByteCursor(UnsafeRawBufferPointer(rebasing: block[..<end]))
    var key: [UInt8] = []
    var restart = 0
    func nextRestart() -> Int? { restart < restarts ? number(at: end + 4 * restart) : nil }

    while cursor.remaining > 0 {
      let start = cursor.offset
      let entryPlace = EntryPlace(offset: start, block: place)
      guard let shared = cursor.varint(), let added = cursor.varint(), let size = cursor.varint(),
        let suffix = cursor.bytes(added), let value = cursor.bytes(size)
      else {
        throw .index(
          place: entryPlace.text, found: "lengths that exceed it", needed: "shorter ones")
      }
      let isWhole = nextRestart() == start
      if isWhole { restart += 1 }
      guard shared <= (isWhole ? 0 : key.count) else {
        throw .index(
          place: entryPlace.text, found: "\(shared) bytes in common with the key before it",
          needed: isWhole ? "0, as it is a restart" : "at most its \(key.count)")
      }
      guard added <= Table.maximumNameBytes - shared else {
        throw .nameTooLong(bytes: shared.addingReportingOverflow(added).partialValue)
      }
      key.removeLast(key.count - shared)
      key.append(contentsOf: suffix)
      try visit(key, value, entryPlace)
    }
    // A block without entries has a restart offset all the same.
    if end == 0, nextRestart() == 0 { restart += 1 }
    if let next = nextRestart() {
      throw .index(
        place: place, found: "the restart offset \(next)",
        needed: "ascending ones, each at the start of an entry")
    }
    return end == 0
  }
}
