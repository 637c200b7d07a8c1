import MBQModel
import Testing

/// The plan of buffers, checked by running every graph with names for numbers: what each operation reads
/// must be what was written for it.
@Suite("The plan of buffers")
struct BufferPlanTests {
  /// What a float of the memory holds.
  private struct Content: Equatable {
    var buffer: Int
    var row: Int
    var column: Int
  }

  /// Memory as the runtime has it: the batch's room and one tile's.
  private struct Memory {
    let graph: ModelGraph
    let plan: BufferPlan
    /// Tokens in all, and in a tile.
    let tokens: Int
    let tileRows: Int
    private var batch: [Content?]
    private var tile: [Content?]

    init(_ graph: ModelGraph, _ plan: BufferPlan, tokens: Int, tileRows: Int) {
      self.graph = graph
      self.plan = plan
      self.tokens = tokens
      self.tileRows = tileRows
      batch = Array(repeating: nil, count: plan.batchWidth * tokens)
      tile = Array(repeating: nil, count: plan.tileWidth * tileRows)
    }

    private func index(_ buffer: Int, _ row: Int, tileStart: Int) -> Int {
      let slot = plan.slots[buffer]
      return slot.place == .batch
        ? slot.offset * tokens + row * slot.stride
        : slot.offset * tileRows + (row - tileStart) * slot.stride
    }

    func holds(_ operand: Operand, row: Int, tileStart: Int) -> Bool {
      let first = index(operand.buffer, row, tileStart: tileStart)
      return (operand.column..<(operand.column + operand.width)).allSatisfy {
        let content = Content(buffer: operand.buffer, row: row, column: $0)
        return plan.slots[operand.buffer].place == .batch
          ? batch[first + $0] == content : tile[first + $0] == content
      }
    }

    /// Writes the whole stride of a row: kernels fill the padding with zeros.
    mutating func write(_ operand: Operand, row: Int, tileStart: Int) {
      let first = index(operand.buffer, row, tileStart: tileStart)
      for column in 0..<plan.slots[operand.buffer].stride {
        let content = Content(buffer: operand.buffer, row: row, column: column)
        if plan.slots[operand.buffer].place == .batch {
          batch[first + column] = content
        } else {
          tile[first + column] = content
        }
      }
    }
  }

  /// The first step that reads something else than it should, with tiles of tokens taken through each
  /// segment in the order given.
  private func firstMistake(
    _ graph: ModelGraph, plan: BufferPlan? = nil, tokens: Int, tileRows: Int, reversed: Bool
  ) -> String? {
    let plan = plan ?? graph.planBuffers()
    let segments = graph.segments
    var memory = Memory(graph, plan, tokens: tokens, tileRows: tileRows)
    // Two texts, so that pools read more than the first row.
    let textStarts = [0, tokens / 2]

    /// `inputs` hold what was written for this step.
    func missing(_ inputs: [Operand], _ step: Int, _ rows: Range<Int>, tileStart: Int) -> String? {
      for row in rows {
        for input in inputs {
          var source = row
          if case .pool = graph.steps[step].operation { source = textStarts[row] }
          if !memory.holds(input, row: source, tileStart: tileStart) {
            return "\(graph.steps[step].site.name) reads row \(source) of buffer \(input.buffer)"
          }
        }
      }
      return nil
    }

    func run(_ step: Int, rows: Range<Int>, tileStart: Int) -> String? {
      let operation = graph.steps[step].operation
      if let mistake = missing(operation.inputs, step, rows, tileStart: tileStart) {
        return mistake
      }
      for row in rows { memory.write(operation.output, row: row, tileStart: tileStart) }
      // A kernel may read an input again after it has written some of the output; only its residual
      // may stand exactly where the output does.
      let place = plan.slots[operation.output.buffer]
      let kept = operation.inputs.filter { input in
        operation.residual?.buffer != input.buffer || plan.slots[input.buffer] != place
      }
      return missing(kept, step, rows, tileStart: tileStart)
    }

    var start = 0
    while start < segments.count {
      let end = segments[start...].firstIndex { $0 != segments[start] } ?? segments.count
      let output = graph.steps[start].operation.output
      if graph.buffers[output.buffer].rows == .texts {
        for step in start..<end {
          if let mistake = run(step, rows: 0..<2, tileStart: 0) { return mistake }
        }
      } else if case .attention = graph.steps[start].operation {
        if let mistake = run(start, rows: 0..<tokens, tileStart: 0) { return mistake }
      } else {
        var tiles = stride(from: 0, to: tokens, by: tileRows).map {
          $0..<min($0 + tileRows, tokens)
        }
        if reversed { tiles.reverse() }
        for tile in tiles {
          for step in start..<end {
            if let mistake = run(step, rows: tile, tileStart: tile.lowerBound) { return mistake }
          }
        }
      }
      start = end
    }
    guard memory.holds(graph.logits, row: 0, tileStart: 0),
      memory.holds(graph.logits, row: 1, tileStart: 0)
    else { return "the logits are gone" }
    return nil
  }

  @Test("no operation reads what another tile or a later buffer has written over")
  func nothingIsLost() throws {
    for (name, graph) in try graphs() where name.hasPrefix("the real") == false {
      for reversed in [false, true] {
        let mistake = firstMistake(graph, tokens: 7, tileRows: 3, reversed: reversed)
        #expect(mistake == nil, "\(name)")
      }
    }
  }

  @Test("nor in MobileBERT's own size")
  func nothingIsLostInStandardSize() {
    var configuration = ModelConfiguration.standard
    // Layers are alike; three of them have every kind of neighbour.
    configuration.layerCount = 3
    let graph = ModelFamilies.lower(configuration).foldingNorms().mergingLinears()
    for reversed in [false, true] {
      #expect(firstMistake(graph, tokens: 7, tileRows: 3, reversed: reversed) == nil)
    }
  }

  /// The check would notice: in one layer, each output is moved onto each of its inputs in turn.
  @Test("a plan with two buffers in one place is found out")
  func mistakesAreFound() {
    var configuration = ModelConfiguration.standard
    configuration.layerCount = 2
    let graph = ModelFamilies.lower(configuration).foldingNorms().mergingLinears()
    let good = graph.planBuffers()
    var foundCount = 0
    var count = 0
    for step in graph.steps where step.site.layer == 1 {
      let output = step.operation.output.buffer
      for input in step.operation.inputs where input.buffer != output {
        let sameRoom = good.slots[input.buffer].place == good.slots[output].place
        let overwrites = good.slots[input.buffer].offset == good.slots[output].offset
        guard sameRoom, !overwrites else { continue }
        var plan = good
        plan.slots[output].offset = good.slots[input.buffer].offset
        plan.batchWidth += 1024
        plan.tileWidth += 1024
        count += 1
        let mistakes = [false, true].compactMap {
          firstMistake(graph, plan: plan, tokens: 7, tileRows: 3, reversed: $0)
        }
        if !mistakes.isEmpty { foundCount += 1 }
      }
    }
    #expect(count == 13)
    #expect(foundCount == count)
  }

  @Test("each slot lies in its room, on a multiple of 16, as wide as its buffer")
  func slots() throws {
    for (name, graph) in try graphs() {
      let plan = graph.planBuffers()
      #expect(plan.slots.count == graph.buffers.count)
      for (slot, buffer) in zip(plan.slots, graph.buffers) {
        #expect(slot.stride == (buffer.width + 15) / 16 * 16, "\(name)")
        #expect(slot.offset.isMultiple(of: 16))
        let room = slot.place == .batch ? plan.batchWidth : plan.tileWidth
        // Buffers that merging left without a use keep an empty place at the start.
        #expect(slot.offset + slot.stride <= max(room, slot.stride), "\(name)")
        #expect(slot.place == .batch || buffer.rows == .tokens)
      }
    }
  }

  @Test("MobileBERT's room: numbers that a change of the plan shows in")
  func widths() {
    let plain = ModelFamilies.lower(.standard).planBuffers()
    #expect([plain.batchWidth, plain.tileWidth] == [1152, 896])
    let packed = ModelFamilies.lower(.standard).foldingNorms().mergingLinears().planBuffers()
    #expect([packed.batchWidth, packed.tileWidth] == [1280, 896])
  }
}

extension MBQModel.Operation {
  /// What is added to the output, element by element.
  fileprivate var residual: Operand? {
    switch self {
    case .linear(let linear): linear.residual
    case .normalize(let normalize): normalize.residual
    case .embed, .attention, .pool: nil
    }
  }
}
