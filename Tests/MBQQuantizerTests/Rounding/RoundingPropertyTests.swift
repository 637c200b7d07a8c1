import MBQCore
import MBQRuntime
import MBQSchemes
import Testing

@testable import MBQQuantizer

/// Weights, and the moments of inputs that depend on each other.
private struct RandomProblem {
  var weights: [Float]
  var moments: [Float]
  let rows: Int
  let columns: Int

  init(_ rows: Int, _ columns: Int, tokens: Int, seed: UInt64) {
    self.rows = rows
    self.columns = columns
    var generator = SeededGenerator(seed: seed)
    func normal() -> Float {
      (0..<6).reduce(0) { sum, _ in sum + Float.random(in: -1...1, using: &generator) } / 2
    }
    weights = (0..<(rows * columns)).map { _ in normal() * 0.1 }
    let scales = (0..<columns).map { _ in Float.random(in: 0.1...4, using: &generator) }
    moments = [Float](repeating: 0, count: columns * columns)
    for _ in 0..<tokens {
      let common = normal()
      let x = (0..<columns).map { scales[$0] * (normal() + common) }
      for a in 0..<columns {
        for b in 0..<columns { moments[a * columns + b] += x[a] * x[b] }
      }
    }
  }

  func round(
    _ grid: WeightGrid, _ method: RoundingMethod, _ pruning: PruningOptions? = nil,
    parallel: Parallel = .serial
  ) -> RoundedLevels {
    var rounder = Rounder(grid: grid, method: method, pruning: pruning)
    rounder.factor = InverseFactor(moments, width: columns)
    rounder.energy = (0..<columns).map { moments[$0 * columns + $0] }
    return rounder.round(weights, rows: rows, columns: columns, parallel: parallel)
  }

  func error(_ result: RoundedLevels) -> Double {
    var sum = 0.0
    for start in stride(from: 0, to: weights.count, by: columns) {
      let difference = (0..<columns).map { weights[start + $0] - result.values[start + $0] }
      for a in 0..<columns where difference[a] != 0 {
        var product: Float = 0
        for b in 0..<columns { product += moments[a * columns + b] * difference[b] }
        sum += Double(product * difference[a])
      }
    }
    return sum
  }
}

@Suite("Pruning and rounding: what always holds")
struct RoundingPropertyTests {
  private static let grids: [WeightGrid] = [
    .int8, .int4(bits: 4, group: 32, zeroPoint: false), .int4(bits: 4, group: 64, zeroPoint: true),
    .int4(bits: 3, group: 32, zeroPoint: false), .int4(bits: 3, group: 128, zeroPoint: true),
    .int4(bits: 2, group: 32, zeroPoint: false), .int4(bits: 2, group: 64, zeroPoint: true),
  ]

  @Test("GPTQ's products are nearer than those of the nearest weights")
  func better() {
    for seed in 1...3 {
      let problem = RandomProblem(24, 72, tokens: 200, seed: UInt64(seed))
      for grid in Self.grids {
        let gptq = problem.error(problem.round(grid, .gptq))
        #expect(gptq < problem.error(problem.round(grid, .nearest)), "\(grid)")
        #expect(gptq < problem.error(problem.round(grid, .mse)), "\(grid)")
      }
    }
  }

  /// Decodes by the schemes, which do not know how the levels were found.
  private func check(_ problem: RandomProblem, _ grid: WeightGrid, _ result: RoundedLevels) throws {
    let matrix = result.encoded(
      grid, rows: problem.rows, columns: problem.columns, isTable: false)
    #expect(matrix.decoded() == result.values)
    #expect(result.values.allSatisfy { $0.isFinite })
    guard case .int4(let bits, let group, let zeroPoint) = grid else { return }
    #expect(result.groups.allSatisfy { GroupByte($0).fitsInt8(bits: 4) })
    let groupCount = (problem.columns + group - 1) / group
    let half = 1 << (bits - 1)
    let allowed = zeroPoint ? 0...(2 * half - 1) : (8 - half)...(8 + half - 1)
    for index in result.levels.indices {
      let (row, column) = index.quotientAndRemainder(dividingBy: problem.columns)
      let byte = GroupByte(result.groups[row * groupCount + column / group])
      if byte.multiplier == 0 {
        #expect(Int(result.levels[index]) == byte.zero)
      } else {
        #expect(allowed.contains(Int(result.levels[index])))
      }
    }
    _ = matrix.widenedToInt8
  }

  @Test("levels have the bits asked for and decode to the values, whatever the shape")
  func shapes() throws {
    for (rows, columns) in [(1, 1), (2, 3), (17, 33), (16, 64), (5, 130)] {
      var problem = RandomProblem(rows, columns, tokens: 2, seed: UInt64(columns))
      // A row of zeros, a dead input, a weight alone in its row and one far out of it.
      for column in 0..<columns {
        problem.weights[(rows - 1) * columns + column] = 0
        problem.moments[column] = 0
        problem.moments[column * columns] = 0
      }
      if rows > 2 {
        for column in 0..<columns { problem.weights[columns + column] = column == 1 ? 1e-30 : 0 }
        problem.weights[2] = 1e6
      }
      for grid in Self.grids {
        for method in RoundingMethod.allCases {
          try check(problem, grid, problem.round(grid, method))
        }
        try check(
          problem, grid,
          problem.round(grid, .gptq, .init(method: .sparseGPT, sparsity: 0.5)))
      }
      let zeros = [Float](repeating: 0, count: rows * columns)
      problem.weights = zeros
      for grid in Self.grids {
        #expect(problem.round(grid, .gptq).values == zeros)
      }
    }
  }

  @Test("zeros are as many as asked, where the pattern has them, and decode to 0")
  func zeros() throws {
    let problem = RandomProblem(33, 70, tokens: 150, seed: 4)
    for grid in [WeightGrid.float] + Self.grids {
      for method in PruningOptions.Method.allCases {
        for pattern in PruningOptions.Pattern.allCases {
          let options = PruningOptions(method: method, sparsity: 0.6, pattern: pattern)
          let result = problem.round(grid, .gptq, options)
          let name = "\(grid), \(method), \(pattern)"
          let zeros = result.values.map { $0 == 0 }
          let share = Double(zeros.count { $0 }) / Double(zeros.count)
          if grid == .float {
            #expect(abs(share - options.effectiveSparsity) < 0.02, "\(name): \(share)")
          } else {
            #expect(share > options.effectiveSparsity - 0.02, "\(name): \(share)")
            try check(problem, grid, result)
          }
          for row in 0..<problem.rows {
            for start in stride(from: 0, to: problem.columns, by: 4) {
              let four = zeros[
                (row * problem.columns + start)..<(row * problem.columns
                  + min(start + 4, problem.columns))]
              let count = four.count { $0 }
              switch pattern {
              case .unstructured: break
              case .twoOfFour:
                #expect(count >= four.count / 2, "\(name)")
                if grid == .float { #expect(count == four.count / 2, "\(name)") }
              case .blocksOfFour:
                if grid == .float { #expect(count == 0 || count == four.count, "\(name)") }
              }
            }
          }
        }
      }
    }
  }

  @Test("SparseGPT loses less than leaving out the smallest weights")
  func pruning() {
    let problem = RandomProblem(32, 96, tokens: 300, seed: 9)
    for pattern in PruningOptions.Pattern.allCases {
      func error(_ method: PruningOptions.Method) -> Double {
        problem.error(
          problem.round(
            .float, .nearest, PruningOptions(method: method, sparsity: 0.5, pattern: pattern)))
      }
      #expect(error(.sparseGPT) < 0.8 * error(.magnitude), "\(pattern)")
      #expect(error(.sparseGPT) < error(.wanda), "\(pattern)")
    }
  }

  @Test("four threads give what one does")
  func threads() {
    let pool = ThreadPool(workerCount: 4)
    let problem = RandomProblem(100, 68, tokens: 100, seed: 11)
    for grid in Self.grids {
      let pruning = PruningOptions(method: .sparseGPT, sparsity: 0.5)
      let one = problem.round(grid, .gptq, pruning)
      let four = problem.round(grid, .gptq, pruning, parallel: pool.parallel)
      #expect(one.levels == four.levels && one.scales == four.scales)
      #expect(one.groups == four.groups && one.values == four.values)
    }
    withExtendedLifetime(pool) {}
  }

  @Test("singular moments are damped until there is a factor, infinite ones have none")
  func singular() throws {
    // One token: rank 1.
    let x: [Float] = [1, 2, 3, -4, 0]
    let moments = x.flatMap { a in x.map { a * $0 } }
    let factor = try #require(InverseFactor(moments, width: 5))
    #expect(factor.damping == 0.01)
    #expect(factor.dead == [false, false, false, false, true])
    #expect(factor.values.allSatisfy { $0.isFinite })
    let undamped = try #require(InverseFactor(moments, width: 5, damping: 0))
    #expect(undamped.damping > 0 && undamped.damping < 1e-3)
    // Not even symmetric positive semi-definite: needs more than was asked for.
    let indefinite = try #require(InverseFactor([1, 4, 4, 1], width: 2))
    #expect(abs(indefinite.damping - 10) < 1e-9)
    for bad in [Float.infinity, .nan] {
      #expect(InverseFactor([1, bad, bad, 1], width: 2) == nil)
    }
    let nothing = try #require(InverseFactor([Float](repeating: 0, count: 9), width: 3))
    #expect(nothing.dead == [true, true, true])
  }
}
