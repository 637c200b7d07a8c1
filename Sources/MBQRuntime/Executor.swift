import MBQCore
import MBQFormat
import MBQKernels
import MBQModel
import MBQSchemes

/// Runs a model on a batch of texts laid row after row, no padding between them.
struct Executor {
  let state: RunState
  let batch: TokenBatch
  private let header: PackedHeader
  private let kernels: KernelSet
  private let profile: RunProfile?
  private var model: Model { state.model }

  init(state: RunState, batch: TokenBatch) {
    self.state = state
    self.batch = batch
    header = state.model.packed.header
    kernels = state.model.kernels
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
    var tiles = KernelSet.tileCount(rows: rows)
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
    // Of a number without a sign: the root of another would call libm, which small devices lack.
    let scale = 1 / Float(UInt32(size)).squareRoot()
    let isInteger =
      switch header.activations {
      case .int8PerToken: true
      case .float32: false
      }
    state.parallel.run(batch.count * o.heads) { task, worker in
      let start = profile?.now() ?? 0
      let text = task / o.heads
      let head = task % o.heads
      let rows = batch.rows(of: text)
      let output = self.head(head, size, of: o.output, rows.lowerBound)
      let call = AttentionCall(
        query: self.head(head, size, of: o.query, rows.lowerBound),
        key: self.head(head, size, of: o.key, rows.lowerBound),
        value: self.head(head, size, of: o.value, rows.lowerBound),
        output: output, tokens: rows.count, rows: phase.firstRowsOnly ? 1 : rows.count,
        scale: scale, steps: o.steps, scratch: state.scratch(worker))
      kernels.attention(call, isInteger: isInteger)
      profile?.add(
        step, worker, since: start,
        multiplications: 2 * call.rows * rows.count * size)
      // A head knows nothing of the row's end, so what the next product reads as padding is zeroed here.
      let padding = roundUp(o.output.width, to: 16) - o.output.width
      guard padding > 0, head == o.heads - 1 else { return }
      for row in 0..<call.rows {
        (output.base + row * output.stride + size).update(repeating: 0, count: padding)
      }
    }
  }

  // MARK: Operations on rows

  private func embed(_ o: Operation.Embed, _ rows: Range<Int>, _ worker: Int) {
    let width = o.trigram ? o.output.width / 3 : o.output.width
    let output = place(o.output, rows.lowerBound, worker)
    for row in rows {
      let target = output.base + (row - rows.lowerBound) * output.stride
      let position = Int(batch.positions[row])
      if o.trigram, let word = o.word {
        let isLast = row + 1 == batch.tokens.count || batch.positions[row + 1] == 0
        let next = isLast ? nil : Int(batch.tokens[row + 1])
        let previous = position == 0 ? nil : Int(batch.tokens[row - 1])
        if width.isMultiple(of: 16) {
          widen(word, next, width, target, add: false)
          widen(word, Int(batch.tokens[row]), width, target + width, add: false)
          widen(word, previous, width, target + 2 * width, add: false)
        } else {
          // Rows are widened in blocks of 16, which would run over the neighbour's columns.
          let room = state.scratch(worker).baseAddress!.assumingMemoryBound(to: Float.self)
          for (part, token) in [next, Int(batch.tokens[row]), previous].enumerated() {
            widen(word, token, width, room, add: false)
            (target + part * width).update(from: room, count: width)
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
    _ table: Int, _ row: Int?, _ width: Int, _ target: UnsafeMutablePointer<Float>, add: Bool
  ) {
    guard let row else {
      target.update(repeating: 0, count: width)
      return
    }
    kernels.widen(model.tensors.table(table), row: row, to: target, adding: add)
  }

  private func linear(_ o: Operation.Linear, _ rows: Range<Int>, _ worker: Int) {
    var call = LinearCall(
      input: place(o.input, rows.lowerBound, worker),
      output: place(o.output, rows.lowerBound, worker), rows: rows.count,
      scratch: state.scratch(worker))
    call.bias = o.bias.map { model.tensors.vector($0, count: o.output.width) }
    call.activation = o.activation
    call.residual = o.residual.map { place($0, rows.lowerBound, worker) }
    call.norm = o.norm.map { norm($0, o.output.width) }
    call.grid = o.inputGrid
    call.smoothing = o.smoothing.map { model.tensors.vector($0, count: o.input.width) }
    kernels.linear(call, model.tensors.matrix(o.weight))
  }

  private func normalize(_ o: Operation.Normalize, _ rows: Range<Int>, _ worker: Int) {
    kernels.normalize(
      norm(o.norm, o.output.width), input: place(o.input, rows.lowerBound, worker),
      residual: o.residual.map { place($0, rows.lowerBound, worker) },
      output: place(o.output, rows.lowerBound, worker), rows: rows.count)
  }

  private func norm(_ norm: Norm, _ width: Int) -> KernelNorm {
    KernelNorm(
      norm.kind, gamma: model.tensors.vector(norm.gamma, count: width),
      beta: model.tensors.vector(norm.beta, count: width), epsilon: norm.epsilon)
  }

  /// From rows of tokens to rows of texts, which no tile holds.
  private func pool(_ o: Operation.Pool, _ texts: Range<Int>) {
    let output = place(o.output, texts.lowerBound, 0)
    for text in texts {
      let input = place(o.input, batch.starts[text], 0)
      (output.base + (text - texts.lowerBound) * output.stride).update(
        from: input.base, count: output.stride)
    }
  }

  // MARK: Places

  /// The columns of an operand from row `row` on: of the batch, or of the worker's tile, whose first row
  /// that is.
  private func place(_ operand: Operand, _ row: Int, _ worker: Int) -> KernelRows {
    let slot = header.plan.slots[operand.buffer]
    let first =
      switch slot.place {
      case .batch: state.batchBase + slot.offset * state.tokenCapacity + row * slot.stride
      case .tile: state.tileBase(worker) + slot.offset * KernelSet.tileRows
      }
    return KernelRows(first + operand.column, stride: slot.stride, width: operand.width)
  }

  /// One head's columns of an operand, which stands in the batch.
  private func head(_ head: Int, _ size: Int, of operand: Operand, _ row: Int) -> KernelRows {
    let all = place(operand, row, 0)
    return KernelRows(all.base + head * size, stride: all.stride, width: size)
  }
}
