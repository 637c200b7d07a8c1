import MBQCore
import MBQModel
import MBQSchemes

// One function a section. What they take from the file is bounded by the section's length; what the
// numbers mean together is checked by PackedHeader.validate.

extension PackedModel {
  static func configuration(_ reader: ByteReader) throws(FormatError) -> PackedHeader {
    var reader = reader
    let maximumTokens = try reader.u32("maximum tokens")
    let vocabularyCount = try reader.u32("vocabulary count")
    let batchWidth = try reader.u32("batch width")
    let tileWidth = try reader.u32("tile width")
    let code = try reader.u16("activation scheme")
    guard let activations = ActivationScheme(rawValue: UInt16(code)) else {
      throw .invalid(field: "activation scheme", found: "\(code)", allowed: "0 or 1")
    }
    let taskCode = try reader.u16("task")
    guard let task = ClassificationTask(rawValue: UInt16(taskCode)) else {
      throw .invalid(field: "task", found: "\(taskCode)", allowed: "0 or 1")
    }
    let logits = try operand(&reader) ?? Operand(buffer: 0, width: 0)
    try reader.reserved(4, "reserved configuration bytes")
    var decision = Decision()
    if reader.remaining >= 8 {
      decision.temperature = try reader.f32("temperature")
      decision.threshold = try reader.f32("threshold")
    }
    try reader.finish("the configuration section")
    var header = PackedHeader(
      maximumTokens: maximumTokens, vocabularyCount: vocabularyCount, activations: activations,
      task: task, labels: [], buffers: [],
      plan: BufferPlan(slots: [], batchWidth: batchWidth, tileWidth: tileWidth), steps: [],
      tensors: [], logits: logits, names: [], goldens: [], provenance: "")
    header.decision = decision
    return header
  }

  static func labels(_ reader: ByteReader) throws(FormatError) -> [String] {
    var reader = reader
    let count = try reader.u32("label count")
    guard (1...1024).contains(count) else {
      throw .invalid(field: "label count", found: "\(count)", allowed: "1 to 1024")
    }
    var labels: [String] = []
    for _ in 0..<count { labels.append(try reader.text(most: 4096, "label")) }
    try reader.finish("the labels section")
    return labels
  }

  static func buffers(_ reader: ByteReader, into header: inout PackedHeader) throws(FormatError) {
    var reader = reader
    while reader.remaining > 0 {
      guard header.buffers.count < PackedLimits.buffers else {
        throw .invalid(
          field: "buffer count", found: "more", allowed: "at most \(PackedLimits.buffers)")
      }
      let width = try reader.u32("buffer width")
      let offset = try reader.u32("buffer offset")
      let rows = try reader.u8("buffer rows")
      let place = try reader.u8("buffer place")
      try reader.reserved(6, "reserved buffer bytes")
      guard let domain = RowDomain(rawValue: UInt8(rows)) else {
        throw .invalid(field: "buffer rows", found: "\(rows)", allowed: "0 or 1")
      }
      guard let place = BufferPlan.Place(rawValue: UInt8(place)) else {
        throw .invalid(field: "buffer place", found: "\(place)", allowed: "0 or 1")
      }
      guard (1...PackedLimits.bufferWidth).contains(width) else {
        throw .invalid(
          field: "buffer width", found: "\(width)", allowed: "1 to \(PackedLimits.bufferWidth)")
      }
      header.buffers.append(ModelBuffer(width: width, rows: domain))
      header.plan.slots.append(
        BufferPlan.Slot(place: place, offset: offset, stride: (width + 15) / 16 * 16))
    }
  }

  static func tensors(_ reader: ByteReader) throws(FormatError) -> [PackedTensor] {
    var reader = reader
    var tensors: [PackedTensor] = []
    while reader.remaining > 0 {
      guard tensors.count < PackedLimits.tensors else {
        throw .invalid(
          field: "tensor count", found: "more", allowed: "at most \(PackedLimits.tensors)")
      }
      let code = try reader.u16("tensor scheme")
      try reader.reserved(2, "reserved tensor bytes")
      let rows = try reader.u32("tensor rows")
      let columns = try reader.u32("tensor columns")
      try reader.reserved(4, "reserved tensor bytes")
      let offset = try reader.u64("tensor offset")
      let scales = try reader.u64("tensor scales offset")
      guard let scheme = SchemeCode(rawValue: UInt16(code)) else {
        throw .invalid(
          field: "scheme of tensor \(tensors.count)", found: "\(code)",
          allowed: "1 to \(SchemeCode.allCases.count)")
      }
      tensors.append(
        PackedTensor(
          scheme: scheme, rows: rows, columns: columns, offset: offset, scalesOffset: scales))
    }
    return tensors
  }

  /// Names of `count` operations, or none at all.
  static func names(_ reader: ByteReader, count: Int) throws(FormatError) -> [String] {
    var reader = reader
    let text = try reader.take(reader.remaining, "names")
    guard text.count > 0 else { return [] }
    // Counted before they are stored: a name takes far more room here than in the file.
    let found = text.reduce(1) { $0 + ($1 == 0x0A ? 1 : 0) }
    guard found == count else {
      throw .invalid(field: "name count", found: "\(found)", allowed: "\(count), one an operation")
    }
    return text.split(separator: 0x0A, omittingEmptySubsequences: false)
      .map { String(repairing: UnsafeRawBufferPointer(rebasing: $0)) }
  }

  static func goldens(
    _ reader: ByteReader, _ header: PackedHeader
  ) throws(FormatError) -> [GoldenVector] {
    var reader = reader
    let count = try reader.u32("golden vector count")
    guard count <= 256 else {
      throw .invalid(field: "golden vector count", found: "\(count)", allowed: "at most 256")
    }
    var goldens: [GoldenVector] = []
    for _ in 0..<count {
      let text = try reader.text(most: 1 << 20, "golden text")
      let tokens = try numbers(&reader, most: header.maximumTokens, "golden token count")
      let bits = try numbers(&reader, most: header.labels.count, "golden logit count")
      guard tokens.count >= 1, tokens.allSatisfy({ $0 < header.vocabularyCount }) else {
        throw .invalid(
          field: "golden token", found: "an id past the vocabulary, or none",
          allowed: "below \(header.vocabularyCount)")
      }
      guard bits.count == header.labels.count else {
        throw .invalid(
          field: "golden logit count", found: "\(bits.count)", allowed: "\(header.labels.count)")
      }
      goldens.append(GoldenVector(text: text, tokens: tokens, logitBits: bits))
    }
    try reader.finish("the golden vectors section")
    return goldens
  }

  private static func numbers(
    _ reader: inout ByteReader, most: Int, _ field: StaticString
  ) throws(FormatError) -> [UInt32] {
    let count = try reader.u32(field)
    guard count <= most else {
      throw .invalid(field: "\(field)", found: "\(count)", allowed: "at most \(most)")
    }
    var result: [UInt32] = []
    for _ in 0..<count { result.append(try reader.bits32(field)) }
    return result
  }

  /// 8 bytes: buffer, column, width, all zero-extended; a width of 0 stands for none.
  static func operand(_ reader: inout ByteReader) throws(FormatError) -> Operand? {
    let buffer = try reader.u16("operand buffer")
    let column = try reader.u16("operand column")
    let width = try reader.u16("operand width")
    try reader.reserved(2, "reserved operand bytes")
    guard width > 0 else {
      guard buffer == 0, column == 0 else {
        throw .invalid(
          field: "operand of width 0", found: "buffer \(buffer), column \(column)",
          allowed: "zeros, which stand for none")
      }
      return nil
    }
    return Operand(buffer: buffer, column: column, width: width)
  }
}
