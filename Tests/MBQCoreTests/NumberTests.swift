import MBQCore
import MBQTestSupport
import Testing

@Suite("Half floats, bfloat16 and seeded numbers")
struct NumberTests {
  /// SHA-256 is tested in MBQFormatTests; here a sum that order and every bit enter is enough beside
  /// the comparison with the standard library's Float16.
  private static func isNaN(_ bits: UInt16) -> Bool { bits & 0x7FFF > 0x7C00 }

  @Test("every half float is widened as Float16 is")
  func widening() {
    for bits in UInt16.min...UInt16.max {
      let expected = Float(Float16(bitPattern: bits))
      let found = float(fromHalf: bits)
      if Self.isNaN(bits) {
        #expect(found.isNaN)
      } else if found.bitPattern != expected.bitPattern {
        Issue.record("\(bits): \(found) instead of \(expected)")
      }
    }
  }

  @Test("every half float comes back from its value")
  func roundTrip() {
    for bits in UInt16.min...UInt16.max where !Self.isNaN(bits) {
      if half(from: float(fromHalf: bits)) != bits { Issue.record("\(bits)") }
    }
    for bits in UInt16.min...UInt16.max where bits & 0x7FFF <= 0x7F80 {
      if bfloat16(from: float(fromBFloat16: bits)) != bits { Issue.record("bfloat16 \(bits)") }
    }
  }

  @Test("floats around every half float and every tie are narrowed to the nearest, ties to even")
  func narrowing() {
    for bits: UInt16 in 0..<0x7C00 {
      let value = float(fromHalf: bits)
      let following = bits == 0x7BFF ? 65536 : float(fromHalf: bits + 1)
      let middle = Float((Double(value) + Double(following)) / 2)
      let even = bits & 1 == 0 ? bits : bits + 1
      let expected: [(Float, UInt16)] = [
        (value.nextUp, bits), (middle.nextDown, bits), (middle, even), (middle.nextUp, bits + 1),
      ]
      for (input, output) in expected {
        if half(from: input) != output || half(from: -input) != output | 0x8000 {
          Issue.record("\(input) around \(bits)")
        }
      }
    }
  }

  @Test("any float is narrowed as Float16 does")
  func narrowingAtRandom() {
    var generator = SeededGenerator(seed: 16)
    for _ in 0..<200_000 {
      let value = Float(bitPattern: UInt32(generator.next() >> 32))
      if value.isNaN { continue }
      if half(from: value) != Float16(value).bitPattern { Issue.record("\(value)") }
    }
    for value: Float in [
      0, -0.0, .leastNonzeroMagnitude, .leastNormalMagnitude, .greatestFiniteMagnitude, .infinity,
      -.infinity, 65504, 65519.996, 65520, 0x1p-24, 0x1p-25, 0x1.000002p-25, 0x1p-14, 0x1.ffcp-15,
    ] {
      #expect(half(from: value) == Float16(value).bitPattern)
      #expect(half(from: -value) == Float16(-value).bitPattern)
    }
  }

  @Test("bfloat16 is the nearest, ties to even, computed in double precision")
  func brainFloats() {
    func check(_ value: Float) {
      if value.isNaN || value.isInfinite { return }
      // The neighbours by cutting the lower half off, and which one is nearer by subtraction.
      let below = UInt16(truncatingIfNeeded: value.bitPattern >> 16)
      let low = Double(float(fromBFloat16: below))
      let step = Double(float(fromBFloat16: (below & 0x7F80) == 0 ? 1 : below & 0x7F80)) / 128
      let unit = (below & 0x7F80) == 0 ? Double(Float(bitPattern: 0x1_0000)) : step
      let distance = (Double(value) - low).magnitude
      let expected =
        distance < unit / 2 ? below : distance > unit / 2 ? below + 1 : below + (below & 1)
      if bfloat16(from: value) != expected { Issue.record("\(value)") }
    }
    var generator = SeededGenerator(seed: 17)
    for _ in 0..<200_000 { check(Float(bitPattern: UInt32(generator.next() >> 32))) }
    for top: UInt32 in stride(from: 0, to: 0x7F80, by: 7) {
      for bottom: UInt32 in [0, 1, 0x7FFF, 0x8000, 0x8001, 0xFFFF] {
        check(Float(bitPattern: top << 16 | bottom))
        check(-Float(bitPattern: top << 16 | bottom))
      }
    }
    #expect(bfloat16(from: .greatestFiniteMagnitude) == 0x7F80)
    #expect(bfloat16(from: -.infinity) == 0xFF80)
  }

  @Test("NaNs stay NaNs, with their sign")
  func nans() {
    for bits: UInt32 in [0x7F80_0001, 0x7FC0_0000, 0x7FFF_FFFF, 0x7F80_1000, 0x7F81_0000] {
      for sign: UInt32 in [0, 0x8000_0000] {
        let value = Float(bitPattern: bits | sign)
        #expect(float(fromHalf: half(from: value)).isNaN)
        #expect(float(fromBFloat16: bfloat16(from: value)).isNaN)
        #expect(UInt32(half(from: value) & 0x8000) << 16 == sign)
        #expect(UInt32(bfloat16(from: value) & 0x8000) << 16 == sign)
      }
    }
  }

  @Test("the generator gives SplitMix64's published numbers")
  func splitMix() throws {
    // From the reference C code (Vigna, https://prng.di.unimi.it/splitmix64.c) with this seed.
    var generator = SeededGenerator(seed: 1_234_567)
    let found = (0..<5).map { _ in generator.next() }
    #expect(
      found == [
        6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423,
        4_593_380_528_125_082_431, 16_408_922_859_458_223_821,
      ])
    #expect(try oracleNumber("splitmix 1234567") == found.map(String.init).joined(separator: " "))
  }

  @Test("aligned buffers are aligned, zeroed and never empty-handed")
  func alignedBuffer() {
    for count in [0, 1, 63, 64, 65, 4097] {
      let buffer = AlignedBuffer(byteCount: count)
      #expect(Int(bitPattern: buffer.bytes.baseAddress).isMultiple(of: 64))
      #expect(buffer.bytes.count == max(count, 1))
      #expect(buffer.bytes.allSatisfy { $0 == 0 })
    }
    #expect([0, 1, 15, 16, 17].map { roundUp($0, to: 16) } == [0, 16, 16, 16, 32])
  }
}
