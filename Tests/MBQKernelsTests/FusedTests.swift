import MBQKernels
import Testing

/// Sets without a fused multiply-add put it together from doubles; every set has to round once.
@Suite("Fused multiply-adds")
struct FusedTests {
  /// `a * b + c` for many b and c, as an fp32 linear over the inputs (1, a) with the weights (c, b).
  private func check(_ a: Float, _ terms: [(b: Float, c: Float)]) {
    let problem = LinearProblem(
      .float32, LinearShape(rows: 1, inputs: 2, outputs: terms.count),
      LinearOptions(hasBias: false), input: [1, a], floats: terms.flatMap { [$0.c, $0.b] })
    let expected = terms.map { Float(0).addingProduct(1, $0.c).addingProduct(a, $0.b) }
    for kernels in KernelSets.runnable {
      let found = difference(problem.run(kernels), expected)
      #expect(found == nil, "\(kernels.name), a = \(a)")
    }
  }

  /// The product's last bits are lost in a double and decide a tie: 2^24 + 2k has steps of 2, and the
  /// product is 1 - 2^-46, 1 or a little more.
  @Test("ties that a double cannot see", arguments: [0, -60, 60] as [Int])
  func ties(power: Int) {
    let scale = Float(sign: .plus, exponent: power, significand: 1)
    for i in 0..<8 {
      for sign in [1, -1] as [Float] {
        let a = (1 + Float(i) * 0x1p-23) * sign
        check(
          a,
          (0..<64).map { n in
            let b = 1 - Float(n % 16) * 0x1p-24
            let c = (0x1p24 + 2 * Float(n)) * (n & 16 == 0 ? 1 : -1)
            return (b * scale, c * scale)
          })
      }
    }
  }

  @Test("sums that are no normal floats")
  func subnormal() {
    for i in 0..<8 {
      for sign in [1, -1] as [Float] {
        let a = (1 + Float(i) * 0x1p-23) * 0x1p-75 * sign
        check(
          a,
          (0..<64).map { n in
            let b = (1 - Float(n % 16) * 0x1p-24) * 0x1p-75
            let c = Float(bitPattern: UInt32(0x7F_FFE0 + n))
            return (b, n & 16 == 0 ? c : -c)
          })
      }
    }
  }

  @Test("sums that cancel, overflow or are not finite")
  func extremes() {
    let numbers: [Float] = [
      0, -0.0, 1, -1, .greatestFiniteMagnitude, -.greatestFiniteMagnitude, .leastNormalMagnitude,
      .leastNonzeroMagnitude, -.leastNonzeroMagnitude, .infinity, -.infinity, .nan, 0x1p127,
      0x1.8p-126, 1 + .ulpOfOne, 1 - .ulpOfOne / 2,
    ]
    for a in numbers {
      for c in numbers { check(a, numbers.map { ($0, c) }) }
      check(a, numbers.map { ($0, -(a * $0)) })
    }
  }
}
