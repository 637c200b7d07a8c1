import Foundation
import MBQCore
import MBQEvaluation

/// Starts `mbq report-probe` and reads what it measured.
struct ProbeProcess {
  let runtime: RuntimeOptions
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

  private func run(_ path: String) throws -> ReportProbe.Result {
    guard let program = Bundle.main.executableURL else {
      throw ReportError.probe(path: path, problem: "this program's own file is not known")
    }
    let process = Process()
    process.executableURL = program
    // The two dashes let a path begin with one.
    process.arguments =
      ["report-probe", "--tokens", "\(tokens)", "--threads", "\(runtime.threads)"]
      + (runtime.kernels.map { ["--kernels", $0] } ?? []) + ["--", path]
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
      return try JSONDecoder().decode(ReportProbe.Result.self, from: text)
    } catch {
      throw ReportError.probe(path: path, problem: "it did not print its figures")
    }
  }
}
