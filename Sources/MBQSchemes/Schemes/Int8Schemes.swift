import MBQCore

// Symmetric int8 with one scale an output channel, in panels of 16 channels × 4 inputs (what VPDPBUSD,
// SDOT and pairs of narrower dot products read without repacking), or with one a row, row after row, for
// embedding tables, of which single rows are read.

/// The scale of a row whose largest magnitude is `amax`: amax/127 rounded up to a bfloat16, so that
/// it takes two bytes and no value falls off the grid.
///
/// 0 for a row of zeros.
public func int8Scale(amax: Float) -> UInt16 { roundedUpScale(amax, levels: 127) }

/// `amax / levels` rounded up to a bfloat16.
func roundedUpScale(_ amax: Float, levels: Float) -> UInt16 {
  guard amax > 0 else { return 0 }
  // A row this small would have a subnormal scale; the smallest normal one sends it to zero.
  let scale = max(amax / levels, .leastNormalMagnitude)
  var bits = UInt16(truncatingIfNeeded: scale.bitPattern >> 16)
  if scale.bitPattern & 0xFFFF != 0 { bits += 1 }
  return bits
}

extension EncodedMatrix {
  /// A matrix of int8 levels found by other means than rounding to the nearest.
  ///
  /// `levels` is (rows, columns), row after row, within ±127; `scales` is one bfloat16 a row. `code` is
  /// `int8Channel` or `int8Rows`.
  public static func int8(
    _ code: SchemeCode, rows: Int, columns: Int, levels: [Int8], scales: [UInt16]
  ) -> EncodedMatrix {
    precondition(code.storage == .int8 && levels.count == rows * columns && scales.count == rows)
    precondition(!levels.contains(-128), "int8 levels are within ±127")
    var elements = [UInt8](repeating: 0, count: code.byteCount(rows: rows, columns: columns))
    for row in 0..<rows {
      for column in 0..<columns {
        elements[code.index(row: row, column: column, columns: columns)] =
          UInt8(bitPattern: levels[row * columns + column])
      }
    }
    return EncodedMatrix(
      scheme: code, rows: rows, columns: columns, elements: elements, scales: scales)
  }
}

func encodeInt8(
  _ code: SchemeCode, _ values: UnsafeBufferPointer<Float>, _ rows: Int, _ columns: Int
) -> EncodedMatrix {
  var scales = [UInt16](repeating: 0, count: rows)
  let count = code.byteCount(rows: rows, columns: columns)
  let elements = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
    buffer.initialize(repeating: 0)
    initialized = count
    var grid = [Int8](repeating: 0, count: roundUp(columns, to: 4))
    for row in 0..<rows {
      let source = UnsafeBufferPointer(rebasing: values[(row * columns)..<((row + 1) * columns)])
      scales[row] = int8Scale(amax: largestMagnitude(source))
      let scale = float(fromBFloat16: scales[row])
      grid.withUnsafeMutableBufferPointer { putOnGrid(source, scale: scale, $0) }
      switch code.layout {
      case .rows:
        for column in 0..<columns {
          buffer[row * columns + column] = UInt8(bitPattern: grid[column])
        }
      case .panels:
        var place = code.index(row: row, column: 0, columns: columns)
        for column in stride(from: 0, to: columns, by: 4) {
          for k in 0..<4 { buffer[place + k] = UInt8(bitPattern: grid[column + k]) }
          place += 64
        }
      }
    }
  }
  return EncodedMatrix(
    scheme: code, rows: rows, columns: columns, elements: elements, scales: scales)
}

func largestMagnitude(_ values: UnsafeBufferPointer<Float>) -> Float {
  // As integers, magnitudes compare like floats, and this loop is vectorized.
  var largest: UInt32 = 0
  for value in values { largest = max(largest, value.bitPattern & 0x7FFF_FFFF) }
  return Float(bitPattern: largest)
}

/// `rint(x / scale)` within ±127, ties to even; columns past the row's stay 0.
private func putOnGrid(
  _ values: UnsafeBufferPointer<Float>, scale: Float, _ grid: UnsafeMutableBufferPointer<Int8>
) {
  guard scale > 0 else {
    grid.update(repeating: 0)
    return
  }
  // |x / scale| is at most 127, so adding 1.5 * 2^23 leaves the rounded integer in the low bits.
  let magic: Float = 12_582_912
  for index in values.indices {
    let bits = (values[index] / scale + magic).bitPattern
    let q = Int32(bitPattern: bits &- magic.bitPattern)
    grid[index] = Int8(truncatingIfNeeded: min(max(q, -127), 127))
  }
}

func decodeInt8(_ matrix: EncodedMatrix) -> [Int8] {
  var integers = [Int8](repeating: 0, count: matrix.rows * matrix.columns)
  for row in 0..<matrix.rows {
    for column in 0..<matrix.columns {
      let index = matrix.scheme.index(row: row, column: column, columns: matrix.columns)
      integers[row * matrix.columns + column] = Int8(bitPattern: matrix.elements[index])
    }
  }
  return integers
}
