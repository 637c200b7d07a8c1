import MBQCore

// fp32 and fp16 (the nearest half float, ties to even) in the order of their code.

func encodeFloats<Bits: FixedWidthInteger>(
  _ code: SchemeCode, _ values: UnsafeBufferPointer<Float>, _ rows: Int, _ columns: Int,
  _ encode: (Float) -> Bits
) -> EncodedMatrix {
  var bytes = [UInt8](repeating: 0, count: code.byteCount(rows: rows, columns: columns))
  bytes.withUnsafeMutableBytes { raw in
    let stored = raw.bindMemory(to: Bits.self)
    for row in 0..<rows {
      let (start, step) = code.run(row: row, columns: columns)
      let source = UnsafeBufferPointer(rebasing: values[(row * columns)..<((row + 1) * columns)])
      for column in 0..<columns { stored[start + column * step] = encode(source[column]) }
    }
  }
  return EncodedMatrix(scheme: code, rows: rows, columns: columns, elements: bytes, scales: [])
}

func decodeFloats<Bits: FixedWidthInteger>(
  _ matrix: EncodedMatrix, _ type: Bits.Type, _ decode: (Bits) -> Float
) -> [Float] {
  var values = [Float](repeating: 0, count: matrix.rows * matrix.columns)
  matrix.elements.withUnsafeBytes { raw in
    for row in 0..<matrix.rows {
      let (start, step) = matrix.scheme.run(row: row, columns: matrix.columns)
      for column in 0..<matrix.columns {
        let offset = (start + column * step) * MemoryLayout<Bits>.size
        values[row * matrix.columns + column] = decode(
          raw.loadUnaligned(fromByteOffset: offset, as: Bits.self))
      }
    }
  }
  return values
}

extension SchemeCode {
  /// Where a row's elements start and how far apart they are, for layouts with single columns.
  fileprivate func run(row: Int, columns: Int) -> (start: Int, step: Int) {
    switch layout {
    case .rows: (row * columns, 1)
    case .panels: (row / 16 * columns * 16 + row % 16, 16)
    }
  }
}
