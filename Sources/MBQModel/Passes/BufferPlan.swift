import MBQCore

/// The places of the buffers of a graph in memory.
///
/// Operations between two attentions are row-local, so the runtime runs a tile of tokens through all of
/// them before the next tile: a *segment*. A buffer used in one segment only needs room for a
/// tile; others need room for every token. Room is planned by first fit over the steps between a
/// buffer's first and last use.
public struct BufferPlan: Equatable, Sendable {
  public enum Place: UInt8, Sendable, CaseIterable {
    /// Room for every token (or text) of the batch.
    case batch = 0
    /// Room for the tokens of one tile.
    case tile = 1
  }

  public struct Slot: Equatable, Sendable {
    public var place: Place
    /// The offset in floats per row: the buffer starts at `offset · rows` floats.
    public var offset: Int
    /// Floats from row to row: the width rounded up to 16.
    public var stride: Int

    public init(place: Place, offset: Int, stride: Int) {
      self.place = place
      self.offset = offset
      self.stride = stride
    }

    func overlaps(_ other: Slot) -> Bool {
      place == other.place && offset < other.offset + other.stride
        && other.offset < offset + stride
    }
  }

  /// One a buffer.
  public var slots: [Slot]
  /// Floats per token in the memory of the batch, and in the memory of the tile.
  public var batchWidth: Int
  public var tileWidth: Int

  public init(slots: [Slot], batchWidth: Int, tileWidth: Int) {
    self.slots = slots
    self.batchWidth = batchWidth
    self.tileWidth = tileWidth
  }
}

extension ModelGraph {
  /// The segment of every step: a new one starts at each attention and after it, and where rows become
  /// texts.
  public var segments: [Int] {
    var segment = 0
    var result: [Int] = []
    for (index, step) in steps.enumerated() {
      if index > 0, startsSegment(step.operation, after: steps[index - 1].operation) {
        segment += 1
      }
      result.append(segment)
    }
    return result
  }

  private func startsSegment(_ operation: Operation, after previous: Operation) -> Bool {
    !operation.isRowLocal || !previous.isRowLocal || domain(operation) != domain(previous)
  }

  private func domain(_ operation: Operation) -> RowDomain {
    buffers[operation.output.buffer].rows
  }

  /// Plans every buffer.
  ///
  /// A linear or norm may overwrite its residual if nothing reads it later.
  public func planBuffers() -> BufferPlan {
    let segments = self.segments
    var lives = [ClosedRange<Int>?](repeating: nil, count: buffers.count)
    func touch(_ operand: Operand, at step: Int) {
      let life = lives[operand.buffer] ?? step...step
      lives[operand.buffer] = min(life.lowerBound, step)...max(life.upperBound, step)
    }
    for (index, step) in steps.enumerated() {
      for operand in step.operation.inputs { touch(operand, at: index) }
      touch(step.operation.output, at: index)
    }
    touch(logits, at: steps.count - 1)

    // A tile finishes a segment before the next tile starts it. So a batch buffer that the segment reads must
    // stay until its end, except for a buffer with the same rows in the same place.
    func inSegments(_ life: ClosedRange<Int>) -> ClosedRange<Int> {
      segments[life.lowerBound]...segments[life.upperBound]
    }
    func conflict(_ a: Int, _ b: Int) -> Bool {
      guard slots[a].place == slots[b].place, slots[a].overlaps(slots[b]),
        let lifeA = lives[a], let lifeB = lives[b]
      else { return false }
      if lifeA.overlaps(lifeB) { return true }
      guard slots[a].place == .batch else { return false }
      return inSegments(lifeA).overlaps(inSegments(lifeB))
        && (slots[a] != slots[b] || readByPool(a) || readByPool(b))
    }
    var slots = buffers.map {
      BufferPlan.Slot(place: .batch, offset: 0, stride: roundUp($0.width, to: 16))
    }
    var widths = [0, 0]
    var placed: [Int] = []
    // In order of first use, so that the order of the file is the order of execution.
    let order = buffers.indices.filter { lives[$0] != nil }
      .sorted { (lives[$0]!.lowerBound, $0) < (lives[$1]!.lowerBound, $1) }
    for buffer in order {
      guard let life = lives[buffer] else { continue }
      let local =
        buffers[buffer].rows == .tokens && segments[life.lowerBound] == segments[life.upperBound]
        && steps[life.lowerBound].operation.isRowLocal
        && steps[life.upperBound].operation.isRowLocal
        && !readByPool(buffer)
      slots[buffer].place = local ? .tile : .batch
      if let residual = overwritable(by: buffer, life: life, lives: lives),
        slots[residual].place == slots[buffer].place,
        slots[residual].stride == slots[buffer].stride
      {
        slots[buffer].offset = slots[residual].offset
      } else {
        // It may start where others start or end; after the last one there is always room.
        let others = placed.filter {
          slots[$0].place == slots[buffer].place
            && inSegments(lives[$0]!).overlaps(inSegments(life))
        }
        let offsets = others.flatMap { [slots[$0].offset, slots[$0].offset + slots[$0].stride] }
        for offset in Set(offsets + [0]).sorted() {
          slots[buffer].offset = offset
          if !others.contains(where: { conflict($0, buffer) }) { break }
        }
      }
      placed.append(buffer)
      let index = local ? 1 : 0
      widths[index] = max(widths[index], slots[buffer].offset + slots[buffer].stride)
    }
    return BufferPlan(slots: slots, batchWidth: widths[0], tileWidth: widths[1])
  }

  /// A pool gathers rows of all texts, so its input needs memory for the whole batch.
  private func readByPool(_ buffer: Int) -> Bool {
    steps.contains {
      if case .pool(let pool) = $0.operation { pool.input.buffer == buffer } else { false }
    }
  }

  /// The residual that `buffer` may replace: the step that writes `buffer` is its last use, it covers its
  /// whole buffer, and that step has no other operand in it.
  private func overwritable(
    by buffer: Int, life: ClosedRange<Int>, lives: [ClosedRange<Int>?]
  ) -> Int? {
    let residual: Operand?
    switch steps[life.lowerBound].operation {
    case .linear(let o): residual = o.residual == o.input ? nil : o.residual
    case .normalize(let o): residual = o.residual
    default: residual = nil
    }
    guard let residual, residual.column == 0, residual.width == buffers[residual.buffer].width,
      lives[residual.buffer]?.upperBound == life.lowerBound,
      steps[life.lowerBound].operation.inputs.filter({ $0.buffer == residual.buffer }).count == 1
    else { return nil }
    return residual.buffer
  }
}
