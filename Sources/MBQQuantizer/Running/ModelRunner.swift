internal import CMBQKernels
import MBQCore
import MBQKernels
public import MBQModel
public import MBQRuntime
import MBQSchemes

/// Runs a `WorkingModel` one operation at a time over all texts at once, with every hidden state at hand:
/// what calibration, rounding, recovery and sensitivity look through.
///
/// The products are those of the runtime's kernels: fp32 for tensors that are not rounded, and for those
/// rounded to int8 or int4 exactly what the packed model will compute. Which step's input is put on a
/// grid follows from its weight alone.
public final class ModelRunner {
  public private(set) var model: WorkingModel
  public let parallel: Parallel
  let set: UnsafePointer<mbq_kernel_set>
  private var matrices: [Int: RunnerMatrix] = [:]
  private var vectors: [Int: RunnerVector] = [:]
  let scratch: [AlignedBytes]
  /// The last step that reads each buffer.
  private let lastUse: [Int]
  /// Rows a worker takes at once.
  private static let tileRows = 72

  public init(
    _ model: WorkingModel, parallel: Parallel = .serial, kernels: KernelSet = KernelSets.best
  ) {
    self.model = model
    self.parallel = parallel
    set = kernels.address.assumingMemoryBound(to: mbq_kernel_set.self)
    var last = [Int](repeating: -1, count: model.graph.buffers.count)
    var bytes = 64
    let longest = UInt32(model.configuration.maximumPositions)
    for (index, step) in model.graph.steps.enumerated() {
      for operand in step.operation.inputs { last[operand.buffer] = index }
      switch step.operation {
      case .linear(let o): bytes = max(bytes, mbq_linear_scratch(UInt32(o.input.width), 0, 1))
      case .attention(let o):
        bytes = max(bytes, mbq_attention_scratch(longest, UInt32(o.query.width / o.heads)))
      case .embed, .normalize, .pool: break
      }
    }
    last[model.graph.logits.buffer] = Int.max
    lastUse = last
    scratch = (0..<parallel.workerCount).map { _ in AlignedBytes(bytes) }
  }

  public var steps: [ModelGraph.Step] { model.graph.steps }

  /// Changes a tensor's values; it is not on a grid any more.
  public func update(_ tensor: Int, _ values: [Float]) {
    precondition(values.count == model.values[tensor].count)
    model.values[tensor] = values
    model.rounded[tensor] = nil
    matrices[tensor] = nil
    vectors[tensor] = nil
  }

  /// Puts a tensor on its grid.
  public func round(_ tensor: Int, to matrix: EncodedMatrix) {
    model.round(tensor, to: matrix)
    matrices[tensor] = nil
    vectors[tensor] = nil
  }

  /// Runs every step over `texts` and gives the logits (texts, labels).
  ///
  /// `visit` is called before each step, when its inputs are there.
  public func logits(
    _ texts: [[UInt32]], visit: (_ step: Int, _ states: HiddenStates) -> Void = { _, _ in }
  ) -> [Float] {
    let states = HiddenStates(texts)
    return finish(states, from: 0, visit: visit)
  }

  /// Runs the steps from `first` on.
  public func finish(
    _ states: HiddenStates, from first: Int,
    visit: (_ step: Int, _ states: HiddenStates) -> Void = { _, _ in }
  ) -> [Float] {
    for step in first..<steps.count {
      visit(step, states)
      run(step, states)
      release(states, after: step)
    }
    return logits(states)
  }

  /// The logits of states that have been through every step.
  public func logits(_ states: HiddenStates) -> [Float] {
    let operand = model.graph.logits
    let rows = states.rows(operand)
    return (0..<rows.count).flatMap { row in
      (0..<operand.width).map { rows.row(row)[operand.column + $0] }
    }
  }

  /// Forgets the buffers nothing after `step` reads.
  public func release(_ states: HiddenStates, after step: Int) {
    states.buffers = states.buffers.filter { lastUse[$0.key] > step }
  }

  /// Computes one step's output buffer.
  public func run(_ step: Int, _ states: HiddenStates) {
    let operation = steps[step].operation
    states.buffers[operation.output.buffer] = rows(of: operation, states)
  }

  /// What an operation on this model's buffers and tensors gives, which no buffer takes.
  func rows(of operation: Operation, _ states: HiddenStates) -> HiddenRows {
    let buffer = model.graph.buffers[operation.output.buffer]
    let result = HiddenRows(count: states.rowCount(buffer.rows), width: buffer.width)
    switch operation {
    case .embed(let o): embed(o, states, result)
    case .linear(let o): linear(o, states, result)
    case .attention(let o): attention(o, states, result)
    case .normalize(let o): normalize(o, states, result)
    case .pool(let o):
      let input = states.rows(o.input)
      for text in 0..<states.textCount {
        result.row(text).update(
          from: input.row(states.starts[text]) + o.input.column, count: o.output.width)
      }
    }
    return result
  }

  /// Calls `body` with tiles of rows, in parallel.
  func tiles(_ count: Int, _ body: (_ rows: Range<Int>, _ worker: Int) -> Void) {
    let tiles = (count + Self.tileRows - 1) / Self.tileRows
    parallel.run(tiles) { tile, worker in
      body((count * tile / tiles)..<(count * (tile + 1) / tiles), worker)
    }
  }

  /// As packed int8 models do; set by who rounds the model.
  public var usesIntegerAttention = false

  // MARK: Weights

  /// Floats are multiplied with an input that is not smoothed: the factors go back into the columns.
  func matrix(_ tensor: Int, smoothing: Int?) -> RunnerMatrix {
    if let ready = matrices[tensor] { return ready }
    let (rows, columns) = model.matrixShape(tensor)
    let ready: RunnerMatrix
    if let rounded = model.rounded[tensor], rounded.scheme.hasScales {
      ready = RunnerMatrix(rounded.widenedToInt8, set)
    } else {
      var values = model.values[tensor]
      if let smoothing {
        for index in values.indices { values[index] *= model.values[smoothing][index % columns] }
      }
      ready = RunnerMatrix(values, rows: rows, columns: columns)
    }
    matrices[tensor] = ready
    return ready
  }

  func vector(_ tensor: Int) -> RunnerVector {
    if let ready = vectors[tensor] { return ready }
    let ready = RunnerVector(model.values[tensor])
    vectors[tensor] = ready
    return ready
  }
}

/// Bytes that outlive every call they are lent to.
final class AlignedBytes: @unchecked Sendable {
  private let storage: AlignedBuffer

  init(_ count: Int) { storage = AlignedBuffer(byteCount: count) }

  var bytes: UnsafeMutableRawPointer { storage.bytes.baseAddress! }
}
