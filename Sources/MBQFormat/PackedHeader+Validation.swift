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
    guard case .levels(let bits, _) = tensor.scheme.storage else { return }
    for byte in weights[start..<(tensor.offset + tensor.byteCount)]
    where !GroupByte(byte).fitsInt8(bits: bits) {
      let group = GroupByte(byte)
      let top = 1 << bits - 1
      let bound: Message = "multiplier * max(zero point, \(top) - zero point) up to 127"
      // A zero point has 4 bits.
      throw .invalid(
        field: "a group of \(tensorName(index))",
        found: "multiplier \(group.multiplier) with zero point \(group.zero)",
        allowed: top == 15 ? bound : "a zero point up to \(top), \(bound)")
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

  func isInside(_ operand: Operand) -> Bool {
    operand.buffer < buffers.count && operand.column.isMultiple(of: 16)
      && operand.column + operand.width <= buffers[operand.buffer].width
  }

  /// Kernels read columns in sixteens, and rely on zeros past the width.
  private func isWhole(_ operand: Operand) -> Bool {
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
      guard !tensor.scheme.hasPanels, tensor.rows >= rows, tensor.columns == width else {
        throw shape(index, "\(tensorName(table)) of \(tensor.rows) × \(tensor.columns)")
      }
    }
  }

  private func validate(_ o: Operation.Linear, _ index: Int) throws(FormatError) {
    let weight = tensors[o.weight]
    guard weight.scheme.hasPanels, weight.rows == o.output.width,
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
      throw shape(index, "a grid or smoothing for \(weight.scheme.descriptor.name) weights")
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
      !vector.scheme.hasPanels, !vector.scheme.hasScales
    else {
      throw shape(
        index, "\(tensorName(tensor)) of \(vector.columns), \(vector.scheme.descriptor.name)")
    }
  }

  /// What is wrong with an operation as a whole.
  func shape(_ index: Int, _ found: Message) -> FormatError {
    .invalid(
      field: "operation \(index) (\(stepName(index)))", found: found,
      allowed: "operands and tensors that fit each other")
  }
}
