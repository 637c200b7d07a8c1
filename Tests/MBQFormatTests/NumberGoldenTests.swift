import MBQCore
import MBQTestSupport
import Testing

@testable import MBQFormat

/// Conversions against numpy and torch, by the SHA-256 of all results (Tests/Oracles/format).
@Suite("Half floats and bfloat16 as numpy and torch give them")
struct NumberGoldenTests {
  private static func digest<T: FixedWidthInteger>(_ numbers: [T]) -> String {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(numbers.count * MemoryLayout<T>.size)
    for number in numbers {
      for index in 0..<MemoryLayout<T>.size {
        bytes.append(UInt8(truncatingIfNeeded: number >> (8 * index)))
      }
    }
    return sha256(of: bytes).map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }
      .joined()
  }

  @Test("all halves are widened as by numpy")
  func widened() throws {
    let values = (UInt16.min...UInt16.max).filter { $0 & 0x7FFF <= 0x7C00 }
      .map { float(fromHalf: $0).bitPattern }
    #expect(Self.digest(values) == (try oracleNumber("halves widened")))
  }

  @Test("a grid of floats is narrowed as by numpy and torch")
  func narrowed() throws {
    let grid = Self.grid()
    #expect("\(grid.count) \(Self.digest(grid))" == (try oracleNumber("grid")))
    let halves = grid.map { half(from: Float(bitPattern: $0)) }
    #expect(Self.digest(halves) == (try oracleNumber("grid as halves")))
    let brains = grid.map { bfloat16(from: Float(bitPattern: $0)) }
    #expect(Self.digest(brains) == (try oracleNumber("grid as bfloat16")))
  }

  /// Every finite half, every midpoint of two, their neighbours, and random bits; no NaNs.
  private static func grid() -> [UInt32] {
    var bits: [UInt32] = []
    for number: UInt16 in 0...0x7BFF {
      let value = float(fromHalf: number)
      let following = number == 0x7BFF ? 65536 : float(fromHalf: number + 1)
      let middle = Float((Double(value) + Double(following)) / 2)
      for center in [value.bitPattern, middle.bitPattern] {
        bits += [center &- 1, center, center + 1].filter { $0 < 0x7F80_0000 }
      }
    }
    bits += [
      0, 1, 0x7F_FFFF, 0x80_0000, 0x7F7F_FFFF, 0x7F80_0000, 0x7F7F_8000, 0x7F7F_7FFF,
    ]
    var generator = SeededGenerator(seed: 16)
    for _ in 0..<200_000 { bits.append(UInt32(generator.next() >> 32)) }
    return (bits + bits.map { $0 ^ 0x8000_0000 }).filter { $0 & 0x7FFF_FFFF <= 0x7F80_0000 }
  }
}
