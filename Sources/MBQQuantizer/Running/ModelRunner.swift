import MBQCore
public import MBQKernels
public import MBQModel
public import MBQRuntime
import MBQSchemes

/// Runs a `WorkingModel` one operation at a time over all texts at once, with every hidden state at hand:
/// what calibration, rounding, recovery and sensitivity look through.
///
/// The products are those of the runtime's kernels: fp32 for tensors that are not rounded, and for those
/// rounded to integers exactly what the packed model will compute. Which step's input is put on a
/// grid follows from its weight alone.
public final class ModelRunner {
  public private(set) var model: WorkingModel
  public let parallel: Parallel
  let kernels: KernelSet
  private var matrices: [Int: RunnerMatrix] = [:]
  private var vectors: [Int: RunnerVector] = [:]
  let scratch: [AlignedBytes]
  /// The last step that reads each buffer.
  private let lastUse: [Int]

  public init(
    _ model: WorkingModel, parallel: Parallel = .serial, kernels: KernelSet = KernelSets.best
  ) {
    self.model = model
    self.parallel = parallel
    self.kernels = kernels
    var last = [Int](repeating: -1, count: model.graph.buffers.count)
    var bytes = 64
    let longest = model.configuration.maximumPositions
    for (index, step) in model.graph.steps.enumerated() {
      for operand in step.operation.inputs { last[operand.buffer] = index }
      switch step.operation {
      case .linear(let o):
        bytes = max(
          bytes,
          KernelSet.linearScratch(.int8Channel, inputs: o.input.width, isSmoothed: true))
      case .attention(let o):
        bytes = max(
          bytes,
          KernelSet.attentionScratch(tokens: longest, headSize: o.query.width / o.heads))
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
    let tiles = KernelSet.tileCount(rows: count)
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
      ready = RunnerMatrix(rounded.widenedToInt8, kernels)
    } else {
      var values = model.values[tensor]
      if let smoothing {
        for index in values.indices { values[index] *= model.values[smoothing][index % columns] }
      }
      ready = RunnerMatrix(values, rows: rows, columns: columns, kernels)
    }
    matrices[tensor] = ready
    return ready
  }

  /// Lives as long as the runner, or until the tensor is changed.
  func vector(_ tensor: Int) -> KernelVector {
    if let ready = vectors[tensor] { return ready.vector }
    let ready = RunnerVector(model.values[tensor])
    vectors[tensor] = ready
    return ready.vector
  }
}

/// Bytes that outlive every call they are lent to.
final class AlignedBytes: @unchecked Sendable {
  private let storage: AlignedBuffer

  init(_ count: Int) { storage = AlignedBuffer(byteCount: count) }

  var bytes: UnsafeMutableRawBufferPointer { storage.bytes }
}
