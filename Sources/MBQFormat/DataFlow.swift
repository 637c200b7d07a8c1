import MBQCore
import MBQModel

/// Follows the rows through the operations: nothing is read before it is written or after its room was
/// given away, no output falls on its own input, rows mean the same on both sides, and a segment may be
/// run in tiles of rows: one tile's outputs leave alone what the next one reads.
struct DataFlow {
  let header: PackedHeader
  private let segments: [Int]
  /// The step that wrote each buffer last.
  private var writer: [Int?]
  /// Those whose writer is known, to be gone through at each step.
  private var alive: [Int] = []
  /// Batch buffers the current segment has read or written, and whether in other rows than its own.
  private var touched: [(buffer: Int, otherRows: Bool)] = []

  init(header: PackedHeader) {
    self.header = header
    writer = Array(repeating: nil, count: header.buffers.count)
    var graph = ModelGraph()
    graph.buffers = header.buffers
    // Operands out of range were not refused yet: here they stand for buffer 0, and the step that has them
    // is refused before its segment matters.
    graph.steps = header.steps.map { step in
      ModelGraph.Step(
        site: Site(step.layer, ""),
        operation: step.operation.mapOperands { operand in
          operand.buffer < header.buffers.count ? operand : Operand(buffer: 0, width: 1)
        })
    }
    segments = header.buffers.isEmpty ? header.steps.map { _ in 0 } : graph.segments
  }

  mutating func step(_ index: Int) throws(FormatError) {
    let operation = header.steps[index].operation
    let output = operation.output
    let domain = header.buffers[output.buffer].rows
    for input in operation.inputs {
      guard let written = writer[input.buffer] else {
        throw header.shape(index, "buffer \(input.buffer) read before it is written")
      }
      let isTile = header.plan.slots[input.buffer].place == .tile
      guard !isTile || segments[written] == segments[index] else {
        throw header.shape(index, "tile buffer \(input.buffer) read in another segment")
      }
      if case .pool = operation {
        guard header.buffers[input.buffer].rows == .tokens, domain == .texts, !isTile else {
          throw header.shape(index, "a pool that is not from tokens to texts")
        }
      } else {
        guard header.buffers[input.buffer].rows == domain else {
          throw header.shape(index, "rows of tokens and of texts in one operation")
        }
      }
      if overlap(input.buffer, output.buffer) && !mayOverwrite(operation, input) {
        throw header.shape(index, "an output on top of its input")
      }
    }
    if header.plan.slots[output.buffer].place == .tile {
      guard operation.isRowLocal, domain == .tokens else {
        throw header.shape(index, "a tile buffer written by an operation over whole texts")
      }
    }
    switch operation {
    case .embed, .attention:
      guard domain == .tokens else { throw header.shape(index, "rows of texts") }
    case .linear, .normalize, .pool: break
    }
    // Whatever shared this room is gone.
    for buffer in alive where buffer != output.buffer && overlap(buffer, output.buffer) {
      writer[buffer] = nil
    }
    alive.removeAll { writer[$0] == nil || $0 == output.buffer }
    alive.append(output.buffer)
    writer[output.buffer] = index
    try touch(index)
  }

  /// Refuses an output that would fall on other rows of what the segment has used.
  private mutating func touch(_ index: Int) throws(FormatError) {
    if index > 0, segments[index] != segments[index - 1] { touched = [] }
    let operation = header.steps[index].operation
    let output = operation.output.buffer
    let slots = header.plan.slots
    for other in touched where overlap(other.buffer, output) {
      guard slots[other.buffer] == slots[output], !other.otherRows else {
        throw header.shape(index, "an output on rows that its segment still reads")
      }
    }
    var isPool = false
    if case .pool = operation { isPool = true }
    let used = operation.inputs.map { ($0.buffer, isPool) } + [(output, false)]
    for (buffer, otherRows) in used where slots[buffer].place == .batch {
      if !touched.contains(where: { $0.buffer == buffer && $0.otherRows == otherRows }) {
        touched.append((buffer, otherRows))
      }
    }
  }

  func logits() throws(FormatError) {
    let logits = header.logits
    guard header.isInside(logits), logits.width == header.labels.count,
      header.buffers[logits.buffer].rows == .texts, writer[logits.buffer] != nil
    else {
      throw .invalid(
        field: "logits", found: "buffer \(logits.buffer), width \(logits.width)",
        allowed: "a written buffer of texts with one column a label")
    }
  }

  /// A linear or norm may write exactly where its residual stands: it reads each element before it
  /// writes it.
  private func mayOverwrite(_ operation: Operation, _ input: Operand) -> Bool {
    let residual: Operand?
    switch operation {
    case .linear(let o): residual = o.residual == o.input ? nil : o.residual
    case .normalize(let o): residual = o.residual
    case .embed, .attention, .pool: residual = nil
    }
    let output = operation.output
    return residual == input && input.column == 0
      && header.plan.slots[input.buffer] == header.plan.slots[output.buffer]
  }

  private func overlap(_ a: Int, _ b: Int) -> Bool {
    let (a, b) = (header.plan.slots[a], header.plan.slots[b])
    return a.place == b.place && a.offset < b.offset + b.stride && b.offset < a.offset + a.stride
  }
}
