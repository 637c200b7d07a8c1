internal import CMBQKernels

/// The kernels for one instruction set.
///
/// Every set gives the same bits (Formats/arithmetic.md), so the choice is one of speed alone. Nothing
/// else in the package reads the C structs: a call checks here what its kernel relies on.
public struct KernelSet: @unchecked Sendable, Equatable {
  let pointer: UnsafePointer<mbq_kernel_set>

  /// Such as `avx512vnni`.
  public var name: String { String(cString: pointer.pointee.name) }

  /// The name as C has it.
  public var cName: UnsafePointer<CChar> { pointer.pointee.name }

  /// This processor can run the set.
  public var isRunnable: Bool { pointer.pointee.needs & ~mbq_cpu_features() == 0 }

  /// The most rows to give a kernel at once: a multiple of every set's row block.
  ///
  /// Large enough that a layer's weights are read from the second cache a few times only, small
  /// enough that the rows' hidden states stay in it beside them.
  package static var tileRows: Int { Int(MBQ_TILE_ROWS) }

  /// Tokens of the longest text an attention takes.
  package static var longestText: Int { Int(MBQ_MAX_TOKENS) }

  /// Inputs of the deepest linear.
  package static var deepestProduct: Int { Int(MBQ_MAX_DEPTH) }

  /// Tiles of at most `tileRows` rows that `rows` rows are cut into.
  package static func tileCount(rows: Int) -> Int { (rows + tileRows - 1) / tileRows }
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

/// Tells the processor that this is a waiting loop.
package func spinHint() { mbq_spin_hint() }
