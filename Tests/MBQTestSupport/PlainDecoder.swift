import CZlib

// A second reader of .mbq files, written from Formats/mbq/mbq.md alone and deliberately plain: no code of
// the product is used, everything is copied, and a fault stops it with one word about where it was.

/// A packed model as the specification describes it, all values widened.
public struct PlainModel {
  public struct Fault: Error { public var what: String }

  public struct Section {
    public var kind: String
    public var offset: Int
    public var length: Int
    public var contents: [UInt8]
  }

  public struct Operand: Equatable {
    public var buffer: Int
    public var column: Int
    public var width: Int
  }

  public struct Buffer {
    public var width: Int
    public var offset: Int
    public var isTexts: Bool
    public var isTile: Bool
  }

  public struct Operation {
    public var kind: Int
    public var layer: Int?
    public var activation: Int
    public var norm: Int
    public var flags: Int
    public var tensors: [Int?]
    public var operands: [Operand?]
    public var heads: Int
    public var smoothing: Int?
    /// Epsilon or steps.
    public var numbers: [Float]
    public var epsilon: Float { numbers[0] }
  }

  public struct Tensor {
    public var scheme: String
    public var rows: Int
    public var columns: Int
    /// Shape (rows, columns).
    public var values: [Float]
    /// One a row, or none.
    public var scales: [Float]
    /// The int8 elements of (rows, columns); empty for floats.
    public var integers: [Int8]
    /// Every stored element outside of rows and columns is zero.
    public var hasCleanPadding: Bool
  }

  public struct Golden {
    public var text: String
    public var tokens: [UInt32]
    public var logitBits: [UInt32]
  }

  public var version = (major: 0, minor: 0)
  public var digest: [UInt8] = []
  public var sections: [Section] = []
  public var maximumTokens = 0
  public var vocabularyCount = 0
  public var batchWidth = 0
  public var tileWidth = 0
  public var activationScheme = 0
  /// 0 single label, 1 multi label.
  public var task = 0
  /// What logits are divided by, and from which probability on a text has the second of two labels.
  public var temperature: Float = 1
  public var threshold: Float = 0.5
  public var logits = Operand(buffer: 0, column: 0, width: 0)
  public var labels: [String] = []
  public var buffers: [Buffer] = []
  public var operations: [Operation] = []
  public var tensors: [Tensor] = []
  public var names: [String] = []
  public var goldens: [Golden] = []
  public var provenance = ""
  /// The word pieces, in the order of their ids.
  public var pieces: [String] = []

  public init(_ file: [UInt8]) throws {
    try readSections(file)
    try readConfiguration(Cursor(contents("CONF")))
    try readLabels(Cursor(contents("LABL")))
    try readBuffers(Cursor(contents("BUFS")))
    try readOperations(Cursor(contents("OPER")))
    try readTensors(Cursor(contents("TENS")), contents("WIGT"))
    try readGoldens(Cursor(contents("GOLD")))
    try readPieces(Cursor(contents("VOCA")))
    names = try text(contents("NAME")).split(
      separator: "\n", omittingEmptySubsequences: false
    ).map(String.init)
    provenance = try text(contents("PROV"))
    let version3 = try contents("CONF").count == 40
    let fewBits = tensors.contains { $0.scheme.hasPrefix("int3") || $0.scheme.hasPrefix("int2") }
    let lowest = fewBits ? 4 : version3 ? 3 : usesVersion2 ? 2 : task
    try check(version.minor == lowest, "version 1.\(version.minor)")
    try check(threshold == 0.5 || labels.count == 2 && task == 0, "threshold")
  }

  /// A writer states the lowest version that has what the file uses.
  private var usesVersion2: Bool {
    sections.contains { $0.kind == "WIGT" && $0.length != $0.contents.count }
      || tensors.contains { $0.scheme.hasPrefix("int4") }
      || operations.contains { $0.smoothing != nil || $0.flags > 1 || $0.numbers[1] != 0 }
  }

  public func contents(_ kind: String) throws -> [UInt8] {
    guard let section = sections.first(where: { $0.kind == kind }) else {
      throw Fault(what: "no \(kind)")
    }
    return section.contents
  }

  // MARK: Header and sections

  private mutating func readSections(_ file: [UInt8]) throws {
    var cursor = Cursor(file)
    try check(cursor.bytes(8) == [0x89, 0x4D, 0x42, 0x51, 0x0D, 0x0A, 0x1A, 0x0A], "signature")
    version = (try cursor.number(2), try cursor.number(2))
    try check(version.major == 1, "version")
    let count = try cursor.number(4)
    try check((1...64).contains(count), "section count")
    try check(try cursor.number(8) == file.count, "file size")
    let stated = try cursor.number(4)
    try check(try cursor.number(4) == 0, "reserved")
    digest = try cursor.bytes(32)
    let tableEnd = 64 + 32 * count
    try check(tableEnd <= file.count, "section table")
    var covered = Array(file[..<tableEnd])
    covered.replaceSubrange(24..<28, with: [0, 0, 0, 0])
    try check(crc(covered) == stated, "header checksum")

    var end = tableEnd
    for _ in 0..<count {
      let kind = String(decoding: try cursor.bytes(4), as: UTF8.self)
      let checksum = try cursor.number(4)
      let offset = try cursor.number(8)
      let length = try cursor.number(8)
      let rawLength = try cursor.number(8)
      try check(!sections.contains { $0.kind == kind }, "\(kind) twice")
      try check(offset == (end + 63) / 64 * 64, "offset of \(kind)")
      try check(offset + length <= file.count, "length of \(kind)")
      try check(file[end..<offset].allSatisfy { $0 == 0 }, "padding before \(kind)")
      end = offset + length
      let stored = Array(file[offset..<end])
      try check(crc(stored) == checksum, "checksum of \(kind)")
      var contents = stored
      if rawLength != length {
        try check(rawLength <= (kind == "WIGT" ? 1 << 27 : 1 << 26), "raw length of \(kind)")
        contents = try inflated(stored, rawLength)
      }
      sections.append(Section(kind: kind, offset: offset, length: length, contents: contents))
    }
    try check(end == file.count, "end of file")
    let kinds = sections.map(\.kind).sorted()
    let known = "BUFS CONF GOLD LABL NAME OPER PROV TENS TOKN VOCA WIGT".split(separator: " ")
    try check(kinds == known.map(String.init), "section kinds")
  }

  private func crc(_ bytes: [UInt8]) -> Int { Int(crc32(0, bytes, uInt(bytes.count))) }

  private func inflated(_ bytes: [UInt8], _ count: Int) throws -> [UInt8] {
    var result = [UInt8](repeating: 0, count: count + 1)
    var written = uLongf(count + 1)
    var taken = uLong(bytes.count)
    let code = uncompress2(&result, &written, bytes, &taken)
    try check(code == Z_OK && Int(written) == count && Int(taken) == bytes.count, "zlib stream")
    return Array(result.dropLast())
  }

  // MARK: Contents

  private mutating func readConfiguration(_ source: Cursor) throws {
    var cursor = source
    maximumTokens = try cursor.number(4)
    vocabularyCount = try cursor.number(4)
    batchWidth = try cursor.number(4)
    tileWidth = try cursor.number(4)
    activationScheme = try cursor.number(2)
    task = try cursor.number(2)
    try check(task <= 1, "task")
    guard let operand = try cursor.operand() else { throw Fault(what: "no logits") }
    logits = operand
    try check(try cursor.number(4) == 0, "reserved")
    guard !cursor.isAtEnd else { return }
    temperature = Float(bitPattern: UInt32(try cursor.number(4)))
    threshold = Float(bitPattern: UInt32(try cursor.number(4)))
    try check(temperature >= 1 / 1024 && temperature <= 1024, "temperature")
    try check(temperature == 1 || task == 0, "temperature of many labels")
    try check(threshold >= 0 && threshold <= 1 && cursor.isAtEnd, "end of CONF")
  }

  private mutating func readLabels(_ source: Cursor) throws {
    var cursor = source
    for _ in 0..<(try cursor.number(4)) {
      labels.append(try text(cursor.bytes(try cursor.number(4))))
    }
    try check(cursor.isAtEnd, "end of LABL")
  }

  private mutating func readBuffers(_ source: Cursor) throws {
    var cursor = source
    while !cursor.isAtEnd {
      let width = try cursor.number(4)
      let offset = try cursor.number(4)
      let rows = try cursor.number(1)
      let place = try cursor.number(1)
      try check(try cursor.number(6) == 0 && rows <= 1 && place <= 1, "buffer")
      buffers.append(
        Buffer(width: width, offset: offset, isTexts: rows == 1, isTile: place == 1))
    }
  }

  private mutating func readOperations(_ source: Cursor) throws {
    var cursor = source
    while !cursor.isAtEnd {
      let kind = try cursor.number(2)
      let layer = try cursor.number(2)
      let activation = try cursor.number(1)
      let norm = try cursor.number(1)
      let flags = try cursor.number(2)
      let tensors = try (0..<4).map { _ in try cursor.number(2) }.map { $0 == 65535 ? nil : $0 }
      let operands = try (0..<4).map { _ in try cursor.operand() }
      let heads = try cursor.number(2)
      let smoothing = try cursor.number(2)
      let numbers = try (0..<3).map { _ in Float(bitPattern: UInt32(try cursor.number(4))) }
      try check((1...5).contains(kind), "operation")
      operations.append(
        Operation(
          kind: kind, layer: layer == 65535 ? nil : layer, activation: activation, norm: norm,
          flags: flags, tensors: tensors, operands: operands, heads: heads,
          smoothing: smoothing == 0 ? nil : smoothing - 1, numbers: numbers))
    }
  }

  private mutating func readTensors(_ source: Cursor, _ weights: [UInt8]) throws {
    var cursor = source
    while !cursor.isAtEnd {
      let scheme = try cursor.number(2)
      try check(try cursor.number(2) == 0, "reserved")
      let rows = try cursor.number(4)
      let columns = try cursor.number(4)
      try check(try cursor.number(4) == 0, "reserved")
      let offset = try cursor.number(8)
      let scales = try cursor.number(8)
      try check(offset % 64 == 0 && scales % 2 == 0, "tensor offsets")
      tensors.append(try tensor(scheme, rows, columns, weights, offset, scales))
    }
  }

  private func tensor(
    _ code: Int, _ rows: Int, _ columns: Int, _ weights: [UInt8], _ offset: Int, _ scalesOffset: Int
  ) throws -> Tensor {
    if let tensor = try levelTensor(code, rows, columns, weights, offset, scalesOffset) {
      return tensor
    }
    // name, bytes an element, columns side by side in a panel (0: rows), scales
    let schemes: [Int: (String, Int, Int, Bool)] = [
      1: ("float32", 4, 0, false), 2: ("float16", 2, 0, false), 3: ("float32-panels", 4, 1, false),
      4: ("float16-panels", 2, 1, false), 5: ("int8-channel", 1, 4, true),
      6: ("int8-rows", 1, 0, true),
    ]
    guard let (name, size, group, hasScales) = schemes[code] else { throw Fault(what: "scheme") }
    var result = Tensor(
      scheme: name, rows: rows, columns: columns,
      values: [Float](repeating: 0, count: rows * columns), scales: [], integers: [],
      hasCleanPadding: true)
    if hasScales {
      var cursor = Cursor(weights, at: scalesOffset)
      for _ in 0..<rows {
        result.scales.append(Float(bitPattern: UInt32(try cursor.number(2)) << 16))
      }
      result.integers = [Int8](repeating: 0, count: rows * columns)
    } else {
      try check(scalesOffset == 0, "scales offset")
    }
    // Walks over the stored elements in order, and works out whose each one is.
    var cursor = Cursor(weights, at: offset)
    let paddedRows = group == 0 ? rows : (rows + 15) / 16 * 16
    let paddedColumns = group == 0 ? columns : (columns + group - 1) / group * group
    for place in 0..<(paddedRows * paddedColumns) {
      var row = place / max(paddedColumns, 1)
      var column = place % max(paddedColumns, 1)
      if group > 0 {
        let block = place / (16 * paddedColumns)
        let inBlock = place % (16 * paddedColumns)
        row = block * 16 + inBlock % (16 * group) / group
        column = inBlock / (16 * group) * group + inBlock % group
      }
      let bits = UInt32(try cursor.number(size))
      guard row < rows, column < columns else {
        if bits != 0 { result.hasCleanPadding = false }
        continue
      }
      let value: Float
      switch size {
      case 4: value = Float(bitPattern: bits)
      case 2: value = Float(Float16(bitPattern: UInt16(bits)))
      default:
        let integer = Int8(bitPattern: UInt8(bits))
        try check(integer >= -127, "int8 element")
        result.integers[row * columns + column] = integer
        value = Float(integer) * result.scales[row]
      }
      result.values[row * columns + column] = value
    }
    return result
  }

  private mutating func readGoldens(_ source: Cursor) throws {
    var cursor = source
    for _ in 0..<(try cursor.number(4)) {
      let text = try text(cursor.bytes(try cursor.number(4)))
      let tokens = try (0..<(try cursor.number(4))).map { _ in UInt32(try cursor.number(4)) }
      let bits = try (0..<(try cursor.number(4))).map { _ in UInt32(try cursor.number(4)) }
      try check(bits.count == labels.count, "golden logits")
      goldens.append(Golden(text: text, tokens: tokens, logitBits: bits))
    }
    try check(cursor.isAtEnd, "end of GOLD")
  }

  /// Packed pieces: for each an unsigned LEB128 length, and as many bytes of UTF-8.
  private mutating func readPieces(_ source: Cursor) throws {
    var cursor = source
    for _ in 0..<(try cursor.number(4)) {
      var length = 0
      var shift = 0
      while true {
        let byte = try cursor.number(1)
        length |= (byte & 127) << shift
        shift += 7
        if byte < 128 { break }
      }
      pieces.append(try text(cursor.bytes(length)))
    }
    try check(cursor.isAtEnd, "end of VOCA")
  }

  private func text(_ bytes: [UInt8]) throws -> String {
    guard let text = String(validating: bytes, as: UTF8.self) else { throw Fault(what: "UTF-8") }
    return text
  }

  private func check(_ holds: Bool, _ what: String) throws {
    if !holds { throw Fault(what: what) }
  }
}

private struct Cursor {
  let all: [UInt8]
  var at: Int

  init(_ all: [UInt8], at: Int = 0) {
    self.all = all
    self.at = at
  }

  var isAtEnd: Bool { at == all.count }

  mutating func bytes(_ count: Int) throws -> [UInt8] {
    guard count >= 0, at >= 0, count <= all.count - at else {
      throw PlainModel.Fault(what: "\(count) bytes at \(at) of \(all.count)")
    }
    at += count
    return Array(all[(at - count)..<at])
  }

  mutating func number(_ size: Int) throws -> Int {
    guard at >= 0, size <= all.count - at else {
      throw PlainModel.Fault(what: "\(size) bytes at \(at) of \(all.count)")
    }
    var value = 0
    for place in (0..<size).reversed() { value = value << 8 | Int(all[at + place]) }
    at += size
    return value
  }

  mutating func operand() throws -> PlainModel.Operand? {
    let numbers = [try number(2), try number(2), try number(2), try number(2)]
    guard numbers[3] == 0 else { throw PlainModel.Fault(what: "reserved operand bytes") }
    if numbers == [0, 0, 0, 0] { return nil }
    guard numbers[2] > 0, numbers[1] % 16 == 0 else { throw PlainModel.Fault(what: "operand") }
    return .init(buffer: numbers[0], column: numbers[1], width: numbers[2])
  }
}
