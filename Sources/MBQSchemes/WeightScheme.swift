import MBQCore

/// A matrix as it is stored: its elements in the scheme's order, and one bfloat16 scale a row and one
/// byte a group if the scheme has any.
public struct EncodedMatrix: Equatable, Sendable {
  public var scheme: SchemeCode
  public var rows: Int
  public var columns: Int
  public var elements: [UInt8]
  public var scales: [UInt16]
  /// (rows, groups a row): the multiplier in the low nibble, the zero point in the high one.
  ///
  /// Empty for schemes without groups.
  public var groups: [UInt8] = []

  /// Elements, scales and groups are as long as the scheme has them for the shape.
  public init(
    scheme: SchemeCode, rows: Int, columns: Int, elements: [UInt8], scales: [UInt16],
    groups: [UInt8] = []
  ) {
    self.scheme = scheme
    self.rows = rows
    self.columns = columns
    self.elements = elements
    self.scales = scales
    self.groups = groups
  }

  /// Bytes in the file: elements, group bytes and scales, alignment not counted.
  public var byteCount: Int { scheme.totalByteCount(rows: rows, columns: columns) }

  /// The group bytes in the order they are stored, which `SchemeCode.groupIndex` has; those of rows that
  /// pad a block are 0.
  public var storedGroups: [UInt8] {
    var bytes = [UInt8](repeating: 0, count: scheme.groupByteCount(rows: rows, columns: columns))
    let count = scheme.groupCount(columns: columns)
    for row in 0..<rows {
      for group in 0..<count {
        bytes[scheme.groupIndex(row: row, group: group, columns: columns)] =
          groups[row * count + group]
      }
    }
    return bytes
  }
}

extension SchemeCode {
  /// Stores `values` (rows, columns), which are finite.
  ///
  /// Integers are symmetric and rounded to the nearest.
  public func encode(
    _ values: UnsafeBufferPointer<Float>, rows: Int, columns: Int
  ) -> EncodedMatrix {
    precondition(values.count == rows * columns)
    return switch storage {
    case .float32: encodeFloats(self, values, rows, columns) { $0.bitPattern.littleEndian }
    case .float16: encodeFloats(self, values, rows, columns) { half(from: $0).littleEndian }
    case .int8: encodeInt8(self, values, rows, columns)
    case .levels(_, let group): encodeLevels(self, values, rows, columns, groupSize: group)
    }
  }

  /// Stores an array of (rows, columns) values.
  public func encode(_ values: [Float], rows: Int, columns: Int) -> EncodedMatrix {
    values.withUnsafeBufferPointer { encode($0, rows: rows, columns: columns) }
  }

  /// The largest round-trip error, as a share of the row's largest magnitude.
  ///
  /// Tests hold the scheme to it, for magnitudes the scheme has: half floats end at 65504 and have
  /// steps of 2^-24, and an int8 scale is at least 2^-126.
  public var errorCeiling: Float {
    switch storage {
    case .float32: 0
    case .float16: 0x1p-11
    // Half a step of a scale up to 2^-7 too wide, and the rounding of the arithmetic.
    case .int8: 0.5 / 127 * (1 + 0x1p-7) * 1.0001
    // The same of the row's largest group.
    case .levels(let bits, _): 0.5 / Float(symmetricLevels(bits)) * (1 + 0x1p-7) * 1.0001
    }
  }
}

extension EncodedMatrix {
  /// The values (rows, columns) that are stored.
  public func decoded() -> [Float] {
    switch scheme.storage {
    case .float32: decodeFloats(self, UInt32.self) { Float(bitPattern: UInt32(littleEndian: $0)) }
    case .float16: decodeFloats(self, UInt16.self) { float(fromHalf: UInt16(littleEndian: $0)) }
    case .int8, .levels: integers.scaled(by: scales, columns: columns)
    }
  }

  /// The integers (rows, columns) within ±127 that a product is made with; scales are left out.
  ///
  /// Of a scheme of integers.
  public var integers: [Int8] {
    switch scheme.storage {
    case .float32, .float16: preconditionFailure("floats are no integers")
    case .int8: decodeInt8(self)
    case .levels(_, let group): decodeLevels(self, groupSize: group)
    }
  }
}

extension [Int8] {
  fileprivate func scaled(by scales: [UInt16], columns: Int) -> [Float] {
    var values = [Float](repeating: 0, count: count)
    for (row, bits) in scales.enumerated() {
      let scale = float(fromBFloat16: bits)
      for index in (row * columns)..<((row + 1) * columns) {
        values[index] = Float(self[index]) * scale
      }
    }
    return values
  }
}
