import MBQCore
import MBQKernels
import MBQModel
import Testing

/// Every kernel set gives the bits of generic C.
///
/// Which combination of options a shape is run with walks through all of them.
@Suite("Linears")
struct LinearTests {
  private static let inputs = [1, 2, 3, 4, 5, 15, 16, 17, 30, 48, 64, 100, 128, 384, 512]
  private static let outputs = [1, 2, 5, 15, 16, 17, 31, 32, 33, 48, 63, 100, 128, 384, 512]

  private func compare(
    _ kernels: KernelSet, _ kind: WeightKind, _ shapes: [LinearShape], firstOption: Int = 0
  ) {
    for (index, shape) in shapes.enumerated() {
      // 7 and the 72 combinations have no common factor.
      let options = LinearOptions.all[(firstOption + index * 7) % LinearOptions.all.count]
      let problem = LinearProblem(kind, shape, options)
      let found = difference(problem.run(kernels), problem.run(KernelSets.generic))
      #expect(found == nil, "\(kernels.name), \(kind), \(shape), \(options)")
    }
  }

  @Test("every number of rows", arguments: KernelSets.others, WeightKind.allCases)
  func rows(kernels: KernelSet, kind: WeightKind) {
    var shapes: [LinearShape] = []
    for rows in Array(1...30) + [47, 48, 128] {
      shapes.append(LinearShape(rows: rows, inputs: 37, outputs: 83))
      shapes.append(LinearShape(rows: rows, inputs: 48, outputs: 16))
    }
    compare(kernels, kind, shapes)
  }

  @Test("every pair of awkward widths", arguments: KernelSets.others, WeightKind.allCases)
  func widths(kernels: KernelSet, kind: WeightKind) {
    let shapes = Self.inputs.flatMap { inputs in
      Self.outputs.map { LinearShape(rows: 5, inputs: inputs, outputs: $0) }
    }
    compare(kernels, kind, share(shapes, oneIn: 11))
  }

  @Test("every combination of what follows", arguments: KernelSets.others, WeightKind.allCases)
  func options(kernels: KernelSet, kind: WeightKind) {
    for first in share(Array(LinearOptions.all.indices), oneIn: 3) {
      compare(
        kernels, kind, [LinearShape(rows: 14, inputs: 20, outputs: 45)], firstOption: first)
    }
  }

  @Test("MobileBERT's own shapes", arguments: KernelSets.others, WeightKind.allCases)
  func ownShapes(kernels: KernelSet, kind: WeightKind) {
    let widths = [(384, 512), (512, 384), (128, 256), (128, 128), (128, 512), (512, 128)]
    let shapes = widths.flatMap { inputs, outputs in
      [1, 48, 128].map { LinearShape(rows: $0, inputs: inputs, outputs: outputs) }
    }
    compare(kernels, kind, share(shapes, oneIn: 7))
  }

  @Test(
    "rows that are empty, tiny, huge or not finite", arguments: KernelSets.others,
    WeightKind.allCases)
  func awkwardValues(kernels: KernelSet, kind: WeightKind) {
    for inputs in [1, 16, 45, 128] {
      let input = awkwardRows(width: inputs)
      let shape = LinearShape(rows: input.count / inputs, inputs: inputs, outputs: 35)
      for options in share(LinearOptions.all, oneIn: 9) {
        let problem = LinearProblem(kind, shape, options, input: input)
        let found = difference(problem.run(kernels), problem.run(KernelSets.generic))
        #expect(found == nil, "\(kernels.name), \(kind), \(shape), \(options)")
      }
    }
  }

  /// Sets may multiply rows without a negative number in another way.
  @Test("rows behind a ReLU", arguments: KernelSets.others)
  func rectified(kernels: KernelSet) {
    for (rows, inputs, outputs) in [(1, 5, 3), (7, 64, 33), (12, 100, 16), (30, 512, 128)] {
      let shape = LinearShape(rows: rows, inputs: inputs, outputs: outputs)
      var generator = SeededGenerator(seed: UInt64(rows))
      let input = generator.floats(rows * inputs, scale: 3).map { max($0, 0) }
      // One row with a negative number among them, and none.
      for last: Float in [input[input.count - 1], -0.001] {
        for options in share(LinearOptions.all, oneIn: 9) {
          let problem = LinearProblem(
            .int8, shape, options, input: Array(input.dropLast()) + [last])
          let found = difference(problem.run(kernels), problem.run(KernelSets.generic))
          #expect(found == nil, "\(kernels.name), \(shape), \(options)")
        }
      }
    }
  }

  /// The largest magnitudes there are: where a 16-bit sum of two products would saturate first.
  @Test("the largest products are exact without a sign too", arguments: KernelSets.runnable)
  func largestRectified(kernels: KernelSet) {
    let problem = LinearProblem(
      .int8, LinearShape(rows: 2, inputs: 64, outputs: 2), LinearOptions(hasBias: false),
      input: [Float](repeating: 1, count: 128),
      integers: (0..<128).map { $0 < 64 ? -127 : 127 }, scales: [1, 1])
    let whole = Float(64 * 127 * 127) * (Float(1) / 127)
    #expect(problem.run(kernels) == [-whole, whole, -whole, whole])
  }

  @Test("a row does not depend on the others", arguments: KernelSets.runnable, WeightKind.allCases)
  func independence(kernels: KernelSet, kind: WeightKind) {
    for norm in [Norm.Kind.noNorm, .layerNorm] {
      let problem = LinearProblem(
        kind, LinearShape(rows: 29, inputs: 52, outputs: 70),
        LinearOptions(activation: .gelu, residual: .inPlace, norm: norm))
      let together = problem.run(kernels)
      for row in 0..<29 {
        let alone = problem.run(kernels, rows: row..<(row + 1))
        #expect(difference(alone, Array(together[(row * 70)..<((row + 1) * 70)])) == nil)
      }
      let part = problem.run(kernels, rows: 3..<22)
      #expect(difference(part, Array(together[(3 * 70)..<(22 * 70)])) == nil)
    }
  }

  @Test("the sums of the weights' columns", arguments: KernelSets.runnable)
  func columnSums(kernels: KernelSet) {
    for (inputs, outputs) in [(1, 1), (5, 17), (64, 48), (511, 33)] {
      let problem = LinearProblem(
        .int8, LinearShape(rows: 1, inputs: inputs, outputs: outputs), LinearOptions())
      let sums = problem.columnSums(kernels)
      for output in 0..<outputs {
        let weights = problem.integers[(output * inputs)..<((output + 1) * inputs)]
        #expect(Int(sums[output]) == 128 * weights.reduce(0) { $0 + Int($1) })
      }
      #expect(sums[outputs...].allSatisfy { $0 == 0 })
    }
  }

  /// 65,536 products of 255 and -127, the most negative sum there is, and of 127 and 127.
  @Test("the deepest product does not overflow", arguments: KernelSets.runnable)
  func deepest(kernels: KernelSet) {
    let depth = KernelSet.deepestProduct
    let problem = LinearProblem(
      .int8, LinearShape(rows: 3, inputs: depth, outputs: 2),
      LinearOptions(hasBias: false),
      input: (0..<(3 * depth)).map { $0 < depth ? 1 : $0 < 2 * depth ? -1 : $0 % 2 == 0 ? 1 : -1 },
      integers: (0..<(2 * depth)).map { $0 < depth ? -127 : 127 }, scales: [1, 1])
    let step = Float(1) / 127
    let whole = Float(depth * 127 * 127) * step
    #expect(problem.run(kernels) == [-whole, whole, whole, -whole, 0, 0])
  }
}
