import Foundation
import MBQCore
import MBQKernels
import MBQRuntime

/// Every command of `mbq` as a call: option values in, result values out.
///
/// A call reads and writes the files its options name, and nothing else. It prints nothing: progress and
/// advice arrive at `onEvent`. Every error it throws is an `ExplainedError`, whose text names settings
/// in words; `SettingError.explanation(naming:)` puts a program's own names in their place.
public struct Toolchain: Sendable {
  /// Threads that run models and passes, 1 to 256.
  ///
  /// Results are the same, to the bit, with any number of them.
  public var threads: Int
  /// The kernel set by name; `nil`: the one `$MBQ_KERNELS` names, or the best of this processor.
  ///
  /// Results are the same, to the bit, with each of them.
  public var kernels: String?
  /// Told how far work has come, and what its caller should know.
  ///
  /// It is called on the thread of the call, often, and should return at once.
  public var onEvent: @Sendable (ToolchainEvent) -> Void

  public init(
    threads: Int = 1, kernels: String? = nil,
    onEvent: @escaping @Sendable (ToolchainEvent) -> Void = { _ in }
  ) {
    self.threads = threads
    self.kernels = kernels
    self.onEvent = onEvent
  }

  // MARK: For the calls

  /// The set asked for.
  package func kernelSet() throws(ToolchainError) -> KernelSet {
    guard let name = kernels ?? ProcessInfo.processInfo.environment["MBQ_KERNELS"], !name.isEmpty
    else { return KernelSets.best }
    guard let set = KernelSets.named(name) else {
      throw .kernels(name: name, runnable: KernelSets.runnable.map(\.name))
    }
    return set
  }

  /// The packed model at `path`, which is mapped and checked.
  package func model(_ path: String) throws -> Model {
    try Model.packed(at: path, kernels: try kernelSet())
  }

  /// Keep the pool for as long as its `parallel` is used.
  package func pool() throws(ToolchainError) -> ThreadPool {
    guard Self.threadCounts.contains(threads) else {
      throw .outOfRange(.threads, found: "\(threads)", allowed: "1 to 256")
    }
    return ThreadPool(workerCount: threads)
  }

  package static var threadCounts: ClosedRange<Int> { 1...256 }

  package func stage(_ name: String, total: Int?, unit: String = "texts") -> Stage {
    Stage(name, total: total, unit: unit, onEvent: onEvent)
  }

  package func advise(_ advice: Advice) { onEvent(.advice(advice)) }
}

extension Model {
  /// The packed model at `path`; people give the checkpoint's folder in its place, and are told.
  package static func packed(at path: String, kernels: KernelSet = KernelSets.best) throws -> Model {
    guard !Paths.isFolder(path) else { throw ToolchainError.folderAsModel(path: path) }
    return try Model(path: path, kernels: kernels)
  }
}
