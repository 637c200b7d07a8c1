import Foundation
import MBQCore
import MBQRuntime
import MBQTestSupport
import Testing

@testable import MBQQuantizer

/// GPTQ, SparseGPT and Wanda as numpy makes them from the papers' equations
/// (Tests/Oracles/rounding/make_rounding.py).
struct RoundingGoldens: Decodable {
  struct Problem: Decodable {
    var name: String
    var rows, columns, bits, group: Int
    var zeroPoint: Bool
    var levels: [Int]
    var scales: [UInt16]
    var groups: [UInt8]
    var error: Double

    var grid: WeightGrid {
      bits == 8 ? .int8 : .int4(bits: bits, group: group, zeroPoint: zeroPoint)
    }
  }

  struct Mask: Decodable {
    var method, pattern, zero: String
    var sparsity, error: Double
    var rows, columns: Int
  }

  var rows, columns, factorWidth: Int
  var dead: [Int]
  var problems: [Problem]
  var masks: [Mask]
  var clippedErrors, factor: [Double]

  static let all = Result {
    try JSONDecoder().decode(
      RoundingGoldens.self,
      from: Data(
        contentsOf: URL(fileURLWithPath: Repository.path("Tests/Oracles/rounding/rounding.json"))))
  }

  private static let values = Result {
    let data = try Data(
      contentsOf: URL(fileURLWithPath: Repository.path("Tests/Oracles/rounding/values.f32")))
    return stride(from: 0, to: data.count, by: 4).map { place in
      Float(
        bitPattern: data[place..<(place + 4)].reversed().reduce(0) { $0 << 8 | UInt32($1) })
    }
  }

  /// The first `width` columns of the first `count` rows.
  func weights(_ count: Int, _ width: Int) throws -> [Float] {
    let values = try Self.values.get()
    return (0..<count).flatMap { values[($0 * columns)..<($0 * columns + width)] }
  }

  func moments(_ width: Int) throws -> [Float] {
    let values = try Self.values.get().dropFirst(rows * columns)
    return (0..<width).flatMap { row in
      values[(values.startIndex + row * columns)...].prefix(width)
    }
  }

  /// The trace tr(ΔHΔᵀ).
  func error(_ old: [Float], _ new: [Float], _ width: Int) throws -> Double {
    let moments = try moments(width)
    return stride(from: 0, to: old.count, by: width).reduce(0.0) { sum, start in
      let difference = (0..<width).map { Double(old[start + $0]) - Double(new[start + $0]) }
      return sum
        + difference.indices.reduce(0.0) { sum, a in
          guard difference[a] != 0 else { return sum }
          return sum + difference[a]
            * difference.indices.reduce(0.0) {
              $0 + Double(moments[a * width + $1]) * difference[$1]
            }
        }
    }
  }
}

@Suite("Rounding as numpy rounds")
struct RoundingGoldenTests {
  @Test("the inverse factor is the Cholesky factor of numpy's inverse")
  func factor() throws {
    let goldens = try RoundingGoldens.all.get()
    let width = goldens.factorWidth
    let factor = try #require(InverseFactor(goldens.moments(width), width: width))
    let largest = goldens.factor.map(abs).max() ?? 0
    for (found, expected) in zip(factor.values, goldens.factor) {
      #expect(abs(Double(found) - expected) < 1e-6 * largest)
    }
    #expect(factor.damping == 0.01)
    #expect(factor.dead.indices.filter { factor.dead[$0] } == [5])
  }

  @Test("GPTQ: the levels, scales and error of numpy's")
  func gptq() throws {
    let goldens = try RoundingGoldens.all.get()
    #expect(goldens.problems.count == 5)
    for golden in goldens.problems {
      let (rows, columns) = (golden.rows, golden.columns)
      let weights = try goldens.weights(rows, columns)
      let moments = try goldens.moments(columns)
      var rounder = Rounder(grid: golden.grid, method: .gptq)
      rounder.factor = InverseFactor(moments, width: columns)
      rounder.energy = (0..<columns).map { moments[$0 * columns + $0] }
      let result = rounder.round(weights, rows: rows, columns: columns, parallel: .serial)
      #expect(result.scales == golden.scales, "\(golden.name)")
      let same = zip(result.levels, golden.levels).count { Int($0) == $1 }
      #expect(Double(same) >= 0.995 * Double(golden.levels.count), "\(golden.name): \(same)")
      let groups = zip(result.groups, golden.groups).count { $0 == $1 }
      #expect(result.groups.count == golden.groups.count)
      #expect(groups * 50 >= golden.groups.count * 49, "\(golden.name): \(groups)")
      let error = try goldens.error(weights, result.values, columns)
      #expect(abs(error / golden.error - 1) < 1e-3, "\(golden.name): \(error), \(golden.error)")
    }
  }

  @Test("SparseGPT and Wanda: the zeros of numpy's")
  func masks() throws {
    let goldens = try RoundingGoldens.all.get()
    #expect(goldens.masks.count == 6)
    for golden in goldens.masks {
      let (rows, columns) = (golden.rows, golden.columns)
      let name = "\(golden.method), \(golden.pattern), \(columns) columns"
      let weights = try goldens.weights(rows, columns)
      let moments = try goldens.moments(columns)
      var rounder = Rounder(grid: .float, method: .nearest)
      rounder.pruning = PruningOptions(
        method: try #require(PruningOptions.Method(rawValue: golden.method)),
        sparsity: golden.sparsity,
        pattern: try #require(PruningOptions.Pattern(rawValue: golden.pattern)))
      rounder.factor = InverseFactor(moments, width: columns)
      rounder.energy = (0..<columns).map { moments[$0 * columns + $0] / 90 }
      let result = rounder.round(weights, rows: rows, columns: columns, parallel: .serial)
      // The third row is zero whatever is decided.
      let live = (0..<(rows * columns)).filter { $0 / columns != 3 }
      let zero = Array(golden.zero.utf8)
      let different = live.count { (result.values[$0] == 0) != (zero[$0] == UInt8(ascii: "1")) }
      #expect(different <= rows * columns / 1000, "\(name): \(different)")
      let error = try goldens.error(weights, result.values, columns)
      #expect(abs(error / golden.error - 1) < 1e-3, "\(name): \(error), \(golden.error)")
    }
  }

  @Test("clipped int8 rows have the least weighted error of all the shares that are tried")
  func clipping() throws {
    let goldens = try RoundingGoldens.all.get()
    let columns = 72
    var weights = try goldens.weights(goldens.rows, columns)
    // An outlier that is multiplied with nothing may be clipped for free.
    weights[goldens.dead[0]] = 1.25 * weights[..<columns].map(abs).reduce(0, max)
    let moments = try goldens.moments(columns)
    let energy = (0..<columns).map { moments[$0 * columns + $0] }
    var rounder = Rounder(grid: .int8, method: .mse)
    rounder.energy = energy
    let result = rounder.round(weights, rows: goldens.rows, columns: columns, parallel: .serial)
    let plain = Rounder(grid: .int8, method: .nearest)
      .round(weights, rows: goldens.rows, columns: columns, parallel: .serial)
    func error(_ values: [Float], _ row: Int) -> Double {
      (0..<columns).reduce(0.0) {
        let difference = Double(values[row * columns + $1]) - Double(weights[row * columns + $1])
        return $0 + difference * difference * Double(energy[$1])
      }
    }
    #expect(error(result.values, 0) < 0.9 * error(plain.values, 0))
    #expect(result.scales[0] < plain.scales[0])
    for row in 1..<goldens.rows {
      let found = error(result.values, row)
      #expect(found <= goldens.clippedErrors[row] * 1.0001, "row \(row)")
      #expect(found <= error(plain.values, row) * 1.0001)
    }
  }
}
