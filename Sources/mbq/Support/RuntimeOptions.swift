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
    try Model.packed(at: path, kernels: try kernelSet())
  }

  /// Keep the pool for as long as its `parallel` is used.
  func pool() -> ThreadPool { ThreadPool(workerCount: threads) }
}

extension Model {
  /// The packed model at `path`; people give the checkpoint's folder in its place, and are told.
  static func packed(at path: String, kernels: KernelSet = KernelSets.best) throws -> Model {
    var isFolder: ObjCBool = false
    if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue {
      throw CommandError.badInput(
        "'\(path)' is a folder, and a packed model is one file; if it is a checkpoint, "
          + "'mbq quantize' makes one of it")
    }
    return try Model(path: path, kernels: kernels)
  }
}
