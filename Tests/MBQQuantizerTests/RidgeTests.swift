import Foundation
import MBQCheckpoints
import MBQModel
import MBQRuntime
import MBQTestSupport
import Testing

@testable import MBQQuantizer

/// Against numpy.linalg.lstsq (Tests/Oracles/recovery/make_ridge.py).
@Suite("Least squares")
struct RidgeTests {
  struct Problem: Decodable, CustomTestStringConvertible {
    var name: String
    var tokens, inputs, outputs: Int
    var penalty: Double
    var masked: Bool
    var mask: [Bool]
    var x, u, e, weights: [Float]
    var expectedWeights, expectedScales, expectedBiases: [Double]
    var expectedError: Double
    var testDescription: String { name }
  }

  struct Matrix: Decodable {
    var order: Int
    var matrix, right, solution, inverse, upper: [Double]
  }

  struct Goldens: Decodable {
    var problems: [Problem]
    var matrices: [Matrix]
  }

  static let goldens = Result {
    try JSONDecoder().decode(
      Goldens.self,
      from: Data(
        contentsOf: URL(
          fileURLWithPath: Repository.path("Tests/Oracles/recovery/ridge.json"))))
  }

  static func runner() throws -> ModelRunner {
    let checkpoint = try Checkpoint.open(
      path: GoldenCheckpoint("mobilebert", "standard").path)
    return ModelRunner(try WorkingModel(checkpoint).folded())
  }

  private func sums(_ problem: Problem, _ rows: [Int]? = nil) throws -> RidgeSums {
    let x = HiddenRows(count: problem.tokens, width: problem.inputs)
    for row in 0..<problem.tokens {
      for column in 0..<problem.inputs {
        x.row(row)[column] = problem.x[row * problem.inputs + column]
      }
    }
    let width = problem.outputs
    let site = SiteRows(
      input: (x, Operand(buffer: 0, width: problem.inputs)), width: width
    ) { row, error, own in
      for column in 0..<width {
        error[column] = problem.e[row * width + column]
        own[column] = problem.u[row * width + column]
      }
      return 1
    }
    return site.sums(
      rows ?? Array(0..<problem.tokens), weights: problem.weights, try Self.runner())
  }

  @Test("the problems of numpy's: weights, scales, biases and the error that is left")
  func problems() throws {
    let problems = try Self.goldens.get().problems
    #expect(problems.count == 9)
    for problem in problems {
      let sums = try sums(problem)
      let solution =
        problem.masked
        ? try RidgeSolver.solve(sums, penalty: problem.penalty, mask: problem.mask, .serial)
        : try RidgeSolver.solve(sums, penalty: problem.penalty)
      func close(_ found: [Double], _ expected: [Double], _ what: String) {
        #expect(found.count == expected.count)
        let worst = zip(found, expected).map { abs($0 - $1) }.max() ?? 0
        #expect(worst < 2e-4, "\(problem.name): \(what)")
      }
      close(solution.weights, problem.expectedWeights, "weights")
      close(solution.scales, problem.expectedScales, "scales")
      close(solution.biases, problem.expectedBiases, "biases")
      #expect(
        abs(solution.error(sums) / problem.expectedError - 1) < 1e-3, "\(problem.name): error")
      if problem.masked {
        #expect(zip(solution.weights, problem.mask).allSatisfy { $1 || $0 == 0 })
      }
    }
  }

  @Test("sums of two halves add up to the sums of the whole")
  func halves() throws {
    let problem = try #require(try Self.goldens.get().problems.first)
    let whole = try sums(problem)
    let halves = try sums(problem, Array(0..<25)) + sums(problem, Array(25..<problem.tokens))
    #expect(zip(whole.xx, halves.xx).allSatisfy { abs($0 - $1) < 1e-3 })
    #expect(zip(whole.xe, halves.xe).allSatisfy { abs($0 - $1) < 1e-3 })
    #expect(abs(whole.weight - halves.weight) < 1e-6)
  }

  @Test("Cholesky: numpy's factor, inverse and solution")
  func cholesky() throws {
    for golden in try Self.goldens.get().matrices {
      let factor = try Cholesky(golden.matrix, order: golden.order)
      func close(_ found: [Double], _ expected: [Double]) {
        #expect(found.count == expected.count)
        #expect(zip(found, expected).allSatisfy { abs($0 - $1) < 1e-8 * max(1, abs($1)) })
      }
      close(factor.upper, golden.upper)
      close(factor.inverse(), golden.inverse)
      close(factor.solve(golden.right, columns: 3), golden.solution)
      #expect(factor.damping == 0 && factor.dead.isEmpty)
    }
  }

  @Test("a dead channel is solved as zero, a singular matrix is damped, an infinite one refused")
  func degenerate() throws {
    let dead = try Cholesky([4, 0, 0, 0, 0, 0, 0, 0, 16], order: 3)
    #expect(dead.dead == [1])
    #expect(dead.solve([8, 5, 16], columns: 1) == [2, 0, 1])
    let singular = try Cholesky([1, 1, 1, 1], order: 2)
    #expect(singular.damping == 1e-10)
    let solution = singular.solve([2, 2], columns: 1)
    #expect(abs(solution[0] + solution[1] - 2) < 1e-5)
    #expect(throws: NotPositiveDefinite(order: 2, damping: 1e-2)) {
      try Cholesky([1, .infinity, .infinity, 1], order: 2)
    }
    #expect(throws: NotPositiveDefinite(order: 1, damping: 1e-2)) {
      try Cholesky([-1], order: 1)
    }
  }
}
