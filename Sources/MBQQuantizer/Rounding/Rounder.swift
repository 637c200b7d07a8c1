import MBQCore
import MBQRuntime
import MBQSchemes

/// Prunes and rounds one matrix (rows, columns) whose rows are multiplied with inputs of second moments
/// H = Σ x·xᵀ.
///
/// Rows do not depend on each other, except that an unstructured pattern shares its quota among sixteen
/// of them: sixteen run side by side, so the work is vectors of sixteen throughout.
struct Rounder {
  let grid: WeightGrid
  let method: RoundingMethod
  var pruning: PruningOptions?
  /// H⁻¹ = UᵀU; needed by GPTQ and SparseGPT.
  var factor: InverseFactor?
  /// The inputs' energies, the diagonal of H; for Wanda, and to weigh errors.
  var energy: [Float]?

  func round(
    _ weights: [Float], rows: Int, columns: Int, parallel: Parallel
  ) -> RoundedLevels {
    precondition(weights.count == rows * columns)
    let groupWidth = if case .int4(_, let group, _) = grid { group } else { columns }
    let groupCount = (columns + groupWidth - 1) / groupWidth
    var result = RoundedLevels(
      levels: [Int8](repeating: 0, count: grid == .float ? 0 : rows * columns),
      scales: [UInt16](repeating: 0, count: rows),
      groups: grid.bits <= 4 ? [UInt8](repeating: 0, count: rows * groupCount) : [],
      values: [Float](repeating: 0, count: rows * columns))
    result.levels.withUnsafeMutableBufferPointer { levels in
      result.scales.withUnsafeMutableBufferPointer { scales in
        result.groups.withUnsafeMutableBufferPointer { groups in
          result.values.withUnsafeMutableBufferPointer { values in
            let output = PanelOutput(
              levels: levels, scales: scales, groups: groups, values: values, columns: columns,
              groupCount: groupCount)
            parallel.run((rows + 15) / 16) { panel, _ in
              let range = (panel * 16)..<min(panel * 16 + 16, rows)
              self.round(panel: range, weights, columns, output)
            }
          }
        }
      }
    }
    return result
  }

  /// One panel of up to sixteen rows.
  private func round(
    panel rows: Range<Int>, _ weights: [Float], _ columns: Int, _ output: PanelOutput
  ) {
    var panel = Panel(weights, rows, columns)
    let compensates = method == .gptq && grid != .float || pruning?.method == .sparseGPT
    let u = compensates ? factor : nil
    var zero = [Bool](repeating: false, count: 16 * columns)
    if let pruning, pruning.method != .sparseGPT {
      zero = mask(panel, 0..<columns, pruning, nil)
    }
    var grids = PanelGrids(self, panel)
    for column in 0..<columns {
      if let pruning, pruning.method == .sparseGPT, column % PruningMask.blockWidth == 0 {
        let block = column..<min(column + PruningMask.blockWidth, columns)
        let marked = mask(panel, block, pruning, u)
        for row in 0..<panel.rowCount {
          for (place, target) in block.enumerated() {
            zero[row * columns + target] = marked[row * block.count + place]
          }
        }
      } else if let pruning, pruning.method == .sparseGPT, pruning.pattern == .twoOfFour,
        column.isMultiple(of: 4)
      {
        // Four are decided on when they are reached (section 3.4 there); what was marked with the block
        // only told a group's grid what range it will need.
        let four = column..<min(column + 4, columns)
        let marked = mask(panel, four, pruning, u)
        for row in 0..<panel.rowCount {
          for (place, target) in four.enumerated() {
            zero[row * columns + target] = marked[row * four.count + place]
          }
        }
      }
      grids.enter(column, panel, zero, energy)
      let before = panel.values[column]
      var after = before
      for row in 0..<panel.rowCount {
        if zero[row * columns + column] {
          after[row] = 0
          output.set(rows.lowerBound + row, column, level: grids.zeroLevel(row), value: 0)
        } else {
          let (level, value) = grids.nearest(row, before[row])
          after[row] = value
          output.set(rows.lowerBound + row, column, level: level, value: value)
        }
      }
      guard let u, !u.dead[column] else { continue }
      panel.compensate((before - after) / u.values[column * columns + column], column, u)
    }
    grids.store(rows.lowerBound, output)
  }

  /// Of shape (rows of the panel, width of the block).
  private func mask(
    _ panel: Panel, _ block: Range<Int>, _ pruning: PruningOptions, _ u: InverseFactor?
  ) -> [Bool] {
    var scores: [Float] = []
    scores.reserveCapacity(panel.rowCount * block.count)
    for row in 0..<panel.rowCount {
      for column in block {
        let weight = panel.values[column][row]
        switch pruning.method {
        case .magnitude: scores.append(abs(weight))
        case .wanda: scores.append(abs(weight) * (energy?[column] ?? 1).squareRoot())
        case .sparseGPT:
          let diagonal = u.map { $0.values[column * $0.width + column] } ?? 1
          let ratio = weight / diagonal
          // What multiplies nothing is the first to go; its diagonal is a stand-in.
          scores.append(u?.dead[column] == true ? 0 : ratio * ratio)
        }
      }
    }
    let mask = PruningMask(options: pruning)
    // Wanda compares within a row; so does 2:4 by itself.
    guard pruning.method == .wanda, pruning.pattern != .twoOfFour else {
      return mask.mark(scores, rows: panel.rowCount, width: block.count)
    }
    return (0..<panel.rowCount).flatMap { row in
      mask.mark(
        Array(scores[(row * block.count)..<((row + 1) * block.count)]), rows: 1,
        width: block.count)
    }
  }
}

/// Sixteen rows side by side: `values[column][row]`.
struct Panel {
  var values: [SIMD16<Float>]
  let rowCount: Int

  init(_ weights: [Float], _ rows: Range<Int>, _ columns: Int) {
    rowCount = rows.count
    values = [SIMD16<Float>](repeating: .zero, count: columns)
    for row in rows {
      for column in 0..<columns {
        values[column][row - rows.lowerBound] = weights[row * columns + column]
      }
    }
  }

  /// Takes error · U_jk from w_k for the columns k after j, equation 3 of GPTQ by the rows of U.
  mutating func compensate(_ error: SIMD16<Float>, _ column: Int, _ u: InverseFactor) {
    let width = u.width
    values.withUnsafeMutableBufferPointer { values in
      u.values.withUnsafeBufferPointer { factors in
        for other in (column + 1)..<max(width, column + 1) {
          values[other] -= error * factors[column * width + other]
        }
      }
    }
  }

  func row(_ row: Int, _ columns: Range<Int>) -> [Float] { columns.map { values[$0][row] } }
}

/// Where a panel's rows end up; panels write rows of their own.
struct PanelOutput: @unchecked Sendable {
  let levels: UnsafeMutableBufferPointer<Int8>
  let scales: UnsafeMutableBufferPointer<UInt16>
  let groups: UnsafeMutableBufferPointer<UInt8>
  let values: UnsafeMutableBufferPointer<Float>
  let columns: Int
  let groupCount: Int

  func set(_ row: Int, _ column: Int, level: Int8, value: Float) {
    if !levels.isEmpty { levels[row * columns + column] = level }
    values[row * columns + column] = value
  }
}
