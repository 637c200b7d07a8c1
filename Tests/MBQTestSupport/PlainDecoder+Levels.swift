// The schemes of levels for the plain decoder, from Formats/mbq/mbq.md alone.

extension PlainModel {
  private struct LevelScheme {
    var name: String
    var bits: Int
    /// Columns a group.
    var group: Int
    var isPanels: Bool
  }

  private static let levelSchemes: [Int: LevelScheme] = {
    var schemes: [Int: LevelScheme] = [:]
    for (first, bits) in [(7, 4), (13, 3), (19, 2)] {
      for (place, group) in [32, 64, 128].enumerated() {
        schemes[first + place] = LevelScheme(
          name: "int\(bits)-channel-g\(group)", bits: bits, group: group, isPanels: true)
        schemes[first + 3 + place] = LevelScheme(
          name: "int\(bits)-rows-g\(group)", bits: bits, group: group, isPanels: false)
      }
    }
    return schemes
  }()

  /// `nil` if `code` is no scheme of levels.
  func levelTensor(
    _ code: Int, _ rows: Int, _ columns: Int, _ weights: [UInt8], _ offset: Int, _ scalesOffset: Int
  ) throws -> Tensor? {
    guard let scheme = Self.levelSchemes[code] else { return nil }
    let (bits, size, isPanels) = (scheme.bits, scheme.group, scheme.isPanels)
    let groupCount = (columns + size - 1) / size
    let storedRows = isPanels ? (rows + 15) / 16 * 16 : rows
    // Bytes and columns of a block, which is one row's or sixteen rows'.
    let wide = isPanels ? 64 : 1
    let blockColumns = [4: 2, 3: 8, 2: 4][bits]! * (isPanels ? 4 : 1)
    let blockBytes = bits == 3 ? 3 * wide : wide
    let blocks = (columns + blockColumns - 1) / blockColumns
    let groupStart = offset + storedRows / (isPanels ? 16 : 1) * blocks * blockBytes
    guard scalesOffset >= groupStart + storedRows * groupCount,
      scalesOffset + rows * 2 <= weights.count
    else { throw Fault(what: "place of a tensor of levels") }
    func element(_ row: Int, _ column: Int) -> Int {
      let block = (isPanels ? row / 16 : row) * blocks + column / blockColumns
      let start = offset + block * blockBytes + (isPanels ? row % 16 * 4 + column % 4 : 0)
      let step = column % blockColumns / (isPanels ? 4 : 1)
      func part(_ width: Int, _ place: Int) -> Int {
        Int(weights[start + place * wide]) >> (step * width % 8) & ((1 << width) - 1)
      }
      return bits == 3 ? part(2, step / 4) + 4 * part(1, 2) : part(bits, 0)
    }
    var result = Tensor(
      scheme: scheme.name, rows: rows, columns: columns, values: [], scales: [], integers: [],
      hasCleanPadding: true)
    for row in 0..<storedRows {
      var zero = 0
      if row < rows {
        let bits =
          UInt32(weights[scalesOffset + row * 2])
          | UInt32(weights[scalesOffset + row * 2 + 1]) << 8
        result.scales.append(Float(bitPattern: bits << 16))
      }
      for column in 0..<(blocks * blockColumns) {
        let element = element(row, column)
        guard row < rows, column < columns else {
          if element != (row < rows ? zero : 0) { result.hasCleanPadding = false }
          continue
        }
        let group = Int(
          isPanels
            ? weights[groupStart + (row / 16 * groupCount + column / size) * 16 + row % 16]
            : weights[groupStart + row * groupCount + column / size])
        zero = group / 16
        let top = (1 << bits) - 1
        let integer = group % 16 * (element - zero)
        guard zero <= top, group % 16 * max(zero, top - zero) <= 127 else {
          throw Fault(what: "group of levels")
        }
        result.integers.append(Int8(integer))
        result.values.append(Float(integer) * result.scales[row])
      }
    }
    return result
  }
}
