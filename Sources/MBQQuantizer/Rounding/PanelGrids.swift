import MBQCore
import MBQSchemes

/// The grids of a panel's rows as its columns go by: a row's scale is chosen from its weights as they
/// were, a group's multiplier when the group is reached, from what compensation has made of it.
struct PanelGrids {
  private let kind: WeightGrid
  private let scales: [UInt16]
  private let steps: [Float]
  private let groupScales: GroupScales?
  private let groupWidth: Int
  private let columns: Int
  private var current: [GroupGrid]
  private var chosen: [[GroupGrid]]
  private let allowed: ClosedRange<Float>

  init(_ rounder: Rounder, _ panel: Panel) {
    kind = rounder.grid
    columns = panel.values.count
    current = []
    chosen = [[GroupGrid]](repeating: [], count: panel.rowCount)
    switch rounder.grid {
    case .float:
      scales = []
      steps = []
      groupScales = nil
      groupWidth = columns
      allowed = 0...0
    case .int8:
      let rows = (0..<panel.rowCount).map { panel.row($0, 0..<panel.values.count) }
      scales = rows.map { row in
        let amax = row.reduce(0) { max($0, abs($1)) }
        guard rounder.method == .mse else { return int8Scale(amax: amax) }
        return Self.clipped(row, amax, rounder.energy)
      }
      steps = scales.map { float(fromBFloat16: $0) }
      groupScales = nil
      groupWidth = columns
      allowed = 0...0
    case .int4(let bits, let group, let zeroPoint):
      let choice = GroupScales(
        bits: bits, zeroPoint: zeroPoint, searches: rounder.method != .nearest)
      scales = (0..<panel.rowCount).map {
        choice.rowScale(panel.row($0, 0..<panel.values.count), group: group)
      }
      steps = scales.map { float(fromBFloat16: $0) }
      groupScales = choice
      groupWidth = group
      allowed = choice.allowed
    }
  }

  /// The int8 scale, at or below the one that covers the row, with the least squared error, weighted with
  /// the inputs' energy where it is known.
  private static func clipped(_ row: [Float], _ amax: Float, _ energy: [Float]?) -> UInt16 {
    var best = int8Scale(amax: amax)
    var least = Float.infinity
    for share in stride(from: Float(1), to: 0.7, by: -0.02) {
      let bits = int8Scale(amax: amax * share)
      let step = float(fromBFloat16: bits)
      guard step > 0 else { return best }
      var error: Float = 0
      for (column, value) in row.enumerated() {
        let q = min(max((value / step).rounded(.toNearestOrEven), -127), 127)
        error += (q * step - value) * (q * step - value) * (energy?[column] ?? 1)
      }
      if error < least {
        least = error
        best = bits
      }
    }
    return best
  }

  /// Chooses the grids of the groups that start at `column`.
  mutating func enter(_ column: Int, _ panel: Panel, _ zero: [Bool], _ energy: [Float]?) {
    guard let groupScales, column % groupWidth == 0 else { return }
    let range = column..<min(column + groupWidth, columns)
    current = (0..<panel.rowCount).map { row in
      // What is pruned needs no range.
      let kept = range.filter { !zero[row * columns + $0] }
      let values = kept.map { panel.values[$0][row] }
      let weights = energy.map { energy in kept.map { energy[$0] } }
      let grid = values.withUnsafeBufferPointer { values in
        if let weights {
          return weights.withUnsafeBufferPointer {
            groupScales.grid(values, scale: steps[row], weight: $0)
          }
        }
        return groupScales.grid(values, scale: steps[row], weight: nil)
      }
      chosen[row].append(grid)
      return grid
    }
  }

  @inline(__always)
  func nearest(_ row: Int, _ value: Float) -> (level: Int8, value: Float) {
    switch kind {
    case .float: return (0, value)
    case .int8:
      guard steps[row] > 0 else { return (0, 0) }
      let q = min(max((value / steps[row]).rounded(.toNearestOrEven), -127), 127)
      return (Int8(q), q * steps[row])
    case .int4: return current[row].nearest(value, allowed)
    }
  }

  func zeroLevel(_ row: Int) -> Int8 {
    if case .int4 = kind { Int8(current[row].zero) } else { 0 }
  }

  func store(_ first: Int, _ output: PanelOutput) {
    for (row, scale) in scales.enumerated() {
      output.scales[first + row] = scale
      for (group, grid) in chosen[row].enumerated() {
        output.groups[(first + row) * output.groupCount + group] =
          grid.multiplier | grid.zero << 4
      }
    }
  }
}
