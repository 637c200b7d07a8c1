import Foundation
import MBQCore
import MBQEvaluation
import MBQRuntime

/// Starts `mbq report-probe` and reads what it measured; without a program, measures in this process.
struct ProbeProcess {
  let toolchain: Toolchain
  let program: String?
  let tokens: Int

  /// New processes of each model: the median of their load times counts.
  static let repetitions = 3

  func measure(
    _ path: String, progress: () -> Void
  ) throws -> (peakMemoryBytes: Int?, loadNanoseconds: Double) {
    var loads: [UInt64] = []
    var peaks: [Int] = []
    for _ in 0..<Self.repetitions {
      let result = try run(path)
      loads.append(UInt64(max(result.loadNanoseconds, 0)))
      if let peak = result.peakMemoryBytes { peaks.append(peak) }
      progress()
    }
    return (peaks.max(), LatencySample(nanoseconds: loads)?.p50 ?? 0)
  }

  private func run(_ path: String) throws -> ProbeResult {
    guard let program else {
      // The memory of this process is not that of the model.
      return ProbeResult(
        peakMemoryBytes: nil, loadNanoseconds: try toolchain.probe(path, tokens: tokens).loadNanoseconds)
    }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    // The two dashes let a path begin with one.
    process.arguments =
      ["report-probe", "--tokens", "\(tokens)", "--threads", "\(toolchain.threads)"]
      + (toolchain.kernels.map { ["--kernels", $0] } ?? []) + ["--", path]
    let (output, errors) = (Pipe(), Pipe())
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = output
    process.standardError = errors
    do {
      try process.run()
    } catch {
      throw ReportError.probe(path: path, problem: error.localizedDescription)
    }
    // Both are shorter than a pipe holds.
    let text = output.fileHandleForReading.readDataToEndOfFile()
    let message = errors.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw ReportError.probe(
        path: path,
        problem: "it ended with \(process.terminationStatus)"
          + (message.isEmpty ? "" : ": " + String(decoding: message.prefix(400), as: UTF8.self)))
    }
    do {
      return try JSONDecoder().decode(ProbeResult.self, from: text)
    } catch {
      throw ReportError.probe(path: path, problem: "it did not print its figures")
    }
  }
}

/// What opening a model and answering one text took.
package struct ProbeResult: Codable, Sendable {
  /// Of the process; `nil` where the system does not say.
  package var peakMemoryBytes: Int?
  package var loadNanoseconds: Double
}

extension Toolchain {
  /// Opens a model and answers one text of `tokens` tokens.
  package func probe(_ path: String, tokens: Int) throws -> ProbeResult {
    let start = MonotonicClock.nanoseconds
    let model = try model(path)
    let loaded = MonotonicClock.nanoseconds - start
    let pool = try pool()
    defer { withExtendedLifetime(pool) {} }
    let count = min(max(tokens, 2), model.maximumTokens)
    _ = try RunState(model: model, parallel: pool.parallel).logits([
      (0..<count).map { UInt32($0 % max(model.vocabularyCount, 1)) }
    ])
    return ProbeResult(peakMemoryBytes: PeakMemory.bytes, loadNanoseconds: Double(loaded))
  }
}
