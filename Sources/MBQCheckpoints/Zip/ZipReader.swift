/// Reads the records of a zip archive, each checked against the file before it is used.
struct ZipReader {
  private let file: UnsafeRawBufferPointer

  struct Directory {
    var range: Range<Int>
    var count: Int
  }

  /// One record of the directory.
  struct Central {
    var name: String
    var nameBytes: Range<Int>
    var method: UInt16
    var checksum: UInt32
    var compressed: UInt64
    var uncompressed: UInt64
    /// Of the local header.
    var offset: Int
    /// Where the next record starts.
    var next: Int
  }

  init(_ file: UnsafeRawBufferPointer) { self.file = file }

  private func u16(_ at: Int) -> UInt16 {
    UInt16(littleEndian: file.loadUnaligned(fromByteOffset: at, as: UInt16.self))
  }

  private func u32(_ at: Int) -> UInt32 {
    UInt32(littleEndian: file.loadUnaligned(fromByteOffset: at, as: UInt32.self))
  }

  private func u64(_ at: Int) -> UInt64 {
    UInt64(littleEndian: file.loadUnaligned(fromByteOffset: at, as: UInt64.self))
  }

  /// Finds the end record: the last one whose comment ends with the file.
  func directory() throws(ZipProblem) -> Directory {
    let size = 22
    guard file.count >= size else { throw .noDirectory }
    let last = file.count - size
    var end = last
    while true {
      if u32(end) == 0x0605_4B50, end + size + Int(u16(end + 20)) == file.count { break }
      guard end > 0, last - end < 0xFFFF else { throw .noDirectory }
      end -= 1
    }
    guard u16(end + 4) == 0 || u16(end + 4) == 0xFFFF, u16(end + 6) == 0 || u16(end + 6) == 0xFFFF
    else { throw .directory("it is one of several disks") }
    var count = UInt64(u16(end + 10))
    var length = UInt64(u32(end + 12))
    var start = UInt64(u32(end + 16))
    var limit = end
    // The 64-bit record, which the fields of ones stand for.
    if end >= 20, u32(end - 20) == 0x0706_4B50 {
      let offset = u64(end - 12)
      guard end - 20 >= 56, offset <= UInt64(end - 20 - 56), u32(Int(offset)) == 0x0606_4B50 else {
        throw .directory("the 64-bit end record is not where it is said to be")
      }
      limit = Int(offset)
      count = u64(limit + 32)
      length = u64(limit + 40)
      start = u64(limit + 48)
    }
    guard count <= UInt64(ZipArchive.maximumEntries) else { throw .tooManyEntries(count) }
    guard start <= UInt64(limit), length <= UInt64(limit) - start else {
      throw .directory("it does not fit the file")
    }
    guard length / 46 >= count else { throw .directory("it is shorter than its entries") }
    return Directory(range: Int(start)..<Int(start + length), count: Int(count))
  }

  func central(at start: Int, end: Int) throws(ZipProblem) -> Central {
    guard end - start >= 46, u32(start) == 0x0201_4B50 else {
      throw .directory("an entry does not start where it should")
    }
    let nameLength = Int(u16(start + 28))
    let extraLength = Int(u16(start + 30))
    let next = start + 46 + nameLength + extraLength + Int(u16(start + 32))
    guard next <= end else { throw .directory("an entry goes past its end") }
    let nameBytes = (start + 46)..<(start + 46 + nameLength)
    guard let name = String(validating: file[nameBytes], as: UTF8.self), !name.isEmpty else {
      throw .name
    }
    guard u16(start + 8) & 1 == 0 else { throw .encrypted(entry: name) }
    let method = u16(start + 10)
    guard method == 0 || method == 8 else { throw .method(entry: name, method) }

    var compressed = UInt64(u32(start + 20))
    var uncompressed = UInt64(u32(start + 24))
    var offset = UInt64(u32(start + 42))
    let extra = nameBytes.upperBound..<(nameBytes.upperBound + extraLength)
    var place = try wideFields(extra, name)
    func wide(_ value: inout UInt64) throws(ZipProblem) {
      guard value == 0xFFFF_FFFF, let fields = place else { return }
      guard fields.count >= 8 else { throw .header(entry: name, "its 64-bit sizes are cut off") }
      value = u64(fields.lowerBound)
      place = (fields.lowerBound + 8)..<fields.upperBound
    }
    try wide(&uncompressed)
    try wide(&compressed)
    try wide(&offset)
    guard offset <= UInt64(file.count) else {
      throw .header(entry: name, "it starts past the end of the file")
    }
    return Central(
      name: name, nameBytes: nameBytes, method: method, checksum: u32(start + 16),
      compressed: compressed, uncompressed: uncompressed, offset: Int(offset), next: next)
  }

  /// The fields of the extra record 1, which holds what does not fit 32 bits.
  private func wideFields(_ extra: Range<Int>, _ name: String) throws(ZipProblem) -> Range<Int>? {
    var at = extra.lowerBound
    // Less than a record's header is padding.
    while extra.upperBound - at >= 4 {
      let length = Int(u16(at + 2))
      guard length <= extra.upperBound - at - 4 else {
        throw .header(entry: name, "its extra fields are cut off")
      }
      if u16(at) == 1 { return (at + 4)..<(at + 4 + length) }
      at += 4 + length
    }
    return nil
  }

  /// Where the bytes of an entry are; its local header must agree with the directory.
  func local(_ central: Central, directoryStart: Int) throws(ZipProblem) -> ZipArchive.Entry {
    let name = central.name
    let start = central.offset
    guard start <= directoryStart, directoryStart - start >= 30, u32(start) == 0x0403_4B50 else {
      throw .header(entry: name, "it does not start where the directory says")
    }
    let nameLength = Int(u16(start + 26))
    let data = start + 30 + nameLength + Int(u16(start + 28))
    guard data <= directoryStart else { throw .header(entry: name, "its header is cut off") }
    let nameBytes = (start + 30)..<(start + 30 + nameLength)
    guard u16(start + 8) == central.method, u16(start + 6) & 1 == 0,
      file[nameBytes].elementsEqual(file[central.nameBytes])
    else { throw .header(entry: name, "its two headers differ") }
    guard central.compressed <= UInt64(directoryStart - data) else {
      throw .header(entry: name, "its bytes go past the directory of entries")
    }
    guard central.uncompressed <= UInt64(Int.max) else {
      throw .header(entry: name, "its size is no size")
    }
    guard central.method == 8 || central.compressed == central.uncompressed else {
      throw .header(entry: name, "it is stored, and its two sizes differ")
    }
    return ZipArchive.Entry(
      name: name, range: data..<(data + Int(central.compressed)),
      byteCount: Int(central.uncompressed), isDeflated: central.method == 8,
      checksum: central.checksum)
  }
}
