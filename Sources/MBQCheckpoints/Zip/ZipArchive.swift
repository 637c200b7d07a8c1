import MBQCore

/// The entries of a zip archive (PKWARE's APPNOTE 6.3.10, with zip64), as torch and numpy write them;
/// Formats/torch/torch.md has the subset.
///
/// With a value of this type, the file can be indexed without further checks.
struct ZipArchive {
  struct Entry: Sendable {
    var name: String
    /// The stored bytes, from the start of the file.
    var range: Range<Int>
    /// Once inflated.
    var byteCount: Int
    var isDeflated: Bool
    /// CRC-32 of the inflated bytes.
    var checksum: UInt32
  }

  /// In the order of the directory.
  private(set) var entries: [Entry] = []
  private let places: [ExactString: Int]

  static let maximumEntries = 1 << 17
  /// A deflate stream can inflate to 1,032 times its size; weights, even with nine of ten set to zero, stay
  /// far below twenty times.
  static let maximumRatio = 20
  static let freeBytes = 64 << 20

  subscript(name: String) -> Entry? { places[ExactString(name)].map { entries[$0] } }

  init(_ file: UnsafeRawBufferPointer) throws(ZipProblem) {
    let reader = ZipReader(file)
    let directory = try reader.directory()
    var cursor = directory.range.lowerBound
    var extents: [(start: Int, end: Int, name: String)] = []
    var places: [ExactString: Int] = [:]
    for _ in 0..<directory.count {
      let central = try reader.central(at: cursor, end: directory.range.upperBound)
      cursor = central.next
      let local = try reader.local(central, directoryStart: directory.range.lowerBound)
      extents.append((central.offset, local.range.upperBound, central.name))
      // A folder.
      if central.name.hasSuffix("/") && local.range.isEmpty { continue }
      guard places.updateValue(entries.count, forKey: ExactString(central.name)) == nil else {
        throw .duplicate(entry: central.name)
      }
      entries.append(local)
    }
    self.places = places
    guard cursor == directory.range.upperBound else { throw .directory("its entries end early") }

    // With overlapping entries, a small file could inflate to any size.
    extents.sort { ($0.start, $0.end) < ($1.start, $1.end) }
    for (a, b) in zip(extents, extents.dropFirst()) where b.start < a.end {
      throw .overlap(a.name, b.name)
    }
    var inflated = 0
    for entry in entries where entry.isDeflated {
      let (sum, overflow) = inflated.addingReportingOverflow(entry.byteCount)
      inflated = overflow ? .max : sum
    }
    let limit = Self.freeBytes + Self.maximumRatio * file.count
    guard inflated <= limit else { throw .unfolds(to: inflated, limit: limit) }
  }
}

extension SourceFile {
  /// The bytes of `entry` of this archive: where they lie, or to be inflated.
  func contents(of entry: ZipArchive.Entry) -> (source: SourceFile, range: Range<Int>) {
    entry.isDeflated
      ? (
        SourceFile(path: path, deflated: DeflatedBytes(entry, in: self)), 0..<entry.byteCount
      )
      : (self, entry.range)
  }
}
