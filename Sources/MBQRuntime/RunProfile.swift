import MBQCore
import MBQFormat

/// What each step of a model took, added up over runs.
///
/// Attached to a `RunState` (`state.profile`), which then reads the clock twice a step and tile; a state
/// without one compares a pointer with nil there. The clock is the caller's, because the runtime has
/// none.
///
/// Every worker counts for itself, so with several threads a step's time is the sum of what its
/// workers spent on it, and waiting for each other is in no step.
public final class RunProfile {
  /// One step, all workers together.
  public struct Entry: Equatable, Sendable {
    /// Calls of a kernel: one a tile, or one a text and head.
    public var calls = 0
    public var nanoseconds: UInt64 = 0
    /// Products of an input and a weight, or of two hidden values, that the results needed.
    public var multiplications = 0

    public init(calls: Int = 0, nanoseconds: UInt64 = 0, multiplications: Int = 0) {
      self.calls = calls
      self.nanoseconds = nanoseconds
      self.multiplications = multiplications
    }
  }

  let now: @Sendable () -> UInt64
  let stepCount: Int
  let workerCount: Int
  /// (workers, steps, 3), a worker's rows on cache lines of their own.
  private let counts: AlignedBuffer
  private let workerStride: Int

  /// For runs of `state`'s model on its workers; `now` gives nanoseconds that never go back.
  public init(for state: RunState, now: @escaping @Sendable () -> UInt64) {
    self.now = now
    stepCount = state.model.packed.header.steps.count
    workerCount = state.parallel.workerCount
    workerStride = roundUp(stepCount * 3, to: AlignedBuffer.alignment / 8)
    counts = AlignedBuffer(byteCount: workerStride * workerCount * 8)
  }

  public subscript(step: Int) -> Entry {
    precondition((0..<stepCount).contains(step))
    var entry = Entry()
    for worker in 0..<workerCount {
      let place = place(step, worker)
      entry.calls += Int(place[0])
      entry.nanoseconds += place[1]
      entry.multiplications += Int(place[2])
    }
    return entry
  }

  /// Forgets everything counted so far.
  public func reset() {
    counts.bytes.initializeMemory(as: UInt8.self, repeating: 0)
  }

  func add(_ step: Int, _ worker: Int, since start: UInt64, multiplications: Int) {
    let place = place(step, worker)
    place[0] += 1
    place[1] += now() - start
    place[2] += UInt64(multiplications)
  }

  private func place(_ step: Int, _ worker: Int) -> UnsafeMutablePointer<UInt64> {
    counts.pointer(to: UInt64.self) + worker * workerStride + step * 3
  }
}

extension RunProfile.Entry {
  public static func + (a: Self, b: Self) -> Self {
    Self(
      calls: a.calls + b.calls, nanoseconds: a.nanoseconds + b.nanoseconds,
      multiplications: a.multiplications + b.multiplications)
  }

  public static func += (a: inout Self, b: Self) { a = a + b }
}
