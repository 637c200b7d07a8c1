import MBQCore
import MBQSchemes
import Testing

@Suite("Schemes of levels")
struct LevelSchemeTests {
  private static let codes = SchemeCode.allCases.filter { $0.groupSize != nil }
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
    let top = UInt8(1 << code.bits - 1)
    let levels = (0..<(rows * columns)).map { _ in UInt8.random(in: 0...top, using: &generator) }
    let groups = (0..<count).map { _ in
      UInt8.random(in: 0...8, using: &generator) | UInt8.random(in: 0...top, using: &generator) << 4
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
      // Every level has its bits to itself, and with those of the padding they fill the bytes.
      let places = LevelPlaces(code, columns: columns)
      var bytes = [UInt8](repeating: 0, count: code.byteCount(rows: rows, columns: columns))
      let storedRows = code.hasPanels ? roundUp(rows, to: 16) : rows
      for row in 0..<storedRows {
        for column in 0..<code.storedColumns(columns) {
          #expect(places.level(row: row, column: column, in: bytes) == 0)
          places.store(UInt8(1 << code.bits - 1), row: row, column: column, in: &bytes)
        }
      }
      #expect(bytes.allSatisfy { $0 == 255 })
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
    expect(panels, columns: 70, row: 0, 3, [3: 0x0F])
    expect(panels, columns: 70, row: 0, 4, [0: 0xF0])
    expect(panels, columns: 70, row: 2, 5, [2 * 4 + 1: 0xF0])
    expect(panels, columns: 70, row: 0, 8, [64: 0x0F])
    expect(panels, columns: 70, row: 16, 0, [9 * 64: 0x0F])
    #expect(panels.groupIndex(row: 3, group: 2, columns: 70) == 2 * 16 + 3)
    #expect(panels.groupIndex(row: 16, group: 1, columns: 70) == 3 * 16 + 16)
    let rows = SchemeCode.int4RowsGroup64
    #expect(rows.byteCount(rows: 17, columns: 71) == 17 * 36)
    expect(rows, columns: 71, row: 1, 2, [36 + 1: 0x0F])
    #expect(rows.groupIndex(row: 4, group: 1, columns: 71) == 9)
  }

  /// A level of nothing but ones sets these bits, by byte, and no others.
  private func expect(
    _ code: SchemeCode, columns: Int, row: Int, _ column: Int, _ bits: [Int: UInt8]
  ) {
    var bytes = [UInt8](repeating: 0, count: code.byteCount(rows: row + 1, columns: columns))
    LevelPlaces(code, columns: columns).store(
      UInt8(1 << code.bits - 1), row: row, column: column, in: &bytes)
    let found = bytes.indices.filter { bytes[$0] != 0 }
    #expect(Dictionary(uniqueKeysWithValues: found.map { ($0, bytes[$0]) }) == bits)
  }

  @Test("3 and 2 bits by the words of the specification, written out for 17 × 70")
  func fewBits() {
    let three = SchemeCode.int3ChannelGroup32
    #expect(three.byteCount(rows: 17, columns: 70) == 2 * 3 * 192)
    // The lower bits' byte and the high bit's.
    expect(three, columns: 70, row: 0, 3, [3: 0b11, 128 + 3: 1])
    expect(three, columns: 70, row: 0, 4, [0: 0b1100, 128: 2])
    expect(three, columns: 70, row: 2, 21, [64 + 2 * 4 + 1: 0b1100, 128 + 2 * 4 + 1: 1 << 5])
    expect(three, columns: 70, row: 16, 63, [4 * 192 + 64 + 3: 0b1100_0000, 4 * 192 + 131: 128])
    let two = SchemeCode.int2ChannelGroup64
    #expect(two.byteCount(rows: 17, columns: 70) == 2 * 5 * 64)
    expect(two, columns: 70, row: 3, 14, [3 * 4 + 2: 0b1100_0000])
    expect(two, columns: 70, row: 16, 17, [6 * 64 + 1: 0b11])
    let rows3 = SchemeCode.int3RowsGroup64
    #expect(rows3.byteCount(rows: 17, columns: 71) == 17 * 27)
    expect(rows3, columns: 71, row: 1, 13, [27 + 3 + 1: 0b1100, 27 + 3 + 2: 1 << 5])
    let rows2 = SchemeCode.int2RowsGroup128
    #expect(rows2.byteCount(rows: 17, columns: 71) == 17 * 18)
    expect(rows2, columns: 71, row: 2, 6, [36 + 1: 0b11_0000])
  }

  @Test("padding stands for zeros", arguments: codes)
  func padding(_ code: SchemeCode) throws {
    for (rows, columns) in Self.shapes {
      let (levels, groups, scales) = try Self.matrix(code, rows, columns)
      let matrix = EncodedMatrix.levels(
        code, rows: rows, columns: columns, levels: levels, groups: groups, scales: scales)
      let size = try #require(code.groupSize)
      let perRow = (columns + size - 1) / size
      let places = LevelPlaces(code, columns: columns)
      for row in 0..<rows {
        for column in columns..<code.storedColumns(columns) {
          let level = places.level(row: row, column: column, in: matrix.elements)
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
    // 7, 3 or 1 on either side.
    let steps = Float(1 << (code.bits - 1) - 1)
    let perRow = (columns + size - 1) / size
    for row in 0..<rows {
      let scale = Float(bitPattern: UInt32(matrix.scales[row]) << 16)
      for group in 0..<perRow {
        let byte = GroupByte(matrix.groups[row * perRow + group])
        let columnsOfIt = (group * size)..<min((group + 1) * size, columns)
        let range = columnsOfIt.map { abs(values[row * columns + $0]) }.max() ?? 0
        #expect(byte.zero == 1 << (code.bits - 1) && byte.fitsInt8(bits: code.bits))
        // The smallest multiplier whose steps cover the group.
        #expect(Float(byte.multiplier) * steps * scale >= range * (1 - 1e-6))
        #expect(byte.multiplier == 0 || Float(byte.multiplier - 1) * steps * scale < range)
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
      for bits in [2, 3, 4] {
        let levels = 0..<(1 << bits)
        let fits =
          levels.contains(zero) && levels.allSatisfy { abs(multiplier * ($0 - zero)) <= 127 }
        #expect(GroupByte(byte).fitsInt8(bits: bits) == fits)
      }
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
