import MBQCheckpoints
import MBQCore
import MBQEvaluation
import MBQKernels
import MBQQuantizer
import MBQRuntime

/// Takes statistics with a progress bar, continuing and leaving a partial file beside the output.
struct CalibrationRun {
  let toolchain: Toolchain
  var parallel: Parallel
  var kernels: KernelSet
  /// Where the statistics are to be written; nil: nothing is kept of an interrupted run.
  var output: String?
  /// Writing 100 MB of second moments takes a moment: not after every portion.
  static let nanosecondsBetweenStates: UInt64 = 10_000_000_000

  /// `resumedTexts` is how many texts an interrupted run had done.
  func statistics(
    _ model: WorkingModel, _ texts: CalibrationTexts, key: CalibrationStatistics.Key
  ) throws -> (statistics: CalibrationStatistics, resumedTexts: Int) {
    let calibrator = Calibrator(model, texts.texts, key: key, parallel: parallel, kernels: kernels)
    let partial = output.map { StatisticsFile.partialPath($0) }
    var resumed = 0
    if let partial {
      do throws(StatisticsFileError) {
        if calibrator.resume(from: try StatisticsFile.read(path: partial)) {
          resumed = calibrator.statistics.textsDone
        }
      } catch .file {
        // The usual case: nothing was interrupted.
      } catch {
        toolchain.advise(.calibrationRestarts(error.explanation))
      }
    }
    let progress = toolchain.stage("calibrate", total: texts.texts.count - resumed)
    defer { progress.finish() }
    var saved = MonotonicClock.nanoseconds
    while !calibrator.isFinished {
      progress.advance(by: try calibrator.advance())
      let now = MonotonicClock.nanoseconds
      if let partial, !calibrator.isFinished, now - saved >= Self.nanosecondsBetweenStates {
        try StatisticsFile.write(calibrator.statistics, to: partial)
        saved = MonotonicClock.nanoseconds
      }
    }
    return (calibrator.statistics, resumed)
  }
}
