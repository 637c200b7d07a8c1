import Foundation

/// The first place of `byte` in `bytes`.
func offset(of byte: UInt8, in bytes: UnsafeRawBufferPointer) -> Int? {
  guard let base = bytes.baseAddress else { return nil }
  return memchr(base, Int32(byte), bytes.count).map { UnsafeRawPointer($0) - base }
}

// Eight bytes at a time, in one word.

/// A word of eight times `byte`.
@inline(__always)
func repeated(_ byte: UInt8) -> UInt64 { UInt64(byte) &* 0x0101_0101_0101_0101 }

/// The top bit of every zero byte of `word` (Mycroft's test); of the marks only the lowest is sure, as
/// a borrow can set higher ones.
@inline(__always)
func zeroBytes(_ word: UInt64) -> UInt64 {
  (word &- 0x0101_0101_0101_0101) & ~word & 0x8080_8080_8080_8080
}
