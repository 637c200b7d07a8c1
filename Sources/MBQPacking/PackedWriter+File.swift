internal import CMBQBytes
import MBQCore
public import MBQFormat
public import MBQModel

extension PackedWriter {
  /// The whole file.
  ///
  /// `header.tensors` is taken from the matrices added. `deflate` gives a zlib stream, used where it is
  /// shorter; for the weights only with `compressWeights`, which a runtime then inflates when it opens
  /// the file instead of using them where they are. More than 2^27 bytes of them stay as they are.
  public func file(
    _ header: PackedHeader, tokenizerOptions: [UInt8], vocabulary: [UInt8],
    compressWeights: Bool = false, deflate: ([UInt8]) -> [UInt8] = { $0 }
  ) -> [UInt8] {
    var header = header
    header.tensors = tensors
    let contents: [(PackedSection.Kind, [UInt8])] = [
      (.configuration, Self.configuration(header)),
      (.labels, Self.labels(header)),
      (.tokenizer, tokenizerOptions),
      (.vocabulary, vocabulary),
      (.buffers, Self.buffers(header)),
      (.operations, Self.operations(header)),
      (.tensors, Self.tensors(header)),
      (.weights, weights),
      (.names, Array(header.names.joined(separator: "\n").utf8)),
      (.goldens, Self.goldens(header)),
      (.provenance, Array(header.provenance.utf8)),
    ]
    let parts = contents.map { kind, bytes -> Part in
      let stays =
        kind == .weights && (!compressWeights || bytes.count > PackedLimits.rawWeights)
      let short = stays ? bytes : deflate(bytes)
      return (kind, (short.count < bytes.count ? short : bytes)[...], bytes.count)
    }
    return Self.file(parts, header)
  }

  /// The file `bytes` with another decision, and another provenance unless it is nil; all else stays as it
  /// is stored.
  ///
  /// With the default decision it is what it was before it got one, to the byte, unless its configuration
  /// was compressed, which is then stored plainly. Refuses what a reader would.
  public static func file(
    _ bytes: [UInt8], deciding decision: Decision, provenance: String? = nil
  ) throws(FormatError) -> [UInt8] {
    let buffer = AlignedBuffer(byteCount: bytes.count)
    buffer.bytes.copyBytes(from: bytes)
    let packed = try PackedModel(
      bytes: UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(buffer.bytes)[..<bytes.count]))
    var header = packed.header
    header.decision = decision
    try header.validate(weights: packed.weights)
    let parts = packed.sections.map { section -> Part in
      let content: [UInt8]
      switch (section.kind, provenance) {
      case (.configuration, _): content = configuration(header)
      case (.provenance, let said?): content = Array(said.utf8)
      default:
        let stored = bytes[section.offset..<(section.offset + section.length)]
        return (section.kind, stored, section.rawLength)
      }
      return (section.kind, content[...], content.count)
    }
    return file(parts, header)
  }

  /// A section as it is stored.
  private typealias Part = (kind: PackedSection.Kind, bytes: ArraySlice<UInt8>, rawCount: Int)

  private static func file(_ parts: [Part], _ header: PackedHeader) -> [UInt8] {
    let hasShortWeights = parts.contains { $0.kind == .weights && $0.bytes.count != $0.rawCount }
    var table = ByteWriter()
    var offset = fixedHeaderSize + parts.count * sectionEntrySize
    for part in parts {
      offset = roundUp(offset, to: 64)
      table.number(part.kind.rawValue)
      table.number(part.bytes.withUnsafeBytes { mbq_crc32(0, $0.baseAddress, $0.count) })
      table.u64(offset)
      table.u64(part.bytes.count)
      table.u64(part.rawCount)
      offset += part.bytes.count
    }

    var file: [UInt8] = []
    file.reserveCapacity(offset)
    var fixed = ByteWriter()
    fixed.append(packedSignature)
    fixed.u16(packedMajor)
    fixed.u16(max(header.minorVersion, hasShortWeights ? 2 : 0))
    fixed.u32(parts.count)
    fixed.u64(offset)
    fixed.u64(0)  // Checksum and reserved bytes.
    file += fixed.bytes
    file += [UInt8](repeating: 0, count: 32)
    file += table.bytes
    for part in parts {
      file += repeatElement(0, count: roundUp(file.count, to: 64) - file.count)
      file += part.bytes
    }
    let hash = file.withUnsafeBytes {
      sha256(UnsafeRawBufferPointer(rebasing: $0[fixedHeaderSize...]))
    }
    file.replaceSubrange(32..<64, with: hash)
    let checksum = file.withUnsafeBytes { bytes in
      PackedModel.headerChecksum(
        fixed: bytes,
        table: UnsafeRawBufferPointer(
          rebasing: bytes[fixedHeaderSize..<(fixedHeaderSize + table.bytes.count)]))
    }
    for index in 0..<4 { file[24 + index] = UInt8(truncatingIfNeeded: checksum >> (8 * index)) }
    return file
  }
}
