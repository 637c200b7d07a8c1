import ArgumentParser
import MBQReport
import MBQToolchain
import Synchronization

/// How a model is run; every command that runs one takes these.
struct RuntimeOptions: ParsableArguments {
  @Option(help: "Threads to use.")
  var threads = 1

  @Option(
    help: ArgumentHelp(
      "Kernel set; the results are the same with each (default: the best of this processor, or $MBQ_KERNELS).",
      valueName: "name"))
  var kernels: String?

  func validate() throws {
    guard Toolchain.threadCounts.contains(threads) else {
      throw ValidationError("--threads is \(threads); allowed: 1 to 256.")
    }
  }

  var toolchain: Toolchain {
    Toolchain(threads: threads, kernels: kernels, onEvent: Events.handler())
  }
}

/// Shows a call's progress as bars, and its advice on standard error.
enum Events {
  static func handler() -> @Sendable (ToolchainEvent) -> Void {
    let bars = Bars()
    return { event in
      switch event {
      case .progress(let progress): bars.show(progress)
      case .advice(let advice): Output.remark(advice)
      }
    }
  }

  /// One bar a stage.
  private final class Bars: Sendable {
    private struct Bar: Sendable {
      var bar: ProgressBar
      var done = 0
    }

    private let bars = Mutex<[Int: Bar]>([:])

    func show(_ progress: ToolchainProgress) {
      bars.withLock { bars in
        var bar =
          bars[progress.stage]
          ?? Bar(bar: ProgressBar(progress.name, total: progress.total, unit: progress.unit))
        bar.bar.advance(by: progress.done - bar.done)
        bar.done = progress.done
        bars[progress.stage] = bar
        if progress.isFinished {
          bar.bar.finish()
          bars[progress.stage] = nil
        }
      }
    }
  }
}

extension Output {
  static func remark(_ advice: Advice) {
    remark("\(advice.severity.rawValue): \(inert(DisplayText.inert(advice.text(naming: Flags.name))))")
  }
}
