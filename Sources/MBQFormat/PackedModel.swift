public import MBQCore
import MBQModel
import MBQSchemes

/// The format's version; Formats/mbq/mbq.md.
///
/// A file states the lowest minor version that has all it uses (`PackedHeader.minorVersion`).
public let packedMajor = 1
public let packedMinor = 4

/// How hidden states are represented inside the products.
public enum ActivationScheme: UInt16, Sendable, CaseIterable {
  case float32 = 0
  /// int8 with one scale a token, found at run time.
  case int8PerToken = 1
}

/// A matrix or vector in a packed model; offsets are from the start of the weights section.
public struct PackedTensor: Equatable, Sendable {
  public var scheme: SchemeCode
  /// 1 for a vector.
  public var rows: Int
  public var columns: Int
  public var offset: Int
  /// Bytes of the elements and the group bytes behind them.
  public var byteCount: Int {
    scheme.byteCount(rows: rows, columns: columns)
      + scheme.groupByteCount(rows: rows, columns: columns)
  }
  /// Where one bfloat16 a row stands, for schemes with scales.
  public var scalesOffset: Int

  public init(scheme: SchemeCode, rows: Int, columns: Int, offset: Int, scalesOffset: Int) {
    self.scheme = scheme
    self.rows = rows
    self.columns = columns
    self.offset = offset
    self.scalesOffset = scalesOffset
  }
}

public struct PackedStep: Equatable, Sendable {
  /// The layer, or `nil` outside of them.
  public var layer: Int?
  public var operation: Operation

  public init(layer: Int?, operation: Operation) {
    self.layer = layer
    self.operation = operation
  }
}

/// A text, its token ids and the exact bits of its logits.
public struct GoldenVector: Equatable, Sendable {
  public var text: String
  public var tokens: [UInt32]
  public var logitBits: [UInt32]

  public init(text: String, tokens: [UInt32], logitBits: [UInt32]) {
    self.text = text
    self.tokens = tokens
    self.logitBits = logitBits
  }
}

/// The parts of a packed model that are not weights.
public struct PackedHeader: Equatable, Sendable {
  public var maximumTokens: Int
  public var vocabularyCount: Int
  public var activations: ActivationScheme
  public var task: ClassificationTask
  public var decision = Decision()
  public var labels: [String]
  public var buffers: [ModelBuffer]
  public var plan: BufferPlan
  public var steps: [PackedStep]
  public var tensors: [PackedTensor]
  public var logits: Operand
  /// One a step, for reports.
  ///
  /// May be empty.
  public var names: [String]
  public var goldens: [GoldenVector]
  /// JSON: where the model came from and what was measured.
  ///
  /// Not read by the runtime.
  public var provenance: String

  public init(
    maximumTokens: Int, vocabularyCount: Int, activations: ActivationScheme,
    task: ClassificationTask = .singleLabel, labels: [String], buffers: [ModelBuffer],
    plan: BufferPlan, steps: [PackedStep], tensors: [PackedTensor],
    logits: Operand, names: [String],
    goldens: [GoldenVector], provenance: String
  ) {
    self.maximumTokens = maximumTokens
    self.vocabularyCount = vocabularyCount
    self.activations = activations
    self.task = task
    self.labels = labels
    self.buffers = buffers
    self.plan = plan
    self.steps = steps
    self.tensors = tensors
    self.logits = logits
    self.names = names
    self.goldens = goldens
    self.provenance = provenance
  }

  /// Files of models that give one label a text are what version 1.0 wrote.
  ///
  /// Compressed weights are of version 1.2 whatever this says.
  package var minorVersion: Int {
    let schemes = tensors.reduce(0) { max($0, $1.scheme.descriptor.minorVersion) }
    let operations = steps.contains { $0.operation.isNewIn2 } ? 2 : 0
    return max(
      schemes, operations, decision == Decision() ? 0 : 3, task == .singleLabel ? 0 : 1)
  }

  public func stepName(_ index: Int) -> Message {
    names.count == steps.count ? "\(names[index])" : "step \(index)"
  }

  /// A tensor's name: that of the first step that reads it, and its part in it.
  public func tensorName(_ index: Int) -> Message {
    for (place, step) in steps.enumerated() {
      if let part = step.operation.tensorPart(index) { return "\(stepName(place)).\(part)" }
    }
    return "tensor \(index)"
  }
}

extension Operation {
  /// Uses what version 1.2 brought.
  fileprivate var isNewIn2: Bool {
    switch self {
    case .linear(let o): o.inputGrid != .int8PerToken || o.smoothing != nil
    case .attention(let o): o.steps != nil
    case .embed, .normalize, .pool: false
    }
  }

  /// What a tensor is to this operation, or `nil` if it is not read.
  fileprivate func tensorPart(_ tensor: Int) -> StaticString? {
    switch self {
    case .embed(let o):
      tensor == o.word
        ? "word" : tensor == o.position ? "position" : tensor == o.type ? "type" : nil
    case .linear(let o):
      tensor == o.weight
        ? "weight"
        : tensor == o.bias
          ? "bias" : tensor == o.smoothing ? "smoothing" : o.norm.flatMap { $0.part(tensor) }
    case .normalize(let o): o.norm.part(tensor)
    case .attention, .pool: nil
    }
  }
}

extension Norm {
  fileprivate func part(_ tensor: Int) -> StaticString? {
    tensor == gamma ? "gamma" : tensor == beta ? "beta" : nil
  }
}

/// A packed model that has been read and found valid.
///
/// Its weights stay where they are.
public struct PackedModel: @unchecked Sendable {
  public let header: PackedHeader
  private let weightsSection: SectionBytes
  private let tokenizerSection: SectionBytes
  private let vocabularySection: SectionBytes
  public let sections: [PackedSection]
  /// SHA-256 of everything after the fixed header, as the file states it.
  public let statedDigest: [UInt8]

  init(
    header: PackedHeader, weights: SectionBytes, tokenizerOptions: SectionBytes,
    vocabulary: SectionBytes, sections: [PackedSection], statedDigest: [UInt8]
  ) {
    self.header = header
    weightsSection = weights
    tokenizerSection = tokenizerOptions
    vocabularySection = vocabulary
    self.sections = sections
    self.statedDigest = statedDigest
  }

  /// The weights section, 64-byte aligned: within the file, or inflated.
  public var weights: UnsafeRawBufferPointer { weightsSection.bytes }
  /// Tokenizer options and vocabulary, as the tokenizer encodes them.
  public var tokenizerOptions: UnsafeRawBufferPointer { tokenizerSection.bytes }
  public var vocabulary: UnsafeRawBufferPointer { vocabularySection.bytes }

  public func elements(_ tensor: PackedTensor) -> UnsafeRawBufferPointer {
    let count = tensor.scheme.byteCount(rows: tensor.rows, columns: tensor.columns)
    return UnsafeRawBufferPointer(rebasing: weights[tensor.offset..<(tensor.offset + count)])
  }

  /// The group bytes as they are stored; none for schemes without groups.
  public func groups(_ tensor: PackedTensor) -> UnsafeRawBufferPointer {
    let start = tensor.offset + tensor.scheme.byteCount(rows: tensor.rows, columns: tensor.columns)
    let count = tensor.scheme.groupByteCount(rows: tensor.rows, columns: tensor.columns)
    return UnsafeRawBufferPointer(rebasing: weights[start..<(start + count)])
  }

  /// The scales as they are stored, one little-endian bfloat16 a row; none for schemes without them.
  public func scales(_ tensor: PackedTensor) -> UnsafeRawBufferPointer {
    let count = tensor.scheme.hasScales ? tensor.rows * 2 : 0
    return UnsafeRawBufferPointer(
      rebasing: weights[tensor.scalesOffset..<(tensor.scalesOffset + count)])
  }

  /// The scale of one row; 1 for schemes without scales.
  public func scale(_ tensor: PackedTensor, row: Int) -> Float {
    guard tensor.scheme.hasScales else { return 1 }
    let bits = weights.loadUnaligned(fromByteOffset: tensor.scalesOffset + row * 2, as: UInt16.self)
    return float(fromBFloat16: UInt16(littleEndian: bits))
  }
}

/// A part of the file, in the order of the section table.
public struct PackedSection: Equatable, Sendable {
  public enum Kind: UInt32, Sendable, CaseIterable {
    // The four characters as they stand in the file, read as a little-endian number.
    case configuration = 0x464E_4F43  // CONF
    case labels = 0x4C42_414C  // LABL
    case tokenizer = 0x4E4B_4F54  // TOKN
    case vocabulary = 0x4143_4F56  // VOCA
    case buffers = 0x5346_5542  // BUFS
    case operations = 0x5245_504F  // OPER
    case tensors = 0x534E_4554  // TENS
    case weights = 0x5447_4957  // WIGT
    case names = 0x454D_414E  // NAME
    case goldens = 0x444C_4F47  // GOLD
    case provenance = 0x564F_5250  // PROV

    public var name: Message {
      switch self {
      case .configuration: "configuration"
      case .labels: "labels"
      case .tokenizer: "tokenizer"
      case .vocabulary: "vocabulary"
      case .buffers: "buffers"
      case .operations: "operations"
      case .tensors: "tensors"
      case .weights: "weights"
      case .names: "names"
      case .goldens: "golden vectors"
      case .provenance: "provenance"
      }
    }
  }

  public var kind: Kind
  public var checksum: UInt32
  public var offset: Int
  /// Bytes in the file, and bytes of the contents; different for a compressed section.
  public var length: Int
  public var rawLength: Int

  public var isCompressed: Bool { length != rawLength }
}
