import MBQCore
import MBQKernels
import MBQModel
import MBQSchemes
import Testing

/// int4 weights, fixed steps, 16-bit activations and smoothing: every set gives generic C's bits, and
/// generic C those of Formats/arithmetic.md.
@Suite("Forms of integer linears")
struct IntegerFormTests {
  /// Depths that are no multiple of 8 or of a group, outputs that are none of 16; one row, a tile and more.
  private static let shapes: [(rows: Int, inputs: Int, outputs: Int)] = [
    (1, 1, 1), (1, 64, 16), (2, 7, 17), (5, 33, 15), (6, 65, 33), (7, 96, 48), (12, 127, 5),
    (13, 129, 31), (25, 130, 20), (71, 40, 18), (72, 128, 32), (73, 136, 35), (145, 9, 2),
  ]

  private func problem(
    _ form: IntegerForm, _ shape: (rows: Int, inputs: Int, outputs: Int), _ index: Int,
    input: [Float]? = nil
  ) -> LinearProblem {
    LinearProblem(
      .int8, LinearShape(rows: shape.rows, inputs: shape.inputs, outputs: shape.outputs),
      LinearOptions.all[index * 7 % LinearOptions.all.count], input: input, form: form)
  }

  @Test("generic C computes the document", arguments: IntegerForm.all.indices)
  func document(index: Int) {
    let form = IntegerForm.all[index]
    for (place, shape) in share(Self.shapes, oneIn: 2).enumerated() {
      let problem = problem(form, shape, place + index)
      let found = difference(problem.run(KernelSets.generic), PlainArithmetic.linear(problem))
      #expect(found == nil, "\(form), \(shape)")
    }
  }

  @Test(
    "every set gives generic C's bits", arguments: KernelSets.others, IntegerForm.all.indices)
  func sets(kernels: KernelSet, index: Int) {
    let form = IntegerForm.all[index]
    for (place, shape) in Self.shapes.enumerated() {
      let problem = problem(form, shape, place + index)
      let found = difference(problem.run(kernels), problem.run(KernelSets.generic))
      #expect(found == nil, "\(kernels.name), \(form), \(shape)")
      // Behind a ReLU, where a set may multiply in another way.
      let rectified = self.problem(form, shape, place, input: problem.input.map { max($0, 0) })
      let other = difference(rectified.run(kernels), rectified.run(KernelSets.generic))
      #expect(other == nil, "\(kernels.name), \(form), \(shape), behind a ReLU")
    }
  }

  @Test(
    "rows that are empty, tiny, huge or not finite", arguments: KernelSets.runnable,
    share(Array(IntegerForm.all.indices), oneIn: 2))
  func awkward(kernels: KernelSet, index: Int) {
    let form = IntegerForm.all[index]
    for inputs in [1, 45, 130] {
      let input = awkwardRows(width: inputs)
      let problem = problem(form, (input.count / inputs, inputs, 19), index, input: input)
      let found = difference(problem.run(kernels), PlainArithmetic.linear(problem))
      #expect(found == nil, "\(kernels.name), \(form), \(inputs)")
    }
  }

  @Test("a row does not depend on the others", arguments: KernelSets.runnable)
  func independence(kernels: KernelSet) {
    for form in share(IntegerForm.all, oneIn: 3) {
      let problem = problem(form, (77, 52, 35), 3)
      let together = problem.run(kernels)
      for row in [0, 1, 40, 76] {
        let alone = problem.run(kernels, rows: row..<(row + 1))
        #expect(difference(alone, Array(together[(row * 35)..<((row + 1) * 35)])) == nil)
      }
    }
  }

  @Test("the sums of the columns of levels", arguments: KernelSets.runnable)
  func columnSums(kernels: KernelSet) {
    for (bits, size) in IntegerForm.levels {
      for shape in Self.shapes {
        let problem = problem(IntegerForm(groupSize: size, bits: bits), shape, 0)
        let sums = problem.columnSums(kernels)
        for output in 0..<shape.outputs {
          let weights = problem.integers[(output * shape.inputs)..<((output + 1) * shape.inputs)]
          #expect(Int(sums[output]) == 128 * weights.reduce(0) { $0 + Int($1) })
        }
        #expect(sums[shape.outputs...].allSatisfy { $0 == 0 })
      }
    }
  }

  /// Every 16-bit number on both sides of 0, as a row's second element; the first is the largest.
  @Test("the two parts of 16 bits put together are the number", arguments: KernelSets.runnable)
  func parts(kernels: KernelSet) {
    let numbers = (-32385...32385).map { Float($0) }
    let problem = LinearProblem(
      .int8, LinearShape(rows: numbers.count, inputs: 2, outputs: 1),
      LinearOptions(hasBias: false), input: numbers.flatMap { [32385, $0] }, integers: [0, 1],
      scales: [1], form: IntegerForm(isWide: true))
    #expect(difference(problem.run(kernels), numbers) == nil)
  }

  /// 65,536 products whose parts are all as large as they get.
  @Test("the deepest product does not overflow", arguments: KernelSets.runnable)
  func deepest(kernels: KernelSet) {
    let depth = KernelSet.deepestProduct
    let problem = LinearProblem(
      .int8, LinearShape(rows: 2, inputs: depth, outputs: 2), LinearOptions(hasBias: false),
      input: (0..<(2 * depth)).map { $0 < depth ? 1 : -1 },
      integers: (0..<(2 * depth)).map { $0 < depth ? -127 : 127 }, scales: [1, 1],
      form: IntegerForm(isWide: true))
    let part = Float(depth * 127 * 127)
    let whole = (part * 254 + part) * (Float(1) / 32385)
    #expect(problem.run(kernels) == [-whole, whole, whole, -whole])
  }

  @Test("rows of tables of levels", arguments: KernelSets.runnable)
  func tables(kernels: KernelSet) {
    var generator = SeededGenerator(seed: 12)
    let scaleBits = bfloat16(from: 0.37)
    let scale = float(fromBFloat16: scaleBits)
    let scaleBytes = GuardedBytes([scaleBits])
    for width in [1, 2, 15, 16, 17, 32, 33, 64, 127, 130] {
      for (bits, size) in IntegerForm.levels {
        let top = 1 << bits - 1
        let groups = (0..<((width + size - 1) / size)).map { _ in
          let zero = UInt8(Int.random(in: 0...top, using: &generator))
          return UInt8.random(in: 0...8, using: &generator) | zero << 4
        }
        let levels = (0..<width).map { _ in Int.random(in: 0...top, using: &generator) }
        var packed = PackedLevels(bits: bits, rows: 1, columns: width, inPanels: false)
        for (column, level) in levels.enumerated() { packed.set(level, 0, column) }
        let values = levels.enumerated().map { column, level in
          let group = Int(groups[column / size])
          return Float(group % 16 * (level - group / 16)) * scale
        }
        let stored = GuardedBytes(packed.bytes)
        let groupBytes = GuardedBytes(groups)
        for start: [Float] in [[], generator.floats(width)] {
          let y = GuardedRows(
            start.isEmpty ? [Float](repeating: .nan, count: width) : start, rows: 1, width: width)
          let scheme = IntegerForm(groupSize: size, bits: bits).scheme(inPanels: false)
          kernels.widen(
            KernelTable(
              scheme, rows: 1, columns: width, elements: stored.stored, groups: groupBytes.stored,
              scales: scaleBytes.stored),
            row: 0, to: y.base, adding: !start.isEmpty)
          #expect(y.guardsHold && y.paddingIsZero)
          let expected = start.isEmpty ? values : zip(start, values).map { $0 + $1 }
          #expect(
            difference(y.values, expected) == nil, "\(kernels.name), \(width), \(scheme.name)")
        }
      }
    }
  }

  @Test("attention with steps of its own", arguments: KernelSets.runnable)
  func attention(kernels: KernelSet) {
    for (tokens, size) in [(1, 1), (3, 8), (17, 24), (33, 32), (70, 64)] {
      for step: Float in [0.001, 0.02, 1] {
        var problem = AttentionProblem(tokens: tokens, headSize: size)
        problem.steps = (step, step * 1.5, step * 3)
        let found = difference(
          problem.run(kernels, .int8), PlainArithmetic.attention(problem, .int8))
        #expect(found == nil, "\(kernels.name), \(tokens) × \(size), \(step)")
        problem.value[problem.value.count / 2] = .infinity
        #expect(problem.run(kernels, .int8).areAllNaN)
      }
    }
  }
}
