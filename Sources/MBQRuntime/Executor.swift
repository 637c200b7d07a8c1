internal import CMBQKernels
import MBQCore
import MBQFormat
import MBQKernels
import MBQModel
import MBQSchemes

/// Runs a model on a batch of texts laid row after row, no padding between them.
struct Executor {
  /// The most tokens a tile holds: a multiple of every set's row block.
  ///
  /// Large enough that a layer's weights are read from the second cache a few times only, small
  /// enough that a tile's hidden states stay in it beside them.
  static let tileRows = 72

  static func set(_ kernels: KernelSet) -> UnsafePointer<mbq_kernel_set> {
    kernels.address.assumingMemoryBound(to: mbq_kernel_set.self)
  }

  let state: RunState
  let batch: TokenBatch
  private let header: PackedHeader
  private let set: UnsafePointer<mbq_kernel_set>
  private let profile: RunProfile?
  private var model: Model { state.model }

  init(state: RunState, batch: TokenBatch) {
    self.state = state
    self.batch = batch
    header = state.model.packed.header
    set = Self.set(state.model.kernels)
    profile = state.profile
    precondition(
      profile.map {
        $0.stepCount == header.steps.count && $0.workerCount == state.parallel.workerCount
      } ?? true, "a profile belongs to the state it was made for")
    state.reserve(tokens: batch.tokens.count)
  }

  /// Logits (texts, labels).
  func run() -> [Float] {
    for phase in model.schedule.phases {
      switch phase.kind {
      case .tokens: runTokens(phase)
      case .attention: runAttention(phase)
      case .texts: runRows(phase, 0..<batch.count, worker: 0)
      }
    }
    let logits = header.logits
    let slot = header.plan.slots[logits.buffer]
    let first = state.batchBase + slot.offset * state.tokenCapacity + logits.column
    var result: [Float] = []
    result.reserveCapacity(batch.count * logits.width)
    for text in 0..<batch.count {
      for label in 0..<logits.width { result.append(first[text * slot.stride + label]) }
    }
    return result
  }

  // MARK: Phases

  private func runTokens(_ phase: Schedule.Phase) {
    if phase.firstRowsOnly {
      state.parallel.run(batch.count) { text, worker in
        let row = batch.starts[text]
        runRows(phase, row..<(row + 1), worker: worker)
      }
      return
    }
    let rows = batch.tokens.count
    let workers = state.parallel.workerCount
    var tiles = (rows + Self.tileRows - 1) / Self.tileRows
    // An even number of tiles a worker, unless they would become too small to fill a row block.
    if tiles % workers != 0, rows / roundUp(tiles, to: workers) >= 12 {
      tiles = roundUp(tiles, to: workers)
    }
    state.parallel.run(tiles) { tile, worker in
      runRows(phase, (rows * tile / tiles)..<(rows * (tile + 1) / tiles), worker: worker)
    }
  }

  private func runRows(_ phase: Schedule.Phase, _ rows: Range<Int>, worker: Int) {
    for index in phase.steps {
      let start = profile?.now() ?? 0
      switch header.steps[index].operation {
      case .embed(let o): embed(o, rows, worker)
      case .linear(let o): linear(o, rows, worker)
      case .normalize(let o): normalize(o, rows, worker)
      case .pool(let o): pool(o, rows)
      case .attention: break
      }
      profile?.add(
        index, worker, since: start,
        multiplications: rows.count * header.steps[index].operation.multiplicationsPerRow)
    }
  }

  private func runAttention(_ phase: Schedule.Phase) {
    let step = phase.steps.lowerBound
    guard case .attention(let o) = header.steps[step].operation else { return }
    let size = o.query.width / o.heads
    state.parallel.run(batch.count * o.heads) { task, worker in
      let start = profile?.now() ?? 0
      let text = task / o.heads
      let head = task % o.heads
      let rows = batch.rows(of: text)
      let query = place(o.query, rows.lowerBound, worker: 0, tileStart: 0)
      let key = place(o.key, rows.lowerBound, worker: 0, tileStart: 0)
      let value = place(o.value, rows.lowerBound, worker: 0, tileStart: 0)
      let output = place(o.output, rows.lowerBound, worker: 0, tileStart: 0)
      var call = mbq_attention()
      call.query = UnsafePointer(query.pointer + head * size)
      call.key = UnsafePointer(key.pointer + head * size)
      call.value = UnsafePointer(value.pointer + head * size)
      call.query_stride = query.stride
      call.key_stride = key.stride
      call.value_stride = value.stride
      call.output = output.pointer + head * size
      call.output_stride = output.stride
      call.tokens = UInt32(rows.count)
      call.head_size = UInt32(size)
      call.row_count = phase.firstRowsOnly ? 1 : UInt32(rows.count)
      call.scale = 1 / Float(size).squareRoot()
      if let steps = o.steps {
        call.query_step = steps.query
        call.key_step = steps.key
        call.value_step = steps.value
      }
      call.scratch = state.scratchBase(worker)
      switch header.activations {
      case .int8PerToken: set.pointee.attention_i8(&call)
      case .float32: set.pointee.attention_f32(&call)
      }
      profile?.add(
        step, worker, since: start,
        multiplications: 2 * Int(call.row_count) * rows.count * size)
      // A head knows nothing of the row's end, so what the next product reads as padding is zeroed here.
      let padding = roundUp(o.output.width, to: 16) - o.output.width
      guard padding > 0, head == o.heads - 1 else { return }
      for row in 0..<Int(call.row_count) {
        (output.pointer + row * output.stride + o.output.width).update(repeating: 0, count: padding)
      }
    }
  }

  // MARK: Operations on rows

  private func embed(_ o: Operation.Embed, _ rows: Range<Int>, _ worker: Int) {
    let width = UInt32(o.trigram ? o.output.width / 3 : o.output.width)
    let output = place(o.output, rows.lowerBound, worker: worker, tileStart: rows.lowerBound)
    for row in rows {
      let target = output.pointer + (row - rows.lowerBound) * output.stride
      let position = Int(batch.positions[row])
      if o.trigram, let word = o.word {
        let isLast = row + 1 == batch.tokens.count || batch.positions[row + 1] == 0
        let next = isLast ? nil : Int(batch.tokens[row + 1])
        let previous = position == 0 ? nil : Int(batch.tokens[row - 1])
        if width.isMultiple(of: 16) {
          widen(word, next, width, target, add: false)
          widen(word, Int(batch.tokens[row]), width, target + Int(width), add: false)
          widen(word, previous, width, target + 2 * Int(width), add: false)
        } else {
          // Rows are widened in blocks of 16, which would run over the neighbour's columns.
          let room = state.scratchBase(worker).assumingMemoryBound(to: Float.self)
          for (part, token) in [next, Int(batch.tokens[row]), previous].enumerated() {
            widen(word, token, width, room, add: false)
            (target + part * Int(width)).update(from: room, count: Int(width))
          }
          let end = roundUp(o.output.width, to: 16)
          (target + o.output.width).update(repeating: 0, count: end - o.output.width)
        }
        continue
      }
      if let word = o.word { widen(word, Int(batch.tokens[row]), width, target, add: false) }
      if let table = o.position { widen(table, position, width, target, add: o.word != nil) }
      if let table = o.type {
        widen(table, 0, width, target, add: o.word != nil || o.position != nil)
      }
    }
  }

  /// One row of a table as floats; zeros for `nil`.
  @inline(never)
  private func widen(
    _ table: Int, _ row: Int?, _ width: UInt32, _ target: UnsafeMutablePointer<Float>, add: Bool
  ) {
    guard let row else {
      target.update(repeating: 0, count: Int(width))
      return
    }
    let tensor = header.tensors[table]
    let kind: Int
    switch tensor.scheme {
    case .float32: kind = MBQ_ROW_F32
    case .float16: kind = MBQ_ROW_F16
    case .int8Rows: kind = MBQ_ROW_I8
    default: kind = MBQ_ROW_I4
    }
    let start = model.packed.weights.baseAddress! + tensor.offset
    var groups: UnsafePointer<UInt8>?
    if tensor.scheme.groupSize != nil {
      let bytes = model.packed.groups(tensor)
      groups =
        bytes.baseAddress!.assumingMemoryBound(to: UInt8.self) + row * bytes.count / tensor.rows
    }
    set.pointee.widen_row(
      target, start + row * tensor.scheme.byteCount(rows: 1, columns: tensor.columns),
      model.packed.scale(tensor, row: row), width, UInt32(kind), add ? 1 : 0, groups,
      UInt32(tensor.scheme.groupSize ?? 0))
  }

  private func linear(_ o: Operation.Linear, _ rows: Range<Int>, _ worker: Int) {
    let input = place(o.input, rows.lowerBound, worker: worker, tileStart: rows.lowerBound)
    let output = place(o.output, rows.lowerBound, worker: worker, tileStart: rows.lowerBound)
    let tensor = header.tensors[o.weight]
    var call = mbq_linear()
    call.input = UnsafePointer(input.pointer)
    call.input_stride = input.stride
    call.weights = model.packed.weights.baseAddress! + tensor.offset
    if let bias = o.bias { call.bias = model.tensors.vector(bias) }
    if let residual = o.residual {
      let from = place(residual, rows.lowerBound, worker: worker, tileStart: rows.lowerBound)
      call.residual = UnsafePointer(from.pointer)
      call.residual_stride = from.stride
    }
    if let norm = o.norm {
      call.norm = UInt32(norm.kind.rawValue)
      call.gamma = model.tensors.vector(norm.gamma)
      call.beta = model.tensors.vector(norm.beta)
      call.epsilon = norm.epsilon
    }
    call.output = output.pointer
    call.output_stride = output.stride
    call.rows = UInt32(rows.count)
    call.inputs = UInt32(o.input.width)
    call.outputs = UInt32(o.output.width)
    call.activation = UInt32(o.activation.rawValue)
    call.scratch = state.scratchBase(worker)
    if let size = tensor.scheme.groupSize {
      call.groups = model.packed.groups(tensor).baseAddress!.assumingMemoryBound(to: UInt8.self)
      call.group_size = UInt32(size)
    }
    switch o.inputGrid {
    case .int8PerToken: break
    case .int8Static(let step): call.step = step
    case .int16PerToken: call.wide = 1
    }
    if let smoothing = o.smoothing { call.smoothing = model.tensors.vector(smoothing) }
    switch tensor.scheme {
    case _ where tensor.scheme.isInteger:
      call.scales = model.tensors.vector(o.weight)
      call.column_sums = model.tensors.columnSums(o.weight)
      set.pointee.linear_i8(&call)
    case .float16Panels: set.pointee.linear_f16(&call)
    default: set.pointee.linear_f32(&call)
    }
  }

  private func normalize(_ o: Operation.Normalize, _ rows: Range<Int>, _ worker: Int) {
    let input = place(o.input, rows.lowerBound, worker: worker, tileStart: rows.lowerBound)
    let output = place(o.output, rows.lowerBound, worker: worker, tileStart: rows.lowerBound)
    var call = mbq_norm()
    call.input = UnsafePointer(input.pointer)
    call.input_stride = input.stride
    if let residual = o.residual {
      let from = place(residual, rows.lowerBound, worker: worker, tileStart: rows.lowerBound)
      call.residual = UnsafePointer(from.pointer)
      call.residual_stride = from.stride
    }
    call.gamma = model.tensors.vector(o.norm.gamma)
    call.beta = model.tensors.vector(o.norm.beta)
    call.output = output.pointer
    call.output_stride = output.stride
    call.rows = UInt32(rows.count)
    call.width = UInt32(o.output.width)
    call.norm = UInt32(o.norm.kind.rawValue)
    call.epsilon = o.norm.epsilon
    set.pointee.norm(&call)
  }

  private func pool(_ o: Operation.Pool, _ texts: Range<Int>) {
    let output = place(o.output, texts.lowerBound, worker: 0, tileStart: 0)
    for text in texts {
      let input = place(o.input, batch.starts[text], worker: 0, tileStart: 0)
      (output.pointer + (text - texts.lowerBound) * output.stride).update(
        from: input.pointer, count: output.stride)
    }
  }

  /// Where an operand's row stands, and how far it is to the next one.
  private func place(
    _ operand: Operand, _ row: Int, worker: Int, tileStart: Int
  ) -> (pointer: UnsafeMutablePointer<Float>, stride: Int) {
    let slot = header.plan.slots[operand.buffer]
    switch slot.place {
    case .batch:
      let start = state.batchBase + slot.offset * state.tokenCapacity
      return (start + row * slot.stride + operand.column, slot.stride)
    case .tile:
      let start = state.tileBase(worker) + slot.offset * Self.tileRows
      return (start + (row - tileStart) * slot.stride + operand.column, slot.stride)
    }
  }
}
