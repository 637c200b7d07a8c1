import MBQCore
import MBQModel

// An operation in the file: 64 bytes, described in Formats/mbq/mbq.md.

private enum RecordKind: Int {
  case embed = 1
  case linear = 2
  case attention = 3
  case normalize = 4
  case pool = 5
}

private let none = 0xFFFF

/// The fields of a record, whatever the kind.
private struct Record {
  var kind = 0
  var layer: Int?
  var activation = 0
  var norm = 0
  var flags = 0
  /// Word, position, type; or weight, bias, gamma, beta.
  var tensors: [Int?] = [nil, nil, nil, nil]
  /// Input or query, residual or key, value, output.
  var operands: [Operand?] = [nil, nil, nil, nil]
  var heads = 0
  /// One more than a tensor's index, or 0.
  var smoothing = 0
  /// Or a query's step.
  var epsilon: Float = 0
  /// The input's or a key's.
  var inputStep: Float = 0
  var valueStep: Float = 0
}

/// Bits of a linear's flags.
private let staticFlag = 2
private let wideFlag = 4

extension PackedModel {
  static let recordSize = 64

  static func steps(_ reader: ByteReader) throws(FormatError) -> [PackedStep] {
    var reader = reader
    var steps: [PackedStep] = []
    while reader.remaining > 0 {
      guard steps.count < PackedLimits.operations else {
        throw .invalid(
          field: "operation count", found: "more", allowed: "at most \(PackedLimits.operations)")
      }
      var record = Record()
      record.kind = try reader.u16("operation kind")
      let layer = try reader.u16("operation layer")
      record.layer = layer == none ? nil : layer
      record.activation = try reader.u8("operation activation")
      record.norm = try reader.u8("operation norm")
      record.flags = try reader.u16("operation flags")
      for index in 0..<4 {
        let tensor = try reader.u16("operation tensor")
        record.tensors[index] = tensor == none ? nil : tensor
      }
      for index in 0..<4 { record.operands[index] = try operand(&reader) }
      record.heads = try reader.u16("operation heads")
      record.smoothing = try reader.u16("operation smoothing")
      record.epsilon = try reader.f32("operation epsilon")
      record.inputStep = try reader.f32("operation step")
      record.valueStep = try reader.f32("operation step")
      steps.append(
        PackedStep(layer: record.layer, operation: try record.operation(steps.count)))
    }
    return steps
  }

  package static func record(_ step: PackedStep, into writer: inout ByteWriter) {
    let record = Record(step)
    writer.u16(record.kind)
    writer.u16(record.layer ?? none)
    writer.u8(record.activation)
    writer.u8(record.norm)
    writer.u16(record.flags)
    for tensor in record.tensors { writer.u16(tensor ?? none) }
    for operand in record.operands { write(operand, into: &writer) }
    writer.u16(record.heads)
    writer.u16(record.smoothing)
    writer.f32(record.epsilon)
    writer.f32(record.inputStep)
    writer.f32(record.valueStep)
  }

  package static func write(_ operand: Operand?, into writer: inout ByteWriter) {
    writer.u16(operand?.buffer ?? 0)
    writer.u16(operand?.column ?? 0)
    writer.u16(operand?.width ?? 0)
    writer.u16(0)
  }
}

extension Record {
  init(_ step: PackedStep) {
    layer = step.layer
    switch step.operation {
    case .embed(let o):
      kind = RecordKind.embed.rawValue
      tensors = [o.word, o.position, o.type, nil]
      operands[3] = o.output
      flags = o.trigram ? 1 : 0
    case .linear(let o):
      kind = RecordKind.linear.rawValue
      tensors = [o.weight, o.bias, o.norm?.gamma, o.norm?.beta]
      operands = [o.input, o.residual, nil, o.output]
      activation = Int(o.activation.rawValue)
      smoothing = o.smoothing.map { $0 + 1 } ?? 0
      set(o.norm)
      switch o.inputGrid {
      case .int8PerToken: break
      case .int8Static(let step): (flags, inputStep) = (staticFlag, step)
      case .int16PerToken: flags = wideFlag
      }
    case .attention(let o):
      kind = RecordKind.attention.rawValue
      operands = [o.query, o.key, o.value, o.output]
      heads = o.heads
      if let steps = o.steps {
        (epsilon, inputStep, valueStep) = (steps.query, steps.key, steps.value)
      }
    case .normalize(let o):
      kind = RecordKind.normalize.rawValue
      tensors = [nil, nil, o.norm.gamma, o.norm.beta]
      operands = [o.input, o.residual, nil, o.output]
      set(o.norm)
    case .pool(let o):
      kind = RecordKind.pool.rawValue
      operands = [o.input, nil, nil, o.output]
    }
  }

  private mutating func set(_ value: Norm?) {
    norm = Int(value?.kind.rawValue ?? 0)
    epsilon = value?.epsilon ?? 0
  }

  func operation(_ index: Int) throws(FormatError) -> Operation {
    func required<T>(_ value: T?, _ what: StaticString) throws(FormatError) -> T {
      guard let value else {
        throw .invalid(field: "\(what) of operation \(index)", found: "none", allowed: "one")
      }
      return value
    }
    let output = try required(operands[3], "output")
    let result: Operation
    switch RecordKind(rawValue: kind) {
    case .embed:
      guard flags <= 1 else {
        throw .invalid(field: "flags of operation \(index)", found: "\(flags)", allowed: "0 or 1")
      }
      result = .embed(
        .init(
          word: tensors[0], position: tensors[1], type: tensors[2], trigram: flags == 1,
          output: output))
    case .linear:
      guard let activation = LinearActivation(rawValue: UInt8(activation)) else {
        throw .invalid(
          field: "activation of operation \(index)", found: "\(activation)", allowed: "0 to 3")
      }
      result = .linear(
        .init(
          weight: try required(tensors[0], "weight"), bias: tensors[1],
          input: try required(operands[0], "input"), activation: activation,
          residual: operands[1], norm: try readNorm(index), output: output,
          inputGrid: try readGrid(index), smoothing: smoothing == 0 ? nil : smoothing - 1))
    case .attention:
      result = .attention(
        .init(
          query: try required(operands[0], "query"), key: try required(operands[1], "key"),
          value: try required(operands[2], "value"), heads: heads, output: output,
          steps: (epsilon.bitPattern | inputStep.bitPattern | valueStep.bitPattern) == 0
            ? nil : AttentionSteps(query: epsilon, key: inputStep, value: valueStep)))
    case .normalize:
      result = .normalize(
        .init(
          input: try required(operands[0], "input"), residual: operands[1],
          norm: try required(try readNorm(index), "norm"), output: output))
    case .pool:
      result = .pool(.init(input: try required(operands[0], "input"), output: output))
    case nil:
      throw .invalid(field: "kind of operation \(index)", found: "\(kind)", allowed: "1 to 5")
    }
    // What a kind has no use for must be as the writer leaves it.
    guard Record(PackedStep(layer: layer, operation: result)).isSame(as: self) else {
      throw .invalid(
        field: "operation \(index)", found: "a field its kind does not use",
        allowed: "zeros there")
    }
    return result
  }

  private func readGrid(_ index: Int) throws(FormatError) -> ActivationGrid {
    switch flags {
    case 0: return .int8PerToken
    case staticFlag: return .int8Static(step: inputStep)
    case wideFlag: return .int16PerToken
    default:
      throw .invalid(
        field: "flags of operation \(index)", found: "\(flags)", allowed: "0, 2 or 4")
    }
  }

  private func readNorm(_ index: Int) throws(FormatError) -> Norm? {
    guard norm != 0 else { return nil }
    guard let kind = Norm.Kind(rawValue: UInt8(norm)), let gamma = tensors[2], let beta = tensors[3]
    else {
      throw .invalid(
        field: "norm of operation \(index)", found: "\(norm)",
        allowed: "0 to 2, with gamma and beta")
    }
    guard epsilon >= 0, epsilon <= 1 else {
      throw .invalid(
        field: "epsilon of operation \(index)", found: "\(epsilon.bitPattern) (bits)",
        allowed: "0 to 1")
    }
    return Norm(kind: kind, gamma: gamma, beta: beta, epsilon: epsilon)
  }

  private func isSame(as other: Record) -> Bool {
    kind == other.kind && activation == other.activation && norm == other.norm
      && flags == other.flags && tensors == other.tensors && operands == other.operands
      && heads == other.heads && smoothing == other.smoothing
      && epsilon.bitPattern == other.epsilon.bitPattern
      && inputStep.bitPattern == other.inputStep.bitPattern
      && valueStep.bitPattern == other.valueStep.bitPattern
  }
}
