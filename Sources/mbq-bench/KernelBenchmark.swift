import MBQCore
import MBQKernels

/// Kernels alone against what the core's multipliers can do at most.
///
/// In every round the peak is measured right before each kernel, and their ratio is taken then: a clock
/// that changes, or a neighbour, is in both. Figures are medians of the rounds.
enum KernelBenchmark {
  static func run(_ options: inout Options) {
    let kernels = options.kernels()
    let only = options.text("--only")
    let rows = options.list("--rows", 1...4096, otherwise: [1, 12, 48, 128, 512])
    let rounds = options.number("--rounds", 1...1000, otherwise: 9)
    let json = options.flag("--json")
    options.end()
    guard let integers = kernels.peak(isInteger: true), let floats = kernels.peak(isInteger: false)
    else {
      fail(
        "kernel set '\(kernels.name)' has no peak to compare with; choose one by --kernels", code: 2
      )
    }
    let problems = problems(kernels, rows: rows).filter {
      guard let only else { return true }
      return "\($0.kernel) \($0.shape)".contains(only)
    }
    guard !problems.isEmpty else {
      fail("--only: no kernel and shape with '\(only ?? "")'", code: 2)
    }
    let results = measure(problems, rounds: rounds) { $0 == .i8 ? integers($1) : floats($1) }
    if json {
      _ = Standard.writeLine(KernelReport.json(results, kernels: kernels.name, rounds: rounds))
    } else {
      _ = Standard.writeLine(KernelReport.text(results, kernels: kernels.name, rounds: rounds))
    }
  }

  /// The products of a standard MobileBERT (Formats/mobilebert), with what follows each there.
  private static func problems(_ kernels: KernelSet, rows: [Int]) -> [KernelProblem] {
    let shapes: [(inputs: Int, outputs: Int, epilogue: Epilogue)] = [
      (512, 128, .residualNorm), (128, 512, .biasRelu), (128, 512, .residualNorm),
      (128, 128, .residualNorm), (128, 256, .bias), (512, 384, .norm), (384, 512, .norm),
      (512, 512, .bias),
    ]
    var problems: [KernelProblem] = []
    for element in [KernelProblem.Element.i8, .f32] {
      for rows in rows {
        for (inputs, outputs, epilogue) in shapes {
          problems.append(
            .linear(kernels, element, rows: rows, inputs, outputs, epilogue))
        }
      }
      for tokens in [32, 64, 128, 256, 512] {
        problems.append(.attention(kernels, element, tokens: tokens, heads: 4, size: 32))
      }
    }
    return problems
  }

  struct Result {
    var problem: KernelProblem
    /// Of one call.
    var nanoseconds: Double
    /// Of the core in the same rounds, multiplications a nanosecond.
    var peak: Double
    var shareOfPeak: Double
    /// The quartiles of the share.
    var low: Double
    var high: Double

    var rate: Double { Double(problem.multiplications) / nanoseconds }
  }

  private static func measure(
    _ problems: [KernelProblem], rounds: Int,
    peak peakTurns: (KernelProblem.Element, _ iterations: UInt64) -> UInt64
  ) -> [Result] {
    let peakIterations = [KernelProblem.Element.i8, .f32].map { element in
      repetitions(lasting: 1_500_000) { _ = peakTurns(element, UInt64($0)) }
    }
    let counts = problems.map { problem in
      repetitions(lasting: 2_500_000) { for _ in 0..<$0 { problem.run() } }
    }
    var peaks = problems.map { _ in [Double]() }
    var times = peaks
    for _ in 0..<rounds {
      for (index, problem) in problems.enumerated() {
        let iterations = UInt64(peakIterations[problem.element == .i8 ? 0 : 1])
        var multiplied: UInt64 = 0
        let peak = time { multiplied = peakTurns(problem.element, iterations) }
        peaks[index].append(Double(multiplied) / peak)
        times[index].append(
          time { for _ in 0..<counts[index] { problem.run() } } / Double(counts[index]))
      }
    }
    return problems.indices.map { index in
      let shares = zip(times[index], peaks[index]).map {
        Double(problems[index].multiplications) / $0 / $1
      }
      return Result(
        problem: problems[index], nanoseconds: quantile(0.5, times[index]),
        peak: quantile(0.5, peaks[index]), shareOfPeak: quantile(0.5, shares),
        low: quantile(0.25, shares), high: quantile(0.75, shares))
    }
  }

  /// How many repetitions last so many nanoseconds; at least 1.
  private static func repetitions(lasting nanoseconds: Double, _ body: (Int) -> Void) -> Int {
    var count = 1
    while true {
      let elapsed = time { body(count) }
      if elapsed >= nanoseconds / 4 {
        return max(1, Int(Double(count) * nanoseconds / elapsed))
      }
      count *= 2
    }
  }

  private static func time(_ body: () -> Void) -> Double {
    let start = Standard.nanoseconds
    body()
    return Double(max(Standard.nanoseconds - start, 1))
  }

  /// Linear between neighbours.
  static func quantile(_ share: Double, _ values: [Double]) -> Double {
    let sorted = values.sorted()
    let place = share * Double(sorted.count - 1)
    let below = Int(place)
    let above = min(below + 1, sorted.count - 1)
    return sorted[below] + (sorted[above] - sorted[below]) * (place - Double(below))
  }
}
