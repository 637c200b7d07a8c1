import MBQCore
import MBQKernels
import Testing

/// Every kernel set gives the bits of generic C.
@Suite("Attention")
struct AttentionTests {
  private static let headSizes = [1, 4, 8, 16, 24, 32, 64, 256]

  private func compare(
    _ kernels: KernelSet, _ kind: AttentionProblem.Kind, _ problem: AttentionProblem
  ) {
    let found = difference(problem.run(kernels, kind), problem.run(KernelSets.generic, kind))
    #expect(
      found == nil, "\(kernels.name), \(kind), \(problem.tokens) tokens × \(problem.headSize)")
  }

  @Test(
    "1 to 70 tokens, every head size", arguments: KernelSets.others, AttentionProblem.Kind.allCases)
  func short(kernels: KernelSet, kind: AttentionProblem.Kind) {
    for tokens in share(Array(1...70), oneIn: 5) {
      for size in Self.headSizes {
        compare(kernels, kind, AttentionProblem(tokens: tokens, headSize: size))
      }
    }
  }

  @Test("long texts", arguments: KernelSets.others, AttentionProblem.Kind.allCases)
  func long(kernels: KernelSet, kind: AttentionProblem.Kind) {
    for tokens in share([128, 511, 512, 1024], oneIn: 3) {
      for size in share([1, 24, 32, 64, 256], oneIn: 3) {
        compare(kernels, kind, AttentionProblem(tokens: tokens, headSize: size))
      }
    }
  }

  @Test(
    "weights nearly equal, and nearly all on one token",
    arguments: KernelSets.others, AttentionProblem.Kind.allCases)
  func sharpness(kernels: KernelSet, kind: AttentionProblem.Kind) {
    for sharpness in [0, 1e-6, 1, 30, 1000] as [Float] {
      for (tokens, size) in [(2, 8), (33, 32), (64, 24)] {
        compare(
          kernels, kind, AttentionProblem(tokens: tokens, headSize: size, sharpness: sharpness))
      }
    }
  }

  @Test(
    "tokens that are empty, tiny, huge or not finite",
    arguments: KernelSets.others, AttentionProblem.Kind.allCases)
  func awkwardValues(kernels: KernelSet, kind: AttentionProblem.Kind) {
    for size in [1, 8, 24, 64] {
      for finite in [true, false] {
        let rows = awkwardRows(width: size, finite: finite)
        let plain = AttentionProblem(tokens: rows.count / size, headSize: size)
        for part in 0..<4 {
          var problem = plain
          if part == 0 || part == 3 { problem.query = rows }
          if part == 1 || part == 3 { problem.key = rows }
          if part == 2 || part == 3 { problem.value = rows }
          compare(kernels, kind, problem)
        }
      }
    }
  }

  @Test(
    "some of the rows are those rows of all", arguments: KernelSets.runnable,
    AttentionProblem.Kind.allCases)
  func slices(kernels: KernelSet, kind: AttentionProblem.Kind) {
    let problem = AttentionProblem(tokens: 43, headSize: 24)
    let all = problem.run(kernels, kind)
    let ranges = (0..<43).map { $0..<($0 + 1) } + [0..<0, 0..<13, 7..<31, 20..<43]
    for range in ranges {
      let part = problem.run(kernels, kind, rows: range)
      #expect(
        difference(part, Array(all[(range.lowerBound * 24)..<(range.upperBound * 24)])) == nil)
    }
  }

  /// Arithmetic.md promises that what is not finite reaches the logits, where it is reported.
  @Test(
    "a token that is not finite makes every output NaN, whichever part it is in",
    arguments: KernelSets.runnable, AttentionProblem.Kind.allCases)
  func notFinite(kernels: KernelSet, kind: AttentionProblem.Kind) {
    for value in [Float.nan, -.nan, .infinity, -.infinity] {
      for (tokens, size) in [(1, 8), (5, 16), (40, 24)] {
        let plain = AttentionProblem(tokens: tokens, headSize: size)
        let place = (tokens - 1) * size + size / 2
        var query = plain
        query.query[place] = value
        let row = query.run(kernels, kind).suffix(size)
        #expect(row.areAllNaN, "\(value) in the query of \(tokens) × \(size)")
        var key = plain
        key.key[place] = value
        // In fp32 a key that is infinite may count for nothing, as e^-∞; that is no lost overflow.
        if kind == .int8 || value.isNaN {
          #expect(key.run(kernels, kind).areAllNaN, "\(value) in a key")
        }
        var values = plain
        values.value[place] = value
        let output = values.run(kernels, kind)
        let column = kind == .int8 ? 0..<size : (size / 2)..<(size / 2 + 1)
        for token in 0..<tokens {
          for d in column {
            #expect(
              !output[token * size + d].isFinite, "\(value) in a value of \(tokens) × \(size)")
          }
        }
      }
    }
  }
}
