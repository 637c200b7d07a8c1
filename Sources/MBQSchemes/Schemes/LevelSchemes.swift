import MBQCore

/// What a group byte stands for: an element of its group is `multiplier * (level - zero)`, an integer
/// within ±127, times its row's scale.
///
/// Scales of groups that are small integers times one scale a row are the double quantization of
/// Dettmers et al., "QLoRA", 2023, section 3; here the product still fits int8, so that matrices of
/// levels go through the arithmetic of int8 ones unchanged (Formats/arithmetic.md).
public struct GroupByte: Equatable, Sendable {
  /// 0 to 15; 0 for a group of zeros.
  public var multiplier: Int
  /// 0 to 15, the level that stands for 0; half of the levels are below it in symmetric groups.
  public var zero: Int

  public init(multiplier: Int, zero: Int) {
    self.multiplier = multiplier
    self.zero = zero
  }

  public init(_ byte: UInt8) {
    multiplier = Int(byte & 15)
    zero = Int(byte >> 4)
  }

  public var byte: UInt8 { UInt8(multiplier | zero << 4) }

  /// The zero point is a level of `bits` bits, and no level gives an integer outside of ±127.
  public func fitsInt8(bits: Int) -> Bool {
    let top = 1 << bits - 1
    return zero <= top && multiplier * max(zero, top - zero) <= 127
  }
}

extension EncodedMatrix {
  /// A matrix of levels found by other means than rounding to the nearest.
  ///
  /// `levels` is (rows, columns), row after row, each below 2^bits of the scheme; `groups` is (rows, groups
  /// a row) of `GroupByte`s, each of which must fit int8; `scales` is one bfloat16 a row. `code` is one of
  /// the schemes of levels.
  public static func levels(
    _ code: SchemeCode, rows: Int, columns: Int, levels: [UInt8], groups: [UInt8], scales: [UInt16]
  ) -> EncodedMatrix {
    guard case .levels(let bits, _) = code.storage else {
      preconditionFailure("no scheme of levels")
    }
    let groupCount = code.groupCount(columns: columns)
    precondition(levels.count == rows * columns && scales.count == rows)
    precondition(groups.count == rows * groupCount)
    precondition(
      groups.allSatisfy { GroupByte($0).fitsInt8(bits: bits) }, "a group byte that leaves int8")
    precondition(
      levels.allSatisfy { $0 >> UInt8(bits) == 0 }, "a level of more bits than there are")
    var elements = [UInt8](repeating: 0, count: code.byteCount(rows: rows, columns: columns))
    let places = LevelPlaces(code, columns: columns)
    let storedColumns = code.storedColumns(columns)
    for row in 0..<rows {
      // Columns that are not there have the level that stands for 0.
      let zero = groups[row * groupCount + groupCount - 1] >> 4
      for column in 0..<storedColumns {
        let level = column < columns ? levels[row * columns + column] : zero
        places.store(level, row: row, column: column, in: &elements)
      }
    }
    return EncodedMatrix(
      scheme: code, rows: rows, columns: columns, elements: elements, scales: scales,
      groups: groups)
  }

  /// The levels (rows, columns), row after row, of a scheme of levels.
  public func levels() -> [UInt8] {
    guard scheme.groupSize != nil else { preconditionFailure("no levels") }
    let places = LevelPlaces(scheme, columns: columns)
    var levels = [UInt8](repeating: 0, count: rows * columns)
    for row in 0..<rows {
      for column in 0..<columns {
        levels[row * columns + column] = places.level(row: row, column: column, in: elements)
      }
    }
    return levels
  }
}

/// Levels on either side of the one that stands for 0, of symmetric groups.
func symmetricLevels(_ bits: Int) -> Int { 1 << (bits - 1) - 1 }

/// Symmetric groups, each level rounded to the nearest.
func encodeLevels(
  _ code: SchemeCode, _ values: UnsafeBufferPointer<Float>, _ rows: Int, _ columns: Int,
  groupSize size: Int
) -> EncodedMatrix {
  let zero = 1 << (code.bits - 1)
  let most = symmetricLevels(code.bits)
  var levels = [UInt8](repeating: UInt8(zero), count: rows * columns)
  var groups: [UInt8] = []
  var scales: [UInt16] = []
  for row in 0..<rows {
    let source = UnsafeBufferPointer(rebasing: values[(row * columns)..<((row + 1) * columns)])
    let (scale, multipliers) = bestScale(source, groupSize: size, levels: most)
    scales.append(scale)
    for (index, multiplier) in multipliers.enumerated() {
      groups.append(GroupByte(multiplier: multiplier, zero: zero).byte)
      let step = float(fromBFloat16: scale) * Float(multiplier)
      guard step > 0 else { continue }
      for column in (index * size)..<min((index + 1) * size, columns) {
        levels[row * columns + column] = UInt8(zero + level(source[column], step, most))
      }
    }
  }
  return .levels(code, rows: rows, columns: columns, levels: levels, groups: groups, scales: scales)
}

func decodeLevels(_ matrix: EncodedMatrix, groupSize size: Int) -> [Int8] {
  let groupCount = matrix.scheme.groupCount(columns: matrix.columns)
  let levels = matrix.levels()
  return levels.indices.map { index in
    let (row, column) = index.quotientAndRemainder(dividingBy: matrix.columns)
    let group = GroupByte(matrix.groups[row * groupCount + column / size])
    return Int8(group.multiplier * (Int(levels[index]) - group.zero))
  }
}

/// The multipliers the largest group of a row may get.
///
/// A large one lets the others follow their ranges closely; each has a scale of its own to round up.
private let largestMultipliers = 8...15

/// The row's scale and its groups' multipliers with the least squared error, each group's
/// `levels` steps on either side covering its largest magnitude.
private func bestScale(
  _ row: UnsafeBufferPointer<Float>, groupSize: Int, levels: Int
) -> (scale: UInt16, multipliers: [Int]) {
  let ranges = stride(from: 0, to: row.count, by: groupSize).map {
    $0..<min($0 + groupSize, row.count)
  }
  let largest = ranges.map { largestMagnitude(UnsafeBufferPointer(rebasing: row[$0])) }
  let amax = largest.max() ?? 0
  guard amax > 0 else { return (0, largest.map { _ in 0 }) }
  var best: (scale: UInt16, multipliers: [Int], error: Double)?
  for most in largestMultipliers {
    let bits = roundedUpScale(amax, levels: Float(levels * most))
    let scale = float(fromBFloat16: bits)
    // A group of magnitudes next to nothing keeps a step; only zeros have none.
    let multipliers = largest.map { magnitude in
      min(max(Int((magnitude / (Float(levels) * scale)).rounded(.up)), magnitude > 0 ? 1 : 0), most)
    }
    var error = 0.0
    for (range, multiplier) in zip(ranges, multipliers) where multiplier > 0 {
      let step = scale * Float(multiplier)
      for column in range {
        let lost = Double((row[column] - Float(level(row[column], step, levels)) * step) / amax)
        error += lost * lost
      }
    }
    if best.map({ error < $0.error }) ?? true { best = (bits, multipliers, error) }
  }
  return best.map { ($0.scale, $0.multipliers) } ?? (0, [])
}

/// The nearest level within ±`most`, ties to even.
private func level(_ value: Float, _ step: Float, _ most: Int) -> Int {
  Int(min(max((value / step).rounded(.toNearestOrEven), -Float(most)), Float(most)))
}
