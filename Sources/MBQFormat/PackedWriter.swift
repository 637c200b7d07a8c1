internal import CMBQKernels
import MBQCore
import MBQModel
import MBQSchemes

/// Builds the bytes of a packed model; the same parts give the same bytes.
public struct PackedWriter {
  private var weights: [UInt8] = []
  public private(set) var tensors: [PackedTensor] = []

  public init(expectedWeightBytes: Int = 0) { weights.reserveCapacity(expectedWeightBytes) }

  /// Appends a matrix (or a vector, as one row) and returns its index.
  @discardableResult
  public mutating func add(_ matrix: EncodedMatrix) -> Int {
    align(to: AlignedBuffer.alignment)
    let offset = weights.count
    weights.append(contentsOf: matrix.elements)
    appendGroups(of: matrix)
    var scalesOffset = 0
    if matrix.scheme.hasScales {
      align(to: 2)
      scalesOffset = weights.count
      for scale in matrix.scales {
        weights.append(UInt8(truncatingIfNeeded: scale))
        weights.append(UInt8(truncatingIfNeeded: scale >> 8))
      }
    }
    tensors.append(
      PackedTensor(
        scheme: matrix.scheme, rows: matrix.rows, columns: matrix.columns, offset: offset,
        scalesOffset: scalesOffset))
    return tensors.count - 1
  }

  /// In the order of `SchemeCode.groupIndex`; rows that pad a block have bytes of 0.
  private mutating func appendGroups(of matrix: EncodedMatrix) {
    guard let size = matrix.scheme.groupSize else { return }
    let count = (matrix.columns + size - 1) / size
    let start = weights.count
    weights += repeatElement(
      0, count: matrix.scheme.groupByteCount(rows: matrix.rows, columns: matrix.columns))
    for row in 0..<matrix.rows {
      for group in 0..<count {
        let index = matrix.scheme.groupIndex(row: row, group: group, columns: matrix.columns)
        weights[start + index] = matrix.groups[row * count + group]
      }
    }
  }

  private mutating func align(to multiple: Int) {
    let padding = roundUp(weights.count, to: multiple) - weights.count
    weights.append(contentsOf: repeatElement(0, count: padding))
  }

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
    let parts = contents.map { kind, bytes in
      let stays =
        kind == .weights && (!compressWeights || bytes.count > PackedLimits.rawWeights)
      let short = stays ? bytes : deflate(bytes)
      return Part(
        kind: kind, bytes: (short.count < bytes.count ? short : bytes)[...], rawCount: bytes.count)
    }
    return Self.file(parts, header)
  }

  /// The file `bytes` with another decision; all else stays as it is stored.
  ///
  /// With the default decision it is what it was before it got one, to the byte. Refuses what a reader
  /// would.
  public static func file(
    _ bytes: [UInt8], deciding decision: Decision
  ) throws(FormatError) -> [UInt8] {
    let buffer = AlignedBuffer(byteCount: bytes.count)
    buffer.bytes.copyBytes(from: bytes)
    let packed = try PackedModel(
      bytes: UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(buffer.bytes)[..<bytes.count]))
    var header = packed.header
    header.decision = decision
    try header.validate(weights: packed.weights)
    let parts = packed.sections.map { section in
      guard section.kind == .configuration else {
        return Part(
          kind: section.kind, bytes: bytes[section.offset..<(section.offset + section.length)],
          rawCount: section.rawLength)
      }
      let content = configuration(header)
      return Part(kind: section.kind, bytes: content[...], rawCount: content.count)
    }
    return file(parts, header)
  }

  /// A section as it is stored.
  private struct Part {
    var kind: PackedSection.Kind
    var bytes: ArraySlice<UInt8>
    var rawCount: Int
  }

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

  // MARK: Sections

  private static func configuration(_ header: PackedHeader) -> [UInt8] {
    var writer = ByteWriter()
    writer.u32(header.maximumTokens)
    writer.u32(header.vocabularyCount)
    writer.u32(header.plan.batchWidth)
    writer.u32(header.plan.tileWidth)
    writer.u16(Int(header.activations.rawValue))
    writer.u16(Int(header.task.rawValue))
    PackedModel.write(header.logits, into: &writer)
    writer.u32(0)
    if header.decision != Decision() {
      writer.f32(header.decision.temperature)
      writer.f32(header.decision.threshold)
    }
    return writer.bytes
  }

  private static func labels(_ header: PackedHeader) -> [UInt8] {
    var writer = ByteWriter()
    writer.u32(header.labels.count)
    for label in header.labels { writer.text(label) }
    return writer.bytes
  }

  private static func buffers(_ header: PackedHeader) -> [UInt8] {
    var writer = ByteWriter()
    for (buffer, slot) in zip(header.buffers, header.plan.slots) {
      writer.u32(buffer.width)
      writer.u32(slot.offset)
      writer.u8(Int(buffer.rows.rawValue))
      writer.u8(Int(slot.place.rawValue))
      writer.u16(0)
      writer.u32(0)
    }
    return writer.bytes
  }

  private static func operations(_ header: PackedHeader) -> [UInt8] {
    var writer = ByteWriter()
    for step in header.steps { PackedModel.record(step, into: &writer) }
    return writer.bytes
  }

  private static func tensors(_ header: PackedHeader) -> [UInt8] {
    var writer = ByteWriter()
    for tensor in header.tensors {
      writer.u16(Int(tensor.scheme.rawValue))
      writer.u16(0)
      writer.u32(tensor.rows)
      writer.u32(tensor.columns)
      writer.u32(0)
      writer.u64(tensor.offset)
      writer.u64(tensor.scalesOffset)
    }
    return writer.bytes
  }

  private static func goldens(_ header: PackedHeader) -> [UInt8] {
    var writer = ByteWriter()
    writer.u32(header.goldens.count)
    for golden in header.goldens {
      writer.text(golden.text)
      writer.u32(golden.tokens.count)
      for token in golden.tokens { writer.u32(Int(token)) }
      writer.u32(golden.logitBits.count)
      for bits in golden.logitBits { writer.u32(Int(bits)) }
    }
    return writer.bytes
  }
}

/// SHA-256 (FIPS 180-4), 32 bytes.
public func sha256(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
  var digest = [UInt8](repeating: 0, count: 32)
  mbq_sha256(bytes.baseAddress, bytes.count, &digest)
  return digest
}
