import Foundation
import MBQKernels
import MBQModel
import MBQSchemes
import Testing

/// How far the functions of arithmetic.md are from the true ones.
///
/// `PlainArithmeticTests` ties the plain versions used here to the kernels, bit for bit.
@Suite("Accuracy of the functions")
struct FunctionAccuracyTests {
  /// Numbers from `low` to `high`, evenly spaced, no two alike.
  private func sweep(_ low: Float, _ high: Float) -> [Float] {
    let count = runsEverything ? 400_000 : 20_000
    return (0...count).map { low + (high - low) * (Float($0) / Float(count)) }
  }

  @Test("e^x is within 1e-7 of itself for -87 to 0, and 0 below")
  func exponential() {
    var worst = 0.0
    for x in sweep(-87, 0) {
      let truth = exp(Double(x))
      worst = max(worst, abs(Double(PlainArithmetic.exp(x)) - truth) / truth)
    }
    #expect(worst < 1e-7, "\(worst)")
    #expect(PlainArithmetic.exp(0) == 1)
    #expect(PlainArithmetic.exp(-87.00001) == 0)
    #expect(PlainArithmetic.exp(-.infinity) == 0)
  }

  @Test("erf is within 6e-7")
  func errorFunction() {
    let worst = sweep(-6, 6).reduce(0.0) {
      max($0, abs(Double(PlainArithmetic.erf($1)) - erf(Double($1))))
    }
    #expect(worst < 6e-7, "\(worst)")
    #expect(PlainArithmetic.erf(10) == 1)
    #expect(PlainArithmetic.erf(-.infinity) == -1)
  }

  /// The function as the kernels have it.
  private func activated(_ x: [Float], _ activation: LinearActivation, _ kernels: KernelSet)
    -> [Float]
  {
    let input = GuardedRows(x, rows: x.count, width: 1, gap: 0)
    let output = GuardedRows(rows: x.count, width: 1, gap: 0)
    // A panel of one channel and one input.
    let weights = GuardedBytes([Float(1)] + [Float](repeating: 0, count: 15))
    let matrix = KernelMatrix(
      .float32Panels, rows: 1, columns: 1, elements: UnsafeRawBufferPointer(weights.bytes))
    var call = LinearCall(input: input.kernelRows(), output: output.kernelRows(), rows: x.count)
    call.activation = activation
    kernels.linear(call, matrix)
    return output.values
  }

  @Test("GELU is within 4e-7, or 4e-7 of |x| beyond 1", arguments: KernelSets.runnable)
  func gelu(kernels: KernelSet) {
    let x = sweep(-12, 12)
    var worst = 0.0
    for (x, y) in zip(x, activated(x, .gelu, kernels)) {
      let truth = Double(x) / 2 * (1 + erf(Double(x) / 2.0.squareRoot()))
      worst = max(worst, abs(Double(y) - truth) / max(1, abs(Double(x))))
    }
    #expect(worst < 4e-7, "\(worst)")
    let ends = activated([0, .infinity, 1e30, -1e30], .gelu, kernels)
    #expect(ends == [0, .infinity, 1e30, 0])
  }

  @Test("tanh is within 2e-7", arguments: KernelSets.runnable)
  func hyperbolicTangent(kernels: KernelSet) {
    let x = sweep(-20, 20)
    var worst = 0.0
    for (x, y) in zip(x, activated(x, .tanh, kernels)) {
      worst = max(worst, abs(Double(y) - tanh(Double(x))))
    }
    #expect(worst < 2e-7, "\(worst)")
    let ends = activated([0, .infinity, -.infinity, 1e30], .tanh, kernels)
    #expect(ends == [0, 1, -1, 1])
  }

  @Test(
    "ReLU maps what is not greater than 0 to 0, the others keep a NaN",
    arguments: KernelSets.runnable)
  func notNumbers(kernels: KernelSet) {
    let relu = activated([-1, -0.0, 0, 2, .infinity, .nan], .relu, kernels)
    #expect(difference(relu, [0, 0, 0, 2, .infinity, 0]) == nil)
    for activation in [LinearActivation.none, .gelu, .tanh] {
      #expect(activated([.nan, -.nan], activation, kernels).areAllNaN)
    }
  }
}
