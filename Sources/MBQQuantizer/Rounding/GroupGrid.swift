import MBQCore
import MBQSchemes

/// The grid of one group of weights of one row: value = step · (q - zero).
struct GroupGrid: Equatable {
  /// scale of the row times the multiplier.
  var step: Float
  var multiplier: UInt8
  var zero: UInt8

  /// The nearest level and its value.
  @inline(__always)
  func nearest(_ value: Float, _ levels: ClosedRange<Float>) -> (level: Int8, value: Float) {
    guard step > 0 else { return (Int8(zero), 0) }
    let q = (value / step).rounded(.toNearestOrEven) + Float(zero)
    let level = min(max(q, levels.lowerBound), levels.upperBound)
    return (Int8(level), (level - Float(zero)) * step)
  }
}

/// Chooses scales for rows of at most 4 bits.
///
/// A row has a bfloat16 scale s, a group a multiplier m of 1 to 15, and a weight is s·m·(q - z): int8
/// after widening, because |m·(q - z)| stays within 127 (Formats/arithmetic.md). The two levels of scales
/// are the double quantization of Dettmers et al., "QLoRA", 2023.
struct GroupScales {
  let levels: Int
  let usesZeroPoint: Bool
  /// Whether clipping the largest weights is tried.
  let searches: Bool

  init(bits: Int, zeroPoint: Bool, searches: Bool) {
    levels = 1 << bits
    usesZeroPoint = zeroPoint
    self.searches = searches
  }

  /// The levels used of the sixteen: symmetric ones are in the middle, where 8 stands for 0 and the
  /// largest multipliers are allowed.
  var allowed: ClosedRange<Float> {
    usesZeroPoint
      ? 0...Float(levels - 1) : Float(8 - levels / 2)...Float(8 + levels / 2 - 1)
  }
  private var top: Int { levels - 1 }

  /// The scale of a row: the largest step any of its groups asks for, over the largest multiplier.
  func rowScale(_ row: [Float], group: Int) -> UInt16 {
    var most: Float = 0
    for start in stride(from: 0, to: row.count, by: group) {
      let (lowest, highest) = range(row[start..<min(start + group, row.count)])
      let (step, zero) = ideal(lowest, highest)
      // m ≤ 15, and m·max(z, top - z) ≤ 127.
      most = max(most, step / largestMultiplier(zero))
    }
    guard most > 0 else { return 0 }
    return bfloat16(roundingUp: max(most, .leastNormalMagnitude))
  }

  func largestMultiplier(_ zero: Int) -> Float {
    Float(min(15, 127 / max(zero, 15 - zero)))
  }

  private func range(_ values: ArraySlice<Float>) -> (Float, Float) {
    var lowest: Float = 0
    var highest: Float = 0
    for value in values {
      lowest = min(lowest, value)
      highest = max(highest, value)
    }
    return (lowest, highest)
  }

  /// The step that covers a range, and where zero is.
  private func ideal(_ lowest: Float, _ highest: Float) -> (step: Float, zero: Int) {
    if usesZeroPoint {
      let step = (highest - lowest) / Float(top)
      guard step > 0 else { return (0, 8) }
      let zero = min(max(Int((-lowest / step).rounded()), 0), top)
      return (step, zero)
    }
    // Of -8 … 7 the shorter side must hold the largest magnitude; clipping it is what the search is for.
    return (max(-lowest, highest) / Float(levels / 2 - 1), 8)
  }

  /// The grid of a group; `weight` is each input's energy for the error, or nil for 1.
  func grid(
    _ values: UnsafeBufferPointer<Float>, scale: Float, weight: UnsafeBufferPointer<Float>?
  ) -> GroupGrid {
    var lowest: Float = 0
    var highest: Float = 0
    for value in values {
      lowest = min(lowest, value)
      highest = max(highest, value)
    }
    let (step, zero) = ideal(lowest, highest)
    guard scale > 0, step > 0 else {
      return GroupGrid(step: 0, multiplier: 0, zero: 8)
    }
    let limit = Int(largestMultiplier(zero))
    // Compensation may have made a group any number of times larger than its row was.
    let covering = Int(min(max((step / scale).rounded(.up), 1), Float(limit)))
    var best = candidate(covering, zero, scale)
    guard searches else { return best }
    var least = error(values, best, weight)
    let lowestMultiplier = max(1, Int(Float(covering) * 0.4))
    let zeros = usesZeroPoint ? Array(max(zero - 1, 0)...min(zero + 1, top)) : [zero]
    for zero in zeros {
      let last = min(covering + 1, Int(largestMultiplier(zero)))
      guard lowestMultiplier <= last else { continue }
      for multiplier in lowestMultiplier...last {
        let grid = candidate(multiplier, zero, scale)
        let found = error(values, grid, weight)
        if found < least {
          least = found
          best = grid
        }
      }
    }
    return best
  }

  private func candidate(_ multiplier: Int, _ zero: Int, _ scale: Float) -> GroupGrid {
    GroupGrid(
      step: scale * Float(multiplier), multiplier: UInt8(multiplier), zero: UInt8(zero))
  }

  private func error(
    _ values: UnsafeBufferPointer<Float>, _ grid: GroupGrid, _ weight: UnsafeBufferPointer<Float>?
  ) -> Float {
    var sum: Float = 0
    let zero = Float(grid.zero)
    let (bottom, top) = (allowed.lowerBound, allowed.upperBound)
    let inverse = 1 / grid.step
    for index in values.indices {
      let q = (values[index] * inverse).rounded(.toNearestOrEven) + zero
      let difference = (min(max(q, bottom), top) - zero) * grid.step - values[index]
      sum += difference * difference * (weight?[index] ?? 1)
    }
    return sum
  }
}

/// The smallest bfloat16 that is at least `value`, which is positive and finite.
func bfloat16(roundingUp value: Float) -> UInt16 {
  let bits = UInt16(truncatingIfNeeded: value.bitPattern >> 16)
  return value.bitPattern & 0xFFFF != 0 ? bits + 1 : bits
}
