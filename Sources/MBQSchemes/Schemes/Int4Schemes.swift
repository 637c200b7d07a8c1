import MBQCore

/// int4 in groups of 32 columns, in panels of 16 channels × 8 inputs.
public enum Int4Channel32: Int4Scheme {
  public static var name: String { "int4-channel-g32" }
  public static var code: SchemeCode { .int4ChannelGroup32 }
}

/// int4 in groups of 64 columns, in panels of 16 channels × 8 inputs.
public enum Int4Channel64: Int4Scheme {
  public static var name: String { "int4-channel-g64" }
  public static var code: SchemeCode { .int4ChannelGroup64 }
}

/// int4 in groups of 128 columns, in panels of 16 channels × 8 inputs.
public enum Int4Channel128: Int4Scheme {
  public static var name: String { "int4-channel-g128" }
  public static var code: SchemeCode { .int4ChannelGroup128 }
}

/// int4 in groups of 32 columns, row after row: embedding tables.
public enum Int4Rows32: Int4Scheme {
  public static var name: String { "int4-rows-g32" }
  public static var code: SchemeCode { .int4RowsGroup32 }
}

/// int4 in groups of 64 columns, row after row: embedding tables.
public enum Int4Rows64: Int4Scheme {
  public static var name: String { "int4-rows-g64" }
  public static var code: SchemeCode { .int4RowsGroup64 }
}

/// int4 in groups of 128 columns, row after row: embedding tables.
public enum Int4Rows128: Int4Scheme {
  public static var name: String { "int4-rows-g128" }
  public static var code: SchemeCode { .int4RowsGroup128 }
}

/// What a group byte stands for: an element of its group is `multiplier * (level - zero)`, an integer
/// within ±127, times its row's scale.
///
/// Scales of groups that are small integers times one scale a row are the double quantization of
/// Dettmers et al., "QLoRA", 2023, section 3; here the product still fits int8, so that int4 matrices
/// go through the arithmetic of int8 ones unchanged (Formats/arithmetic.md).
public struct GroupByte: Equatable, Sendable {
  /// 0 to 15; 0 for a group of zeros.
  public var multiplier: Int
  /// 0 to 15, the level that stands for 0; 8 for symmetric groups.
  public var zero: Int

  public init(multiplier: Int, zero: Int = 8) {
    self.multiplier = multiplier
    self.zero = zero
  }

  public init(_ byte: UInt8) {
    multiplier = Int(byte & 15)
    zero = Int(byte >> 4)
  }

  public var byte: UInt8 { UInt8(multiplier | zero << 4) }

  /// No level 0...15 gives an integer outside of ±127.
  public var fitsInt8: Bool { multiplier * max(zero, 15 - zero) <= 127 }
}

extension EncodedMatrix {
  /// A matrix of int4 levels found by other means than rounding to the nearest.
  ///
  /// `levels` is (rows, columns), row after row, each 0...15; `groups` is (rows, groups a row) of
  /// `GroupByte`s, each of which must fit int8; `scales` is one bfloat16 a row. `code` is one of the
  /// int4 schemes.
  public static func int4(
    _ code: SchemeCode, rows: Int, columns: Int, levels: [UInt8], groups: [UInt8], scales: [UInt16]
  ) -> EncodedMatrix {
    guard let size = code.groupSize else { preconditionFailure("no int4 scheme") }
    let groupCount = (columns + size - 1) / size
    precondition(levels.count == rows * columns && scales.count == rows)
    precondition(groups.count == rows * groupCount)
    precondition(groups.allSatisfy { GroupByte($0).fitsInt8 }, "a group byte that leaves int8")
    var elements = [UInt8](repeating: 0, count: code.byteCount(rows: rows, columns: columns))
    let padded = if case .rows = code.layout { 2 } else { 8 }
    for row in 0..<rows {
      for column in 0..<columns {
        let level = levels[row * columns + column]
        precondition(level <= 15, "an int4 level is 0 to 15")
        let index = code.index(row: row, column: column, columns: columns)
        elements[index / 2] |= level << UInt8(index % 2 * 4)
      }
      // Columns that are not there have the level that stands for 0.
      let zero = groups[row * groupCount + groupCount - 1] >> 4
      for column in columns..<roundUp(columns, to: padded) {
        let index = code.index(row: row, column: column, columns: columns)
        elements[index / 2] |= zero << UInt8(index % 2 * 4)
      }
    }
    return EncodedMatrix(
      scheme: code, rows: rows, columns: columns, elements: elements, scales: scales,
      groups: groups)
  }

  /// The int4 levels (rows, columns), row after row.
  public func int4Levels() -> [UInt8] {
    precondition(scheme.bits == 4)
    var levels = [UInt8](repeating: 0, count: rows * columns)
    for row in 0..<rows {
      for column in 0..<columns {
        let index = scheme.index(row: row, column: column, columns: columns)
        levels[row * columns + column] = elements[index / 2] >> UInt8(index % 2 * 4) & 15
      }
    }
    return levels
  }
}

/// A scheme of 4-bit levels in groups; encoding is symmetric and rounds to the nearest.
public protocol Int4Scheme: WeightScheme {}

extension Int4Scheme {
  /// Half a step of the row's largest group, whose seven steps are at most 2^-7 too wide.
  public static var errorCeiling: Float { 0.5 / 7 * (1 + 0x1p-7) * 1.0001 }

  public static func encode(
    _ values: UnsafeBufferPointer<Float>, rows: Int, columns: Int
  ) -> EncodedMatrix {
    encodeInt4(code, values, rows, columns)
  }

  public static func decode(_ matrix: EncodedMatrix) -> [Float] { decodeInt4(matrix) }
}

// Apart from the protocol, whose six conformances would have a copy each.
@inline(never)
private func encodeInt4(
  _ code: SchemeCode, _ values: UnsafeBufferPointer<Float>, _ rows: Int, _ columns: Int
) -> EncodedMatrix {
  precondition(values.count == rows * columns)
  guard let size = code.groupSize else { preconditionFailure("no int4 scheme") }
  var levels = [UInt8](repeating: 8, count: rows * columns)
  var groups: [UInt8] = []
  var scales: [UInt16] = []
  for row in 0..<rows {
    let source = UnsafeBufferPointer(rebasing: values[(row * columns)..<((row + 1) * columns)])
    let (scale, multipliers) = bestScale(source, groupSize: size)
    scales.append(scale)
    for (index, multiplier) in multipliers.enumerated() {
      groups.append(GroupByte(multiplier: multiplier).byte)
      let step = float(fromBFloat16: scale) * Float(multiplier)
      guard step > 0 else { continue }
      for column in (index * size)..<min((index + 1) * size, columns) {
        levels[row * columns + column] = UInt8(8 + level(source[column], step))
      }
    }
  }
  return .int4(code, rows: rows, columns: columns, levels: levels, groups: groups, scales: scales)
}

@inline(never)
private func decodeInt4(_ matrix: EncodedMatrix) -> [Float] {
  guard let size = matrix.scheme.groupSize else { return [] }
  let groupCount = (matrix.columns + size - 1) / size
  let levels = matrix.int4Levels()
  var values = [Float](repeating: 0, count: levels.count)
  for row in 0..<matrix.rows {
    let scale = float(fromBFloat16: matrix.scales[row])
    for column in 0..<matrix.columns {
      let group = GroupByte(matrix.groups[row * groupCount + column / size])
      let index = row * matrix.columns + column
      values[index] = Float(group.multiplier * (Int(levels[index]) - group.zero)) * scale
    }
  }
  return values
}

/// The multipliers the largest group of a row may get.
///
/// A large one lets the others follow their ranges closely; each has a scale of its own to round up.
private let largestMultipliers = 8...15

/// The row's scale and its groups' multipliers with the least squared error, each group's seven steps
/// covering its largest magnitude.
private func bestScale(
  _ row: UnsafeBufferPointer<Float>, groupSize: Int
) -> (scale: UInt16, multipliers: [Int]) {
  let ranges = stride(from: 0, to: row.count, by: groupSize).map {
    $0..<min($0 + groupSize, row.count)
  }
  let largest = ranges.map { largestMagnitude(UnsafeBufferPointer(rebasing: row[$0])) }
  let amax = largest.max() ?? 0
  guard amax > 0 else { return (0, largest.map { _ in 0 }) }
  var best: (scale: UInt16, multipliers: [Int], error: Double)?
  for most in largestMultipliers {
    let bits = roundedUpScale(amax, levels: Float(7 * most))
    let scale = float(fromBFloat16: bits)
    // A group of magnitudes next to nothing keeps a step; only zeros have none.
    let multipliers = largest.map { magnitude in
      min(max(Int((magnitude / (7 * scale)).rounded(.up)), magnitude > 0 ? 1 : 0), most)
    }
    var error = 0.0
    for (range, multiplier) in zip(ranges, multipliers) where multiplier > 0 {
      let step = scale * Float(multiplier)
      for column in range {
        let lost = Double((row[column] - Float(level(row[column], step)) * step) / amax)
        error += lost * lost
      }
    }
    if best.map({ error < $0.error }) ?? true { best = (bits, multipliers, error) }
  }
  return best.map { ($0.scale, $0.multipliers) } ?? (0, [])
}

/// The nearest level within ±7, ties to even.
private func level(_ value: Float, _ step: Float) -> Int {
  Int(min(max((value / step).rounded(.toNearestOrEven), -7), 7))
}
