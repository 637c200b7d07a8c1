/// Builds little-endian bytes.
package struct ByteWriter {
  package private(set) var bytes: [UInt8] = []

  package init() {}

  package mutating func u8(_ value: Int) { number(UInt8(value)) }
  package mutating func u16(_ value: Int) { number(UInt16(value)) }
  package mutating func u32(_ value: Int) { number(UInt32(value)) }
  package mutating func u64(_ value: Int) { number(UInt64(value)) }
  package mutating func f32(_ value: Float) { number(value.bitPattern) }

  package mutating func number<T: FixedWidthInteger>(_ value: T) {
    var rest = value.littleEndian
    for _ in 0..<MemoryLayout<T>.size {
      bytes.append(UInt8(truncatingIfNeeded: rest))
      if T.bitWidth > 8 { rest >>= 8 }
    }
  }

  package mutating func append(_ more: some Sequence<UInt8>) { bytes.append(contentsOf: more) }

  package mutating func text(_ text: String) {
    u32(text.utf8.count)
    append(text.utf8)
  }

  package mutating func align(to multiple: Int) {
    while !bytes.count.isMultiple(of: multiple) { bytes.append(0) }
  }
}
