internal import CMBQKernels

/// The kernels for one instruction set.
///
/// Every set gives the same bits (Formats/arithmetic.md), so the choice is one of speed alone.
public struct KernelSet: @unchecked Sendable, Equatable {
  let pointer: UnsafePointer<mbq_kernel_set>

  /// Such as `avx512vnni`.
  public var name: String { String(cString: pointer.pointee.name) }

  /// The name as C has it.
  public var cName: UnsafePointer<CChar> { pointer.pointee.name }

  /// The address of the C `mbq_kernel_set`, for the runtime's executor.
  public var address: UnsafeRawPointer { UnsafeRawPointer(pointer) }

  /// This processor can run the set.
  public var isRunnable: Bool { pointer.pointee.needs & ~mbq_cpu_features() == 0 }
}

public enum KernelSets {
  /// Every set compiled for this architecture, best first; the last is generic C.
  public static let all: [KernelSet] = {
    var first: UnsafePointer<UnsafePointer<mbq_kernel_set>?>?
    let count = mbq_kernel_sets(&first)
    return UnsafeBufferPointer(start: first, count: count).compactMap {
      $0.map { KernelSet(pointer: $0) }
    }
  }()

  /// Those this processor can run, best first; never empty.
  public static let runnable: [KernelSet] = all.filter { $0.isRunnable }

  public static var best: KernelSet { runnable[0] }

  /// The runnable set of that name.
  public static func named(_ name: String) -> KernelSet? {
    runnable.first { $0.name == name }
  }
}
