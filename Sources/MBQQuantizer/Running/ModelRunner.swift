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
  private let scratch: [AlignedBytes]
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

  // MARK: Operations

  private func embed(_ o: Operation.Embed, _ states: HiddenStates, _ result: HiddenRows) {
    let width = o.trigram ? o.output.width / 3 : o.output.width
    func copy(_ table: Int, _ row: Int, _ target: UnsafeMutablePointer<Float>, add: Bool) {
      precondition(
        (row + 1) * width <= model.values[table].count, "a token or position the model has not got")
      model.values[table].withUnsafeBufferPointer { values in
        let source = values.baseAddress! + row * width
        if add {
          for column in 0..<width { target[column] += source[column] }
        } else {
          target.update(from: source, count: width)
        }
      }
    }
    for text in 0..<states.textCount {
      let rows = states.rows(of: text)
      for row in rows {
        let target = result.row(row)
        if o.trigram, let word = o.word {
          for (part, neighbour) in [row + 1, row, row - 1].enumerated()
          where rows.contains(neighbour) {
            copy(word, Int(states.tokens[neighbour]), target + part * width, add: false)
          }
          continue
        }
        var add = false
        if let word = o.word {
          copy(word, Int(states.tokens[row]), target, add: false)
          add = true
        }
        if let table = o.position {
          copy(table, Int(states.positions[row]), target, add: add)
          add = true
        }
        if let table = o.type { copy(table, 0, target, add: add) }
      }
    }
  }

  private func linear(_ o: Operation.Linear, _ states: HiddenStates, _ result: HiddenRows) {
    let input = states.rows(o.input)
    let weights = matrix(o.weight, smoothing: o.smoothing)
    let residual = o.residual.map { (states.rows($0), $0.column) }
    let bias = o.bias.map(vector)
    let norm = o.norm.map { (vector($0.gamma), vector($0.beta)) }
    let smoothing = o.smoothing.map(vector)
    tiles(result.count) { rows, worker in
      var call = mbq_linear()
      call.input = UnsafePointer(input.row(rows.lowerBound) + o.input.column)
      call.input_stride = input.stride
      call.weights = UnsafeRawPointer(weights.elements.bytes.baseAddress!)
      call.scales = UnsafePointer(weights.scales.pointer(to: Float.self))
      call.column_sums = UnsafePointer(weights.sums.pointer(to: Int32.self))
      call.bias = bias?.pointer
      if let (from, column) = residual {
        call.residual = UnsafePointer(from.row(rows.lowerBound) + column)
        call.residual_stride = from.stride
      }
      if let norm, let kind = o.norm {
        call.norm = UInt32(kind.kind.rawValue)
        call.gamma = norm.0.pointer
        call.beta = norm.1.pointer
        call.epsilon = kind.epsilon
      }
      call.output = result.row(rows.lowerBound)
      call.output_stride = result.stride
      call.rows = UInt32(rows.count)
      call.inputs = UInt32(o.input.width)
      call.outputs = UInt32(o.output.width)
      call.activation = UInt32(o.activation.rawValue)
      call.scratch = scratch[worker].bytes
      if weights.isInteger {
        call.smoothing = smoothing?.pointer
        switch o.inputGrid {
        case .int8PerToken: break
        case .int8Static(let step): call.step = step
        case .int16PerToken: call.wide = 1
        }
        set.pointee.linear_i8(&call)
      } else {
        set.pointee.linear_f32(&call)
      }
    }
  }

  private func attention(
    _ o: Operation.Attention, _ states: HiddenStates, _ result: HiddenRows
  ) {
    let query = states.rows(o.query)
    let key = states.rows(o.key)
    let value = states.rows(o.value)
    let size = o.query.width / o.heads
    let integer = usesIntegerAttention
    parallel.run(states.textCount * o.heads) { task, worker in
      let rows = states.rows(of: task / o.heads)
      let head = task % o.heads * size
      var call = mbq_attention()
      call.query = UnsafePointer(query.row(rows.lowerBound) + o.query.column + head)
      call.key = UnsafePointer(key.row(rows.lowerBound) + o.key.column + head)
      call.value = UnsafePointer(value.row(rows.lowerBound) + o.value.column + head)
      call.query_stride = query.stride
      call.key_stride = key.stride
      call.value_stride = value.stride
      call.output = result.row(rows.lowerBound) + head
      call.output_stride = result.stride
      call.tokens = UInt32(rows.count)
      call.head_size = UInt32(size)
      call.row_count = UInt32(rows.count)
      call.scale = 1 / Float(size).squareRoot()
      call.scratch = scratch[worker].bytes
      if integer {
        if let steps = o.steps {
          call.query_step = steps.query
          call.key_step = steps.key
          call.value_step = steps.value
        }
        set.pointee.attention_i8(&call)
      } else {
        set.pointee.attention_f32(&call)
      }
    }
  }

  /// As packed int8 models do; set by who rounds the model.
  public var usesIntegerAttention = false

  private func normalize(
    _ o: Operation.Normalize, _ states: HiddenStates, _ result: HiddenRows
  ) {
    let input = states.rows(o.input)
    let residual = o.residual.map { (states.rows($0), $0.column) }
    let gamma = vector(o.norm.gamma)
    let beta = vector(o.norm.beta)
    tiles(result.count) { rows, _ in
      var call = mbq_norm()
      call.input = UnsafePointer(input.row(rows.lowerBound) + o.input.column)
      call.input_stride = input.stride
      if let (from, column) = residual {
        call.residual = UnsafePointer(from.row(rows.lowerBound) + column)
        call.residual_stride = from.stride
      }
      call.gamma = gamma.pointer
      call.beta = beta.pointer
      call.output = result.row(rows.lowerBound)
      call.output_stride = result.stride
      call.rows = UInt32(rows.count)
      call.width = UInt32(o.output.width)
      call.norm = UInt32(o.norm.kind.rawValue)
      call.epsilon = o.norm.epsilon
      set.pointee.norm(&call)
    }
  }

  // MARK: Weights

  /// Floats are multiplied with an input that is not smoothed: the factors go back into the columns.
  private func matrix(_ tensor: Int, smoothing: Int?) -> RunnerMatrix {
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

  private func vector(_ tensor: Int) -> RunnerVector {
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
