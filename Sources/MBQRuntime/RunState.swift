import MBQCore
import MBQFormat
import MBQKernels
import MBQModel

/// The memory of one caller: the arena, the tiles and the kernels' scratch.
///
/// One thread at a time may use it; as many states as callers may share a model.
public final class RunState {
  let model: Model
  let parallel: Parallel
  private(set) var tokenCapacity = 0
  private var batch = AlignedBuffer(byteCount: 0)
  private let tiles: AlignedBuffer
  private let scratch: AlignedBuffer
  private let tileBytes: Int
  private let scratchBytes: Int
  /// What runs are measured with; made for this state.
  public var profile: RunProfile?

  /// `tokens` rows are made room for at once; longer groups of a batch (`groups`) make the state grow.
  public init(model: Model, parallel: Parallel = .serial, tokens: Int = 0) {
    self.model = model
    self.parallel = parallel
    let header = model.packed.header
    tileBytes = roundUp(header.plan.tileWidth * KernelSet.tileRows * 4, to: 64)
    tiles = AlignedBuffer(byteCount: tileBytes * parallel.workerCount)
    scratchBytes = roundUp(model.scratchBytes, to: 64)
    scratch = AlignedBuffer(byteCount: scratchBytes * parallel.workerCount)
    reserve(tokens: tokens)
  }

  /// Makes room for a group of `tokens` tokens in all: 640 a worker, or the longest text, is all that a
  /// batch of any size needs.
  public func reserve(tokens: Int) {
    guard tokens > tokenCapacity else { return }
    tokenCapacity = tokens
    batch = AlignedBuffer(byteCount: model.packed.header.plan.batchWidth * tokens * 4)
  }

  var batchBase: UnsafeMutablePointer<Float> { batch.pointer(to: Float.self) }

  func tileBase(_ worker: Int) -> UnsafeMutablePointer<Float> {
    (tiles.bytes.baseAddress! + worker * tileBytes).assumingMemoryBound(to: Float.self)
  }

  func scratch(_ worker: Int) -> KernelScratch {
    KernelScratch(start: scratch.bytes.baseAddress! + worker * scratchBytes, count: scratchBytes)
  }

  /// Bytes held, the model's not counted.
  public var byteCount: Int { batch.bytes.count + tiles.bytes.count + scratch.bytes.count }
}
