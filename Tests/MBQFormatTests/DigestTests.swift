import CMBQBytes
import CZlib
import MBQCore
import MBQFormat
import MBQTestSupport
import Testing

@Suite("CRC-32 and SHA-256")
struct DigestTests {
  private static func hexadecimal(_ bytes: [UInt8]) -> String {
    bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
  }

  private static let data: [UInt8] = {
    var generator = SeededGenerator(seed: 7)
    return (0..<(1 << 13)).flatMap { _ -> [UInt8] in
      let number = generator.next()
      return (0..<8).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
    }
  }()

  private static func crc(_ bytes: ArraySlice<UInt8>, after start: UInt32 = 0) -> UInt32 {
    bytes.withUnsafeBytes { mbq_crc32(start, $0.baseAddress, $0.count) }
  }

  @Test(
    "SHA-256 of FIPS 180-4's examples",
    arguments: [
      ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
      ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
      (
        "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
      ),
      (
        "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrs"
          + "mnopqrstnopqrstu",
        "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"
      ),
      (
        String(repeating: "a", count: 1_000_000),
        "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
      ),
    ])
  func published(_ text: String, _ expected: String) {
    #expect(Self.hexadecimal(sha256(of: Array(text.utf8))) == expected)
  }

  @Test("SHA-256 of every length to 300 is hashlib's")
  func hashlib() throws {
    let digests = (0...300).flatMap { sha256(of: Array(Self.data[..<$0])) }
    #expect(Self.hexadecimal(sha256(of: digests)) == (try oracleNumber("sha256 of prefixes")))
    #expect(Self.hexadecimal(sha256(of: Self.data)) == (try oracleNumber("sha256")))
  }

  @Test("CRC-32 has its check value and is zlib's")
  func crcs() throws {
    #expect(Self.crc(Array("123456789".utf8)[...]) == 0xCBF4_3926)
    #expect(mbq_crc32(0, nil, 0) == 0)
    #expect(mbq_crc32(0x1234_5678, nil, 0) == 0x1234_5678)
    let sums = (0...300).flatMap { count -> [UInt8] in
      let sum = Self.crc(Self.data[..<count])
      return (0..<4).map { UInt8(truncatingIfNeeded: sum >> (8 * $0)) }
    }
    #expect(Self.hexadecimal(sha256(of: sums)) == (try oracleNumber("crc32 of prefixes")))
    #expect(String(Self.crc(Self.data[...]), radix: 16) == (try oracleNumber("crc32")))
    // At every start within a block of sixteen; lengths around it, and around those that are taken in
    // blocks of 64.
    for start in 0..<17 {
      for count in Array(0..<50) + Array(250..<330) {
        let slice = Self.data[start..<(start + count)]
        let expected = slice.withUnsafeBytes {
          crc32(1, $0.bindMemory(to: UInt8.self).baseAddress, uInt($0.count))
        }
        if count > 0 { #expect(Self.crc(slice, after: 1) == UInt32(expected)) }
      }
    }
  }

  @Test("CRC-32 goes on from a part")
  func continued() {
    let whole = Self.crc(Self.data[...])
    for split in [0, 1, 15, 16, 17, 1000, Self.data.count] {
      #expect(Self.crc(Self.data[split...], after: Self.crc(Self.data[..<split])) == whole)
    }
  }
}
