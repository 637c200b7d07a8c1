import MBQCore
import MBQSchemes
import MBQTestSupport
import Testing

@Suite("Weight schemes")
struct SchemeTests {
  private static let names = SchemeCode.allCases.map { $0.name }

  private static func scheme(_ name: String) throws -> SchemeCode {
    try #require(SchemeCode.allCases.first { $0.name == name })
  }

  private static let shapes: [(rows: Int, columns: Int)] = [
    (1, 1), (1, 2), (1, 16), (1, 33), (2, 3), (3, 4), (5, 7), (15, 4), (16, 4), (16, 16), (17, 5),
    (19, 1), (31, 9), (32, 64), (33, 130), (64, 3), (100, 1),
  ]

  private static let kinds = [
    "normal", "zeros", "negative zeros", "one outlier", "tiny", "subnormal", "huge", "constant",
    "steps", "one zero row",
  ]

  private static func values(_ kind: String, _ rows: Int, _ columns: Int) -> [Float] {
    var generator = SeededGenerator(seed: UInt64(rows * 1000 + columns))
    var values = (0..<(rows * columns)).map { _ in Float.random(in: -1...1, using: &generator) }
    for index in values.indices {
      switch kind {
      case "zeros": values[index] = 0
      case "negative zeros": values[index] = -0.0
      case "one outlier": values[index] *= index == values.count / 2 ? 1000 : 0.01
      case "tiny": values[index] *= 1e-30
      case "subnormal": values[index] *= 0x1p-130
      case "huge": values[index] *= 3e38
      case "constant": values[index] = -0.7
      case "steps": values[index] = Float(Int.random(in: -127...127, using: &generator)) * 0.5
      case "one zero row": if index / columns == rows / 2 { values[index] = 0 }
      default: break
      }
    }
    return values
  }

  @Test("names are unique, and so are storages in panels and in rows")
  func unique() {
    #expect(Set(Self.names).count == SchemeCode.allCases.count)
    for code in SchemeCode.allCases {
      #expect(SchemeCode.scheme(code.storage, inPanels: code.hasPanels) == code)
    }
  }

  @Test("what is stored comes back within the scheme's ceiling", arguments: names, kinds)
  func roundTrip(_ name: String, _ kind: String) throws {
    let scheme = try Self.scheme(name)
    // Half floats end at 65504; the packer keeps such tensors in fp32.
    if name.hasPrefix("float16"), kind == "huge" { return }
    for (rows, columns) in Self.shapes {
      let values = Self.values(kind, rows, columns)
      let encoded = scheme.encode(values, rows: rows, columns: columns)
      #expect(encoded.scheme == scheme)
      #expect(encoded.rows == rows && encoded.columns == columns)
      #expect(encoded.elements.count == scheme.byteCount(rows: rows, columns: columns))
      #expect(encoded.scales.count == (scheme.hasScales ? rows : 0))
      let decoded = encoded.decoded()
      #expect(decoded.count == values.count)
      for row in 0..<rows {
        let range = (row * columns)..<((row + 1) * columns)
        let largest = values[range].map(\.magnitude).max() ?? 0
        let allowed = max(
          Double(scheme.errorCeiling) * Double(largest), Self.floor(of: scheme))
        for index in range {
          let error = (Double(values[index]) - Double(decoded[index])).magnitude
          if !(error <= allowed) {
            Issue.record(
              "\(name) \(kind) \(rows)×\(columns): \(values[index]) as \(decoded[index])")
          }
        }
      }
      // The same values give the same bytes, and what came back is a fixed point for floats.
      #expect(scheme.encode(values, rows: rows, columns: columns) == encoded)
      if !scheme.hasScales {
        #expect(scheme.encode(decoded, rows: rows, columns: columns) == encoded)
      }
    }
  }

  /// Half the smallest step a scheme can have: below it, an error cannot be a share of the value.
  private static func floor(of code: SchemeCode) -> Double {
    switch code.storage {
    case .float32: 0
    case .float16: 0x1p-25
    case .int8: 0x1p-127
    // A group's steps may be up to one scale too wide.
    case .levels: 15 * 0x1p-127
    }
  }

  @Test("fp32 keeps every bit")
  func exact() throws {
    let bits: [UInt32] = [
      0, 0x8000_0000, 1, 0x8000_0001, 0x7F7F_FFFF, 0x3F80_0001, 0x0080_0000, 0x007F_FFFF,
    ]
    let values = bits.map(Float.init(bitPattern:))
    for scheme: SchemeCode in [.float32, .float32Panels] {
      for (rows, columns) in [(1, 8), (8, 1), (2, 4)] {
        let decoded = scheme.encode(values, rows: rows, columns: columns).decoded()
        #expect(decoded.map(\.bitPattern) == bits)
      }
    }
  }

  @Test("elements stand where the layout says, zeros everywhere else", arguments: names)
  func layout(_ name: String) throws {
    let scheme = try Self.scheme(name)
    let code = scheme
    for (rows, columns) in Self.shapes where code.bits >= 8 {
      // Values every scheme keeps: small integers, no two neighbours alike, 127 in every row.
      let values = (0..<(rows * columns)).map { index in
        index % columns == 0 ? Float(127) : Float((index * 37) % 251 - 125)
      }
      let encoded = scheme.encode(values, rows: rows, columns: columns)
      var seen = [Bool](repeating: false, count: code.storedCount(rows: rows, columns: columns))
      for row in 0..<rows {
        for column in 0..<columns {
          let place = code.index(row: row, column: column, columns: columns)
          #expect(!seen[place])
          seen[place] = true
          #expect(Self.element(encoded, place) == values[row * columns + column])
        }
      }
      for place in seen.indices where !seen[place] { #expect(Self.element(encoded, place) == 0) }
    }
  }

  /// The stored element as a number, read on its own.
  private static func element(_ matrix: EncodedMatrix, _ place: Int) -> Float {
    let size = matrix.scheme.bits / 8
    let bytes = matrix.elements[(place * size)..<((place + 1) * size)]
    let bits = bytes.reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
    switch size {
    case 4: return Float(bitPattern: bits)
    case 2: return Float(Float16(bitPattern: UInt16(bits)))
    default: return Float(Int8(bitPattern: UInt8(bits)))
    }
  }

  @Test("panels are blocks of 16 rows, columns by ones or fours")
  func panels() {
    // By the words of Formats/mbq/mbq.md, written out for one matrix of 17 × 6.
    let four = SchemeCode.int8Channel
    #expect(four.storedCount(rows: 17, columns: 6) == 32 * 8)
    #expect(four.index(row: 0, column: 3, columns: 6) == 3)
    #expect(four.index(row: 1, column: 0, columns: 6) == 4)
    #expect(four.index(row: 0, column: 4, columns: 6) == 64)
    #expect(four.index(row: 15, column: 5, columns: 6) == 64 + 61)
    #expect(four.index(row: 16, column: 0, columns: 6) == 128)
    let one = SchemeCode.float16Panels
    #expect(one.storedCount(rows: 17, columns: 6) == 32 * 6)
    #expect(one.index(row: 3, column: 2, columns: 6) == 2 * 16 + 3)
    #expect(one.index(row: 16, column: 1, columns: 6) == 96 + 16)
    #expect(SchemeCode.int8Rows.index(row: 2, column: 1, columns: 6) == 13)
  }

  @Test("int8 elements are within ±127 and reach them; scales are rounded up", arguments: kinds)
  func int8Range(_ kind: String) {
    for scheme: SchemeCode in [.int8Channel, .int8Rows] {
      for (rows, columns) in Self.shapes {
        let values = Self.values(kind, rows, columns)
        let encoded = scheme.encode(values, rows: rows, columns: columns)
        #expect(!encoded.elements.contains(0x80))
        for row in 0..<rows {
          let largest = values[(row * columns)..<((row + 1) * columns)].map(\.magnitude).max() ?? 0
          let scale = Double(float(fromBFloat16: encoded.scales[row]))
          // Up, and by no more than one step of bfloat16 (2^-7), unless the scale would be subnormal.
          let exact = Double(largest / 127)
          #expect(largest == 0 ? scale == 0 : scale >= min(exact, 0x1p-126))
          #expect(scale <= max(exact * (1 + 0x1p-7), largest == 0 ? 0 : 0x1p-126))
        }
      }
    }
  }

  @Test(
    "scales of chosen magnitudes",
    arguments: [
      (0, 0), (127, 0x3F80), (254, 0x4000), (128, 0x3F82), (1, 0x3C02), (0.5, 0x3B82),
      (3.4e38, 0x7C01), (Float(bitPattern: 1), 0x0080), (0x1p-126, 0x0080), (0x1p-119, 0x0082),
    ] as [(Float, UInt16)])
  func scale(_ largest: Float, _ bits: UInt16) {
    #expect(int8Scale(amax: largest) == bits, "\(String(int8Scale(amax: largest), radix: 16))")
  }

  @Test("int8 gives numpy's scales and integers")
  func numpyInt8() throws {
    let text = String(
      decoding: try Repository.bytes("Tests/Oracles/format/int8.txt"), as: UTF8.self)
    var rows = 0
    var cases = 0
    var matrix: (name: String, values: [Float], scales: [UInt16], integers: [Int8], columns: Int)?
    func finish() {
      guard let (name, values, scales, integers, columns) = matrix else { return }
      cases += 1
      for scheme: SchemeCode in [.int8Channel, .int8Rows] {
        let encoded = scheme.encode(values, rows: scales.count, columns: columns)
        #expect(encoded.scales == scales, "\(name)")
        for index in integers.indices {
          let place = scheme.index(
            row: index / columns, column: index % columns, columns: columns)
          let found = Int8(bitPattern: encoded.elements[place])
          #expect(found == integers[index], "\(name), \(values[index])")
        }
      }
    }
    for line in text.split(separator: "\n") {
      if line.hasPrefix("#") {
        finish()
        let columns = try #require(line.split(separator: " ").last.flatMap { Int($0) })
        matrix = (String(line), [], [], [], columns)
        continue
      }
      let halves = line.split(separator: "=").map { $0.split(separator: " ") }
      rows += 1
      matrix?.values += try halves[0].map { Float(bitPattern: try #require(UInt32($0, radix: 16))) }
      matrix?.scales.append(try #require(UInt16(halves[1][0], radix: 16)))
      matrix?.integers += try halves[1].dropFirst().map { try #require(Int8($0)) }
    }
    finish()
    #expect(cases == 11 && rows > 50)
  }
}
