// The int4 schemes for the plain decoder, from Formats/mbq/mbq.md alone.

extension PlainModel {
  /// By code: name, columns a group, and whether elements stand in panels.
  private static let int4Schemes: [Int: (String, Int, Bool)] = [
    7: ("int4-channel-g32", 32, true), 8: ("int4-channel-g64", 64, true),
    9: ("int4-channel-g128", 128, true), 10: ("int4-rows-g32", 32, false),
    11: ("int4-rows-g64", 64, false), 12: ("int4-rows-g128", 128, false),
  ]

  /// `nil` if `code` is no int4 scheme.
  func int4Tensor(
    _ code: Int, _ rows: Int, _ columns: Int, _ weights: [UInt8], _ offset: Int, _ scalesOffset: Int
  ) throws -> Tensor? {
    guard let (name, size, isPanels) = Self.int4Schemes[code] else { return nil }
    let groupCount = (columns + size - 1) / size
    let blockCount = (rows + 15) / 16
    let eights = (columns + 7) / 8
    let rowBytes = (columns + 1) / 2
    let elementBytes = isPanels ? blockCount * eights * 64 : rows * rowBytes
    let groupBytes = isPanels ? blockCount * groupCount * 16 : rows * groupCount
    let groupStart = offset + elementBytes
    guard scalesOffset >= groupStart + groupBytes, scalesOffset + rows * 2 <= weights.count else {
      throw Fault(what: "place of an int4 tensor")
    }
    var result = Tensor(
      scheme: name, rows: rows, columns: columns, values: [], scales: [], integers: [],
      hasCleanPadding: true)
    for row in 0..<(isPanels ? blockCount * 16 : rows) {
      var zero = 0
      if row < rows {
        let bits =
          UInt32(weights[scalesOffset + row * 2])
          | UInt32(weights[scalesOffset + row * 2 + 1]) << 8
        result.scales.append(Float(bitPattern: bits << 16))
      }
      for column in 0..<(isPanels ? eights * 8 : rowBytes * 2) {
        let byte: UInt8
        let isHigh: Bool
        if isPanels {
          let start = offset + (row / 16 * eights + column / 8) * 64
          byte = weights[start + row % 16 * 4 + column % 4]
          isHigh = column % 8 >= 4
        } else {
          byte = weights[offset + row * rowBytes + column / 2]
          isHigh = column % 2 == 1
        }
        let element = Int(isHigh ? byte >> 4 : byte & 15)
        guard row < rows, column < columns else {
          if element != (row < rows ? zero : 0) { result.hasCleanPadding = false }
          continue
        }
        let group = Int(
          isPanels
            ? weights[groupStart + (row / 16 * groupCount + column / size) * 16 + row % 16]
            : weights[groupStart + row * groupCount + column / size])
        zero = group / 16
        let integer = group % 16 * (element - zero)
        guard group % 16 * max(zero, 15 - zero) <= 127 else { throw Fault(what: "int4 group") }
        result.integers.append(Int8(integer))
        result.values.append(Float(integer) * result.scales[row])
      }
    }
    return result
  }
}
