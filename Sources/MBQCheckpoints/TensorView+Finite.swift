extension TensorView {
  /// The number of NaN or infinite values, and the first of them; nil if all are finite.
  func nonFiniteValues() -> (count: Int, first: Int)? {
    defer { withExtendedLifetime(self) {} }
    switch (elementType, plainBytes) {
    case (.float16, let bytes?): return scan(bytes, UInt16.self, exponent: 0x7C00)
    case (.bfloat16, let bytes?): return scan(bytes, UInt16.self, exponent: 0x7F80)
    case (.float32, let bytes?): return scan(bytes, UInt32.self, exponent: 0x7F80_0000)
    default:
      // Checked as binary32: a double may be too large for it.
      return withFloats {
        scan(UnsafeRawBufferPointer($0), UInt32.self, exponent: 0x7F80_0000)
      }
    }
  }

  /// A value whose `exponent` bits are all ones is not finite.
  ///
  /// Most blocks have none, so a block is only searched after a pass without branches, which
  /// compiles to vector code, found one in it.
  @inline(__always)
  private func scan<Bits: FixedWidthInteger & UnsignedInteger>(
    _ bytes: UnsafeRawBufferPointer, _ type: Bits.Type, exponent: Bits
  ) -> (count: Int, first: Int)? {
    guard let start = bytes.baseAddress else { return nil }
    // The lowest exponent bit: added to one whose bits are all ones, it carries into the sign's place.
    let one = exponent & (~exponent &+ 1)
    let width = MemoryLayout<Bits>.size
    let top = ~(Bits.max &>> 1)
    var total = 0
    var first = 0
    var block = 0
    while block < count {
      let end = min(block &+ 4096, count)
      var seen: Bits = 0
      for index in block..<end {
        let bits = start.loadUnaligned(fromByteOffset: index &* width, as: Bits.self)
        seen |= (bits & exponent) &+ one
      }
      if seen & top != 0 {
        for index in block..<end {
          let bits = start.loadUnaligned(fromByteOffset: index &* width, as: Bits.self)
          if bits & exponent == exponent {
            if total == 0 { first = index }
            total += 1
          }
        }
      }
      block = end
    }
    return total == 0 ? nil : (total, first)
  }

  /// The index in each dimension of the value that is `element`th in memory.
  func indices(ofElement element: Int) -> [Int] {
    var rest = element
    var indices: [Int] = []
    for dimension in shape.reversed() {
      indices.append(rest % dimension)
      rest /= dimension
    }
    return indices.reversed()
  }
}
