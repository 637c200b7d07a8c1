import MBQCore
import MBQKernels
import Testing

import func Foundation.exp

/// Generic C computes what Formats/arithmetic.md says, to the bit.
@Suite("The document and generic C")
struct PlainArithmeticTests {
  @Test("linears with everything that may follow", arguments: WeightKind.allCases)
  func linears(kind: WeightKind) {
    let shapes = [(1, 1, 1), (6, 5, 17), (9, 48, 20), (5, 129, 35)]
    for (index, options) in share(LinearOptions.all, oneIn: 5).enumerated() {
      let (rows, inputs, outputs) = shapes[index % shapes.count]
      let problem = LinearProblem(
        kind, LinearShape(rows: rows, inputs: inputs, outputs: outputs), options)
      let found = difference(problem.run(KernelSets.generic), PlainArithmetic.linear(problem))
      #expect(found == nil, "\(kind), \(problem.shape), \(options)")
    }
  }

  @Test("rows that are empty, tiny, huge or not finite", arguments: WeightKind.allCases)
  func awkwardLinears(kind: WeightKind) {
    for inputs in share([1, 16, 45], oneIn: 2) {
      let input = awkwardRows(width: inputs)
      let shape = LinearShape(rows: input.count / inputs, inputs: inputs, outputs: 19)
      for options in share(LinearOptions.all, oneIn: 9) {
        let problem = LinearProblem(kind, shape, options, input: input)
        let found = difference(problem.run(KernelSets.generic), PlainArithmetic.linear(problem))
        #expect(found == nil, "\(kind), \(shape), \(options)")
      }
    }
  }

  @Test("attention", arguments: AttentionProblem.Kind.allCases)
  func attention(kind: AttentionProblem.Kind) {
    let sizes = [
      (1, 1), (2, 4), (3, 8), (15, 16), (16, 24), (17, 32), (31, 5), (33, 64), (64, 32), (70, 256),
    ]
    for (tokens, size) in share(sizes, oneIn: 2) {
      for sharpness in [0.1, 3, 100] as [Float] {
        let problem = AttentionProblem(tokens: tokens, headSize: size, sharpness: sharpness)
        let found = difference(
          problem.run(KernelSets.generic, kind), PlainArithmetic.attention(problem, kind))
        #expect(found == nil, "\(kind), \(tokens) tokens × \(size), sharpness \(sharpness)")
      }
    }
  }

  @Test("attention over empty, tiny and huge tokens", arguments: AttentionProblem.Kind.allCases)
  func awkwardAttention(kind: AttentionProblem.Kind) {
    for size in [1, 8, 24] {
      let rows = awkwardRows(width: size, finite: true)
      for part in 0..<3 {
        var problem = AttentionProblem(tokens: rows.count / size, headSize: size)
        switch part {
        // Huge queries times huge keys overflow to infinite scores: those have a test of their own.
        case 0: problem.query = rows
        case 1: problem.key = rows
        default: problem.value = rows
        }
        let found = difference(
          problem.run(KernelSets.generic, kind), PlainArithmetic.attention(problem, kind))
        #expect(found == nil, "\(kind), size \(size), part \(part)")
      }
    }
  }

  @Test("the longest text, where the integer sums come closest to their limit")
  func longest() {
    var problem = AttentionProblem(tokens: KernelSet.longestText, headSize: 4, sharpness: 0)
    // Equal weights of 2^14 and values of 127: 1024 · 127 · 2^14 is 0.8 % below 2^31.
    problem.value = [Float](repeating: 1, count: problem.value.count)
    for kernels in KernelSets.runnable {
      let output = problem.run(kernels, .int8, rows: 0..<3)
      #expect(output.allSatisfy { $0 == 1 }, "\(kernels.name): \(output[0])")
    }
  }

  @Test("probabilities")
  func probabilities() {
    var generator = SeededGenerator(seed: 3)
    for count in 1...40 {
      for scale in [0, 1, 10, 200] as [Float] {
        let logits = generator.floats(count, scale: scale)
        let result = softmax(logits)
        #expect(difference(result, PlainArithmetic.probabilities(logits)) == nil)
        #expect(abs(result.reduce(0, +) - 1) < 1e-6)
      }
    }
  }

  @Test("probabilities of labels that do not exclude each other")
  func sigmoids() {
    var generator = SeededGenerator(seed: 4)
    let special: [Float] = [0, -0.0, 1e-30, -1e-30, 88, -88, 1e30, -1e30]
    for logits in [special, generator.floats(500, scale: 8), generator.floats(500, scale: 100)] {
      let result = sigmoid(logits)
      #expect(difference(result, logits.map(PlainArithmetic.sigmoid)) == nil)
      for (logit, found) in zip(logits, result) {
        let exact = 1 / (1 + exp(-Double(logit)))
        #expect(abs(Double(found) - exact) < 1e-7)
        // What is above one half has a logit above 0, and the other way round but for rounding.
        #expect(found <= 0.5 || logit > 0)
      }
    }
  }
}
