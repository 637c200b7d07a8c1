import MBQCore
import MBQModel
import MBQSchemes

/// The limits every model keeps, so that sizes never overflow and kernels never leave their bounds.
public enum PackedLimits {
  /// Of the int32 sums in attention; see MBQ_MAX_TOKENS in mbq_kernels.h.
  public static let tokens = 1024
  /// Floats a token may need in the batch's room or the tile's: 256 MB for the longest text.
  public static let width = 1 << 16
  /// An operand's width has 16 bits.
  public static let bufferWidth = (1 << 16) - 1
  /// Far above any model of this kind, and low enough to be checked in a moment.
  public static let operations = 1 << 14
  public static let buffers = 1 << 15
  public static let tensors = (1 << 16) - 1
  /// Inputs of an int8 product; see MBQ_MAX_DEPTH in mbq_kernels.h.
  public static let depth = 1 << 16
  public static let headSize = 256
  /// Bytes a compressed section may unfold to: a small file must not fill the memory.
  public static let rawSection = 1 << 26
  /// The same for weights: 98 MB of fp32 are below it.
  public static let rawWeights = 1 << 27
}

extension PackedHeader {
  /// Checks everything the runtime and the kernels rely on.
  ///
  /// After this, nothing is checked again.
  package func validate(weights: UnsafeRawBufferPointer) throws(FormatError) {
    try require(maximumTokens, 2...PackedLimits.tokens, "maximum tokens")
    try require(vocabularyCount, 1...(1 << 24), "vocabulary count")
    try require(plan.batchWidth, 1...PackedLimits.width, "batch width")
    try require(plan.tileWidth, 0...PackedLimits.width, "tile width")
    try require(steps.count, 1...PackedLimits.operations, "operation count")
    try validateDecision()
    for (index, slot) in plan.slots.enumerated() {
      let limit = slot.place == .batch ? plan.batchWidth : plan.tileWidth
      guard slot.offset.isMultiple(of: 16), slot.offset + slot.stride <= limit else {
        throw .invalid(
          field: "place of buffer \(index)", found: "\(slot.offset) + \(slot.stride)",
          allowed: "a multiple of 16 within \(limit)")
      }
    }
    var end = 0
    for (index, tensor) in tensors.enumerated() {
      try validate(tensor, index, after: &end, weightsSize: weights.count)
      try validateGroups(tensor, index, weights)
    }
    var flow = DataFlow(header: self)
    for index in steps.indices {
      try validate(steps[index].operation, index)
      try flow.step(index)
    }
    try flow.logits()
  }

  /// A NaN is in no range.
  private func validateDecision() throws(FormatError) {
    guard Decision.temperatures.contains(decision.temperature),
      task == .singleLabel || decision.temperature == 1
    else {
      throw .invalid(
        field: "temperature", found: "\(decision.temperature.bitPattern) (bits)",
        allowed: "2^-10 to 2^10, and 1 with any number of labels a text")
    }
    guard decision.threshold >= 0, decision.threshold <= 1,
      labels.count == 2 && task == .singleLabel || decision.threshold == 0.5
    else {
      throw .invalid(
        field: "threshold", found: "\(decision.threshold.bitPattern) (bits)",
        allowed: "0 to 1 with two labels of which a text has one, otherwise 0.5")
    }
  }

  private func require(
    _ value: Int, _ range: ClosedRange<Int>, _ field: StaticString
  ) throws(FormatError) {
    guard range.contains(value) else {
      throw .invalid(
        field: "\(field)", found: "\(value)", allowed: "\(range.lowerBound) to \(range.upperBound)")
    }
  }

  /// Checks one tensor; `end` is where the one before ends.
  ///
  /// Tensors that share bytes would let a small file ask for any amount of memory where vectors are
  /// widened.
  private func validate(
    _ tensor: PackedTensor, _ index: Int, after end: inout Int, weightsSize: Int
  ) throws(FormatError) {
    guard (1...(1 << 24)).contains(tensor.rows), (1...(1 << 16)).contains(tensor.columns) else {
      throw .invalid(
        field: "shape of \(tensorName(index))", found: "\(tensor.rows) × \(tensor.columns)",
        allowed: "1 to 2^24 × 1 to 2^16")
    }
    // Below 2^43; where `Int` has 32 bits, it may not fit one.
    let most = UInt64(roundUp(tensor.rows, to: 16)) &* UInt64(roundUp(tensor.columns, to: 4)) &* 4
    let fits = most <= UInt64(Int.max)
    let size = fits ? tensor.byteCount : Int.max
    guard tensor.offset.isMultiple(of: 64), tensor.offset >= end, size <= weightsSize,
      tensor.offset <= weightsSize - size
    else {
      throw .invalid(
        field: "place of \(tensorName(index))", found: "\(size) bytes at \(tensor.offset)",
        allowed: "a multiple of 64 from \(end) on, within \(weightsSize)")
    }
    end = tensor.offset + size
    guard tensor.scheme.hasScales else {
      guard tensor.scalesOffset == 0 else {
        throw .invalid(
          field: "scales of \(tensorName(index))", found: "at \(tensor.scalesOffset)",
          allowed: "0, for there are none")
      }
      return
    }
    let scales = tensor.rows * 2
    guard tensor.scalesOffset.isMultiple(of: 2), tensor.scalesOffset >= end, scales <= weightsSize,
      tensor.scalesOffset <= weightsSize - scales
    else {
      throw .invalid(
        field: "scales of \(tensorName(index))", found: "\(scales) bytes at \(tensor.scalesOffset)",
        allowed: "even, from \(end) on, within \(weightsSize)")
    }
    end = tensor.scalesOffset + scales
  }

  /// No group may turn a level into an integer outside of ±127: what the bounds of the products and the
  /// kernels' bytes rely on.
  private func validateGroups(
    _ tensor: PackedTensor, _ index: Int, _ weights: UnsafeRawBufferPointer
  ) throws(FormatError) {
    let start = tensor.offset + tensor.scheme.byteCount(rows: tensor.rows, columns: tensor.columns)
    for byte in weights[start..<(tensor.offset + tensor.byteCount)]
    where !GroupByte(byte).fitsInt8 {
      let group = GroupByte(byte)
      throw .invalid(
        field: "a group of \(tensorName(index))",
        found: "multiplier \(group.multiplier) with zero point \(group.zero)",
        allowed: "multiplier * max(zero point, 15 - zero point) up to 127")
    }
  }

  // MARK: Operations

  private func validate(_ operation: Operation, _ index: Int) throws(FormatError) {
    for operand in operation.inputs + [operation.output] {
      guard isInside(operand) else { throw shape(index, "an operand outside of its buffer") }
      guard isWhole(operand) else { throw shape(index, "an operand that ends within 16 columns") }
    }
    // Columns nothing writes would hold what was there before.
    guard operation.output.width == buffers[operation.output.buffer].width else {
      throw shape(index, "an output that does not cover its buffer")
    }
    for tensor in operation.tensors where tensor >= tensors.count {
      throw shape(index, "tensor \(tensor) of \(tensors.count)")
    }
    switch operation {
    case .embed(let o): try validate(o, index)
    case .linear(let o): try validate(o, index)
    case .attention(let o):
      let width = o.query.width
      guard o.heads > 0, width.isMultiple(of: o.heads), width / o.heads <= PackedLimits.headSize,
        o.key.width == width, o.value.width == width, o.output.width == width
      else { throw shape(index, "\(o.heads) heads on widths that do not fit") }
      if let steps = o.steps {
        guard activations == .int8PerToken else {
          throw shape(index, "steps in a model of float activations")
        }
        try validate(step: steps.query, index)
        try validate(step: steps.key, index)
        try validate(step: steps.value, index)
      }
    case .normalize(let o):
      guard o.input.width == o.output.width, o.residual.map({ $0.width == o.output.width }) ?? true
      else { throw shape(index, "operands of different widths") }
      try validate(o.norm, o.output.width, index)
    case .pool(let o):
      guard o.input.width == o.output.width else { throw shape(index, "different widths") }
    }
  }

  fileprivate func isInside(_ operand: Operand) -> Bool {
    operand.buffer < buffers.count && operand.column.isMultiple(of: 16)
      && operand.column + operand.width <= buffers[operand.buffer].width
  }

  /// Kernels read columns in sixteens, and rely on zeros past the width.
  fileprivate func isWhole(_ operand: Operand) -> Bool {
    operand.width.isMultiple(of: 16)
      || operand.column + operand.width == buffers[operand.buffer].width
  }

  private func validate(_ o: Operation.Embed, _ index: Int) throws(FormatError) {
    let wordWidth = o.trigram ? o.output.width / 3 : o.output.width
    guard o.word != nil || o.position != nil || o.type != nil else {
      throw shape(index, "no table")
    }
    guard
      !o.trigram || (o.output.width == wordWidth * 3 && o.position == nil && o.type == nil)
    else { throw shape(index, "a trigram that does not fit") }
    for (table, rows, width) in [
      (o.word, vocabularyCount, wordWidth), (o.position, maximumTokens, o.output.width),
      (o.type, 1, o.output.width),
    ] {
      guard let table else { continue }
      let tensor = tensors[table]
      guard case .rows = tensor.scheme.layout, tensor.rows >= rows, tensor.columns == width else {
        throw shape(index, "\(tensorName(table)) of \(tensor.rows) × \(tensor.columns)")
      }
    }
  }

  private func validate(_ o: Operation.Linear, _ index: Int) throws(FormatError) {
    let weight = tensors[o.weight]
    guard case .panels = weight.scheme.layout, weight.rows == o.output.width,
      weight.columns == o.input.width
    else {
      throw shape(index, "\(tensorName(o.weight)) of \(weight.rows) × \(weight.columns)")
    }
    if let bias = o.bias { try validateVector(bias, o.output.width, index) }
    guard o.residual.map({ $0.width == o.output.width }) ?? true else {
      throw shape(index, "a residual of another width")
    }
    if let norm = o.norm { try validate(norm, o.output.width, index) }
    guard o.inputGrid != .int8PerToken || o.smoothing != nil else { return }
    guard activations == .int8PerToken, weight.scheme.isInteger else {
      throw shape(index, "a grid or smoothing for \(weight.scheme.caseName) weights")
    }
    if case .int8Static(let step) = o.inputGrid { try validate(step: step, index) }
    if let smoothing = o.smoothing { try validateVector(smoothing, o.input.width, index) }
  }

  @inline(never)
  private func validate(step: Float, _ index: Int) throws(FormatError) {
    guard step.isNormal, step > 0 else {
      throw .invalid(
        field: "a step of operation \(index) (\(stepName(index)))",
        found: "\(step.bitPattern) (bits)", allowed: "a normal number above 0")
    }
  }

  private func validate(_ norm: Norm, _ width: Int, _ index: Int) throws(FormatError) {
    try validateVector(norm.gamma, width, index)
    try validateVector(norm.beta, width, index)
  }

  private func validateVector(_ tensor: Int, _ width: Int, _ index: Int) throws(FormatError) {
    let vector = tensors[tensor]
    guard vector.rows == 1, vector.columns == width,
      vector.scheme == .float32 || vector.scheme == .float16
    else {
      throw shape(index, "\(tensorName(tensor)) of \(vector.columns), \(vector.scheme.caseName)")
    }
  }

  func shape(_ index: Int, _ found: Message) -> FormatError {
    .invalid(
      field: "operation \(index) (\(stepName(index)))", found: found,
      allowed: "operands and tensors that fit each other")
  }
}

/// Follows the rows through the operations: nothing is read before it is written or after its room was
/// given away, no output falls on its own input, rows mean the same on both sides, and a segment may be
/// run in tiles of rows: one tile's outputs leave alone what the next one reads.
private struct DataFlow {
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
    // Buffers out of range were not refused yet; they are given a segment of their own.
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
