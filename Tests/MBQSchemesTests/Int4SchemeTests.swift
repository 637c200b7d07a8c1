import MBQCore
import MBQSchemes
import Testing

@Suite("int4 schemes")
struct Int4SchemeTests {
  private static let codes = SchemeCode.allCases.filter { $0.bits == 4 }
  private static let shapes: [(rows: Int, columns: Int)] = [
    (1, 1), (1, 2), (2, 7), (3, 8), (5, 33), (16, 32), (17, 65), (20, 130), (33, 128),
  ]

  /// A matrix of random levels, groups and scales.
  private static func matrix(
    _ code: SchemeCode, _ rows: Int, _ columns: Int
  ) throws -> (levels: [UInt8], groups: [UInt8], scales: [UInt16]) {
    var generator = SeededGenerator(seed: UInt64(rows * 1000 + columns))
    let size = try #require(code.groupSize)
    let count = rows * ((columns + size - 1) / size)
    let levels = (0..<(rows * columns)).map { _ in UInt8.random(in: 0...15, using: &generator) }
    let groups = (0..<count).map { _ in
      UInt8.random(in: 0...8, using: &generator) | UInt8.random(in: 0...15, using: &generator) << 4
    }
    return (
      levels, groups, (0..<rows).map { _ in UInt16.random(in: 0x3000...0x3F00, using: &generator) }
    )
  }

  @Test("given levels come back, with the values they stand for", arguments: codes)
  func levels(_ code: SchemeCode) throws {
    for (rows, columns) in Self.shapes {
      let (levels, groups, scales) = try Self.matrix(code, rows, columns)
      let matrix = EncodedMatrix.levels(
        code, rows: rows, columns: columns, levels: levels, groups: groups, scales: scales)
      #expect(matrix.levels() == levels)
      #expect(matrix.elements.count == code.byteCount(rows: rows, columns: columns))
      let size = try #require(code.groupSize)
      let perRow = (columns + size - 1) / size
      let values = matrix.decoded()
      for row in 0..<rows {
        for column in 0..<columns {
          let group = Int(groups[row * perRow + column / size])
          let integer = group % 16 * (Int(levels[row * columns + column]) - group / 16)
          #expect(
            values[row * columns + column]
              == Float(integer) * Float(bitPattern: UInt32(scales[row]) << 16))
        }
      }
    }
  }

  @Test("elements and group bytes each have a place of their own", arguments: codes)
  func places(_ code: SchemeCode) throws {
    for (rows, columns) in Self.shapes {
      let size = try #require(code.groupSize)
      let perRow = (columns + size - 1) / size
      let places = (0..<rows).flatMap { row in
        (0..<columns).map { code.levelPlace(row: row, column: $0, columns: columns) }
      }
      #expect(Set(places.map { $0.byte * 8 + $0.shift }).count == rows * columns)
      #expect(places.allSatisfy { $0.byte < code.byteCount(rows: rows, columns: columns) })
      let groups = (0..<rows).flatMap { row in
        (0..<perRow).map { code.groupIndex(row: row, group: $0, columns: columns) }
      }
      #expect(Set(groups).count == rows * perRow)
      #expect(groups.allSatisfy { $0 < code.groupByteCount(rows: rows, columns: columns) })
    }
  }

  @Test("places by the words of the specification, written out for 17 × 70")
  func specification() {
    let panels = SchemeCode.int4ChannelGroup32
    #expect(panels.byteCount(rows: 17, columns: 70) == 2 * 9 * 64)
    #expect(panels.groupByteCount(rows: 17, columns: 70) == 2 * 3 * 16)
    // Byte and nibble.
    #expect(panels.levelPlace(row: 0, column: 3, columns: 70) == .init(byte: 3, shift: 0))
    #expect(panels.levelPlace(row: 0, column: 4, columns: 70) == .init(byte: 0, shift: 4))
    #expect(panels.levelPlace(row: 2, column: 5, columns: 70) == .init(byte: (2 * 4 + 1), shift: 4))
    #expect(panels.levelPlace(row: 0, column: 8, columns: 70) == .init(byte: 64, shift: 0))
    #expect(panels.levelPlace(row: 16, column: 0, columns: 70) == .init(byte: 9 * 64, shift: 0))
    #expect(panels.groupIndex(row: 3, group: 2, columns: 70) == 2 * 16 + 3)
    #expect(panels.groupIndex(row: 16, group: 1, columns: 70) == 3 * 16 + 16)
    let rows = SchemeCode.int4RowsGroup64
    #expect(rows.byteCount(rows: 17, columns: 71) == 17 * 36)
    #expect(rows.levelPlace(row: 1, column: 2, columns: 71) == .init(byte: 36 + 1, shift: 0))
    #expect(rows.groupIndex(row: 4, group: 1, columns: 71) == 9)
  }

  @Test("padding stands for zeros", arguments: codes)
  func padding(_ code: SchemeCode) throws {
    for (rows, columns) in Self.shapes {
      let (levels, groups, scales) = try Self.matrix(code, rows, columns)
      let matrix = EncodedMatrix.levels(
        code, rows: rows, columns: columns, levels: levels, groups: groups, scales: scales)
      let size = try #require(code.groupSize)
      let perRow = (columns + size - 1) / size
      let width = code.storedCount(rows: 1, columns: columns) / (code.isInteger ? 16 : 1)
      for row in 0..<rows {
        for column in columns..<width {
          let place = code.levelPlace(row: row, column: column, columns: columns)
          let level = matrix.elements[place.byte] >> UInt8(place.shift) & 15
          #expect(level == groups[(row + 1) * perRow - 1] >> 4)
        }
      }
    }
  }

  @Test(
    "rounding uses symmetric groups, the largest of which keep the levels' ends", arguments: codes)
  func rounding(_ code: SchemeCode) throws {
    let (rows, columns) = (9, 300)
    var generator = SeededGenerator(seed: 44)
    let size = try #require(code.groupSize)
    // Groups of different ranges, one of zeros.
    let values = (0..<(rows * columns)).map { index in
      Float.random(in: -1...1, using: &generator) * Float(index % columns / size) * 0.25
    }
    let matrix = code.encode(values, rows: rows, columns: columns)
    let decoded = matrix.decoded()
    let perRow = (columns + size - 1) / size
    for row in 0..<rows {
      let scale = Float(bitPattern: UInt32(matrix.scales[row]) << 16)
      for group in 0..<perRow {
        let byte = GroupByte(matrix.groups[row * perRow + group])
        let columnsOfIt = (group * size)..<min((group + 1) * size, columns)
        let range = columnsOfIt.map { abs(values[row * columns + $0]) }.max() ?? 0
        #expect(byte.zero == 8 && byte.fitsInt8(bits: 4))
        // The smallest multiplier whose seven steps cover the group.
        #expect(Float(byte.multiplier) * 7 * scale >= range * (1 - 1e-6))
        #expect(byte.multiplier == 0 || Float(byte.multiplier - 1) * 7 * scale < range)
        for column in columnsOfIt {
          let lost = abs(values[row * columns + column] - decoded[row * columns + column])
          #expect(lost <= Float(byte.multiplier) * scale * 0.5001)
        }
      }
    }
  }

  @Test("which group bytes fit int8")
  func groupBytes() {
    for byte in UInt8.min...UInt8.max {
      let (multiplier, zero) = (Int(byte) % 16, Int(byte) / 16)
      let fits = (0...15).allSatisfy { abs(multiplier * ($0 - zero)) <= 127 }
      #expect(GroupByte(byte).fitsInt8(bits: 4) == fits)
      #expect(GroupByte(byte).byte == byte)
    }
  }

  @Test("int8 levels given row after row are what encoding stores")
  func int8Levels() {
    for code in [SchemeCode.int8Channel, .int8Rows] {
      for (rows, columns) in Self.shapes {
        var generator = SeededGenerator(seed: 3)
        // 127 in every row, so that a scale of 1 is what encoding finds.
        let levels = (0..<(rows * columns)).map {
          $0 % columns == 0 ? Int8(127) : Int8.random(in: -127...127, using: &generator)
        }
        let given = EncodedMatrix.int8(
          code, rows: rows, columns: columns, levels: levels,
          scales: [UInt16](repeating: 0x3F80, count: rows))
        let encoded = code.encode(
          levels.map(Float.init), rows: rows, columns: columns)
        #expect(given == encoded)
      }
    }
  }
}
