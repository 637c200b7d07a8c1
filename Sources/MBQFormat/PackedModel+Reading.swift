internal import CMBQBytes
import MBQCore
import MBQModel
import MBQSchemes

package let packedSignature: [UInt8] = [0x89, 0x4D, 0x42, 0x51, 0x0D, 0x0A, 0x1A, 0x0A]
package let fixedHeaderSize = 64
package let sectionEntrySize = 32

extension PackedModel {
  /// Reads and checks everything but the golden vectors' truth: after this, offsets are trusted.
  ///
  /// `bytes` must stay mapped as long as the model is used, and start on a multiple of 64 bytes.
  public init(bytes: UnsafeRawBufferPointer) throws(FormatError) {
    let (sections, digest) = try Self.sections(of: bytes)
    func contents(_ kind: PackedSection.Kind) throws(FormatError) -> SectionBytes {
      for section in sections where section.kind == kind {
        return try SectionBytes(section, of: bytes)
      }
      throw .missing(section: kind.name)
    }
    func reader(_ contents: SectionBytes) -> ByteReader {
      ByteReader(contents.bytes, origin: contents.origin)
    }
    // Kept until what is read from them has been copied out.
    let configuration = try contents(.configuration)
    let labels = try contents(.labels)
    let buffers = try contents(.buffers)
    let operations = try contents(.operations)
    let tensors = try contents(.tensors)
    let names = try contents(.names)
    let goldens = try contents(.goldens)
    let provenance = try contents(.provenance)
    let weights = try contents(.weights)

    var header = try Self.configuration(reader(configuration))
    header.labels = try Self.labels(reader(labels))
    try Self.buffers(reader(buffers), into: &header)
    header.steps = try Self.steps(reader(operations))
    header.tensors = try Self.tensors(reader(tensors))
    header.names = try Self.names(reader(names), count: header.steps.count)
    header.goldens = try Self.goldens(reader(goldens), header)
    header.provenance = String(repairing: provenance.bytes)
    try header.validate(weights: weights.bytes)
    self.init(
      header: header, weights: weights, tokenizerOptions: try contents(.tokenizer),
      vocabulary: try contents(.vocabulary), sections: sections, statedDigest: digest)
  }

  /// The section table, with every checksum compared.
  private static func sections(
    of bytes: UnsafeRawBufferPointer
  ) throws(FormatError) -> ([PackedSection], [UInt8]) {
    guard bytes.count >= 8, bytes.prefix(8).elementsEqual(packedSignature) else {
      throw .notPacked
    }
    var fixed = ByteReader(bytes)
    _ = try fixed.take(8, "signature")
    let major = try fixed.u16("major version")
    let minor = try fixed.u16("minor version")
    guard major >= packedMajor else {
      throw .invalid(field: "major version", found: "\(major)", allowed: "\(packedMajor)")
    }
    guard major == packedMajor else { throw .newer(major: major, minor: minor) }
    let count = try fixed.u32("section count")
    let fileSize = try fixed.u64("file size")
    guard fileSize == bytes.count else {
      throw fileSize > bytes.count
        ? .truncated(field: "the file", offset: 0, needed: fileSize, available: bytes.count)
        : .invalid(
          field: "file size", found: "\(fileSize)", allowed: "\(bytes.count), the bytes there are")
    }
    let stated = try fixed.bits32("header checksum")
    try fixed.reserved(4, "reserved header bytes")
    let digest = Array(try fixed.take(32, "digest"))
    guard (1...64).contains(count) else {
      throw .invalid(field: "section count", found: "\(count)", allowed: "1 to 64")
    }
    let table = try fixed.take(count * sectionEntrySize, "section table")
    guard headerChecksum(fixed: bytes, table: table) == stated else {
      throw .damaged(section: "header")
    }

    var sections: [PackedSection] = []
    var entries = ByteReader(table, origin: fixedHeaderSize)
    var end = fixedHeaderSize + table.count
    for _ in 0..<count {
      let code = try entries.bits32("section kind")
      let checksum = try entries.bits32("section checksum")
      let offset = try entries.u64("section offset")
      let length = try entries.u64("section length")
      let rawLength = try entries.u64("section raw length")
      guard let kind = PackedSection.Kind(rawValue: code) else {
        throw .invalid(field: "section kind", found: "\(code)", allowed: "those of the format")
      }
      guard !sections.contains(where: { $0.kind == kind }) else {
        throw .invalid(field: "section kind", found: "\(kind.name) twice", allowed: "once")
      }
      guard offset == roundUp(end, to: 64) else {
        throw .invalid(
          field: "offset of the \(kind.name) section", found: "\(offset)",
          allowed: "\(roundUp(end, to: 64)), right after the one before")
      }
      guard offset <= bytes.count, length <= bytes.count - offset else {
        throw .truncated(
          field: "the \(kind.name) section", offset: offset, needed: length,
          available: bytes.count - offset)
      }
      let most = kind == .weights ? PackedLimits.rawWeights : PackedLimits.rawSection
      guard rawLength <= most || rawLength == length else {
        throw .invalid(
          field: "raw length of the \(kind.name) section", found: "\(rawLength)",
          allowed: "at most \(most)")
      }
      // No checksum covers what lies between sections.
      guard bytes[end..<offset].allSatisfy({ $0 == 0 }) else {
        throw .invalid(
          field: "padding before the \(kind.name) section", found: "not zero", allowed: "zeros")
      }
      end = offset + length
      sections.append(
        PackedSection(
          kind: kind, checksum: checksum, offset: offset, length: length, rawLength: rawLength))
    }
    guard end == bytes.count else {
      throw .invalid(field: "end of the last section", found: "\(end)", allowed: "\(bytes.count)")
    }
    for section in sections {
      let start = bytes.baseAddress.map { $0 + section.offset }
      guard mbq_crc32(0, start, section.length) == section.checksum else {
        throw .damaged(section: section.kind.name)
      }
    }
    return (sections, digest)
  }

  /// CRC-32 of the fixed header, its checksum field taken as zero, and the section table.
  package static func headerChecksum(
    fixed: UnsafeRawBufferPointer, table: UnsafeRawBufferPointer
  ) -> UInt32 {
    var start = [UInt8](fixed.prefix(fixedHeaderSize))
    for index in 24..<28 { start[index] = 0 }
    return mbq_crc32(mbq_crc32(0, start, start.count), table.baseAddress, table.count)
  }
}

/// A section's contents: where they are in the file, or inflated.
final class SectionBytes: @unchecked Sendable {
  let bytes: UnsafeRawBufferPointer
  /// Where the section starts in the file, for messages.
  let origin: Int
  private let inflated: UnsafeMutableRawBufferPointer?

  init(_ section: PackedSection, of file: UnsafeRawBufferPointer) throws(FormatError) {
    origin = section.offset
    let stored = UnsafeRawBufferPointer(
      rebasing: file[section.offset..<(section.offset + section.length)])
    guard section.isCompressed else {
      bytes = stored
      inflated = nil
      return
    }
    let room = UnsafeMutableRawBufferPointer.allocate(
      byteCount: max(section.rawLength, 1), alignment: AlignedBuffer.alignment)
    guard mbq_inflate(stored.baseAddress, stored.count, room.baseAddress, section.rawLength) != 0
    else {
      room.deallocate()
      throw .damaged(section: section.kind.name)
    }
    bytes = UnsafeRawBufferPointer(rebasing: room[..<section.rawLength])
    inflated = room
  }

  deinit { inflated?.deallocate() }
}
