import MBQCore

/// fp32, row after row.
public enum Float32Rows: Float32Scheme {
  public static var name: String { "float32" }
  public static var code: SchemeCode { .float32 }
}

/// fp32 in panels of 16 rows.
public enum Float32Panels: Float32Scheme {
  public static var name: String { "float32-panels" }
  public static var code: SchemeCode { .float32Panels }
}

/// fp16, row after row: the nearest half float, ties to even.
public enum Float16Rows: Float16Scheme {
  public static var name: String { "float16" }
  public static var code: SchemeCode { .float16 }
}

/// fp16 in panels of 16 rows.
public enum Float16Panels: Float16Scheme {
  public static var name: String { "float16-panels" }
  public static var code: SchemeCode { .float16Panels }
}

/// A scheme of fp32 elements in the order of its code.
public protocol Float32Scheme: WeightScheme {}

extension Float32Scheme {
  public static var errorCeiling: Float { 0 }

  public static func encode(
    _ values: UnsafeBufferPointer<Float>, rows: Int, columns: Int
  ) -> EncodedMatrix {
    encodeFloats(code, values, rows, columns) { $0.bitPattern.littleEndian }
  }

  public static func decode(_ matrix: EncodedMatrix) -> [Float] {
    decodeFloats(matrix, UInt32.self) { Float(bitPattern: UInt32(littleEndian: $0)) }
  }
}

/// A scheme of fp16 elements in the order of its code.
public protocol Float16Scheme: WeightScheme {}

extension Float16Scheme {
  public static var errorCeiling: Float { 0x1p-11 }

  public static func encode(
    _ values: UnsafeBufferPointer<Float>, rows: Int, columns: Int
  ) -> EncodedMatrix {
    encodeFloats(code, values, rows, columns) { half(from: $0).littleEndian }
  }

  public static func decode(_ matrix: EncodedMatrix) -> [Float] {
    decodeFloats(matrix, UInt16.self) { float(fromHalf: UInt16(littleEndian: $0)) }
  }
}

private func encodeFloats<Bits: FixedWidthInteger>(
  _ code: SchemeCode, _ values: UnsafeBufferPointer<Float>, _ rows: Int, _ columns: Int,
  _ encode: (Float) -> Bits
) -> EncodedMatrix {
  precondition(values.count == rows * columns)
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

private func decodeFloats<Bits: FixedWidthInteger>(
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
