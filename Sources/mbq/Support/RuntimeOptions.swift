import ArgumentParser
import Foundation
import MBQKernels
import MBQRuntime

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
    guard (1...256).contains(threads) else {
      throw ValidationError("--threads is \(threads); allowed: 1 to 256.")
    }
  }

  /// The set asked for.
  func kernelSet() throws(CommandError) -> KernelSet {
    guard let name = kernels ?? ProcessInfo.processInfo.environment["MBQ_KERNELS"], !name.isEmpty
    else { return KernelSets.best }
    guard let set = KernelSets.named(name) else {
      let names = KernelSets.runnable.map(\.name).joined(separator: ", ")
      throw .usage("kernel set '\(name)' cannot be used here; this processor runs: \(names)")
    }
    return set
  }

  func model(_ path: String) throws -> Model {
    try Model(path: path, kernels: try kernelSet())
  }

  /// Keep the pool for as long as its `parallel` is used.
  func pool() -> ThreadPool { ThreadPool(workerCount: threads) }
}
