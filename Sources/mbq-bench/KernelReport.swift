/// The kernel benchmark's figures for people and for programs.
enum KernelReport {
  typealias Result = KernelBenchmark.Result

  static func text(_ results: [Result], kernels: String, rounds: Int) -> String {
    var lines = ["kernel set \(kernels), one thread, medians of \(rounds) rounds"]
    for element in [KernelProblem.Element.i8, .f32] {
      let peaks = results.filter { $0.problem.element == element }.map { $0.peak }
      guard !peaks.isEmpty else { continue }
      lines.append(
        "peak \(element): \(fixed(KernelBenchmark.quantile(0.5, peaks), 1)) GMAC/s, multiplications alone, "
          + "nothing loaded")
    }
    var kernel = ""
    for result in results {
      if result.problem.kernel != kernel {
        kernel = result.problem.kernel
        lines.append("")
        lines.append(
          line(kernel, "shape", "then", "µs", "GMAC/s", "of peak", "quartiles"))
      }
      lines.append(
        line(
          "\(result.problem.rows)", result.problem.shape, result.problem.epilogue,
          fixed(result.nanoseconds / 1e3, 2), fixed(result.rate, 1),
          percent(result.shareOfPeak), "\(percent(result.low)) - \(percent(result.high))"))
    }
    return lines.joined(separator: "\n")
  }

  private static func line(
    _ rows: String, _ shape: String, _ then: String, _ time: String, _ rate: String,
    _ share: String, _ range: String
  ) -> String {
    let cells = [
      padded(rows, 14), padded(shape, 10), padded(then, 18), padded(time, 9, trailing: true),
      padded(rate, 8, trailing: true), padded(share, 8, trailing: true), "  " + range,
    ]
    return cells.joined(separator: "")
  }

  static func json(_ results: [Result], kernels: String, rounds: Int) -> String {
    let rows = results.map { result in
      let problem = result.problem
      return "{\"kernel\": \"\(problem.kernel)\", \"rows\": \(problem.rows), "
        + "\"shape\": \"\(problem.shape)\", \"epilogue\": \"\(problem.epilogue)\", "
        + "\"multiplications\": \(problem.multiplications), \"nanoseconds\": \(result.nanoseconds), "
        + "\"gmac_per_second\": \(result.rate), \"peak_gmac_per_second\": \(result.peak), "
        + "\"share_of_peak\": \(result.shareOfPeak), "
        + "\"share_quartiles\": [\(result.low), \(result.high)]}"
    }
    return "{\"kernels\": \"\(kernels)\", \"rounds\": \(rounds), \"results\": [\n  "
      + rows.joined(separator: ",\n  ") + "\n]}"
  }

  private static func percent(_ share: Double) -> String { fixed(share * 100, 0) + " %" }

  private static func padded(_ text: String, _ width: Int, trailing: Bool = false) -> String {
    let spaces = String(repeating: " ", count: max(0, width - text.count))
    return trailing ? spaces + text : text + spaces
  }

  /// Not for negative numbers or those beyond 2^53.
  private static func fixed(_ value: Double, _ digits: Int) -> String {
    var scale = 1.0
    for _ in 0..<digits { scale *= 10 }
    let whole = String(Int((value * scale).rounded()))
    guard digits > 0 else { return whole }
    let padded = String(repeating: "0", count: max(0, digits + 1 - whole.count)) + whole
    return padded.dropLast(digits) + "." + padded.suffix(digits)
  }
}
