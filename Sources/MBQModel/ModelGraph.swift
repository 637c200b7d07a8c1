/// The source of a tensor's values: the checkpoint, or other tensors by exact algebra.
public indirect enum TensorExpression: Equatable, Sendable {
  case checkpoint(String)
  /// The operands one below the other, along the first axis.
  case rows([TensorExpression])
  /// Every row times one number of the vector; for vectors, element by element.
  case scaled(TensorExpression, by: TensorExpression)
  case sum(TensorExpression, TensorExpression)
  case zeros
}

/// The role of a tensor, which decides the schemes that may store it.
public enum TensorRole: Sendable, CaseIterable {
  /// Rows picked by token, position or type.
  case table
  /// The matrix of a linear between hidden states.
  case weight
  /// The matrix that gives the logits, and a pooler's: tiny, and kept in fp32.
  case headWeight
  /// A bias, gamma or beta.
  case vector
}

public struct ModelTensor: Equatable, Sendable {
  public var name: String
  /// (rows, columns), or (count) for a vector.
  public var shape: [Int]
  public var role: TensorRole
  public var expression: TensorExpression

  public init(_ name: String, _ shape: [Int], _ role: TensorRole, _ expression: TensorExpression) {
    self.name = name
    self.shape = shape
    self.role = role
    self.expression = expression
  }
}

public struct ModelBuffer: Equatable, Sendable {
  public var width: Int
  public var rows: RowDomain

  public init(width: Int, rows: RowDomain) {
    self.width = width
    self.rows = rows
  }
}

/// A model as data: tensors, buffers, and the operations in execution order.
///
/// Each operation writes its own buffer.
public struct ModelGraph: Equatable, Sendable {
  public struct Step: Equatable, Sendable {
    public var site: Site
    public var operation: Operation

    public init(site: Site, operation: Operation) {
      self.site = site
      self.operation = operation
    }
  }

  public var tensors: [ModelTensor] = []
  public var buffers: [ModelBuffer] = []
  public var steps: [Step] = []
  /// (texts, labels).
  public var logits = Operand(buffer: 0, width: 0)
  /// The tensors that the checkpoint must have.
  public var requirements: [TensorRequirement] = []

  public init() {}

  /// Adds a tensor and returns its index.
  public mutating func add(_ tensor: ModelTensor) -> Int {
    tensors.append(tensor)
    return tensors.count - 1
  }

  /// Adds a buffer and returns an operand that covers it.
  public mutating func addBuffer(width: Int, rows: RowDomain = .tokens) -> Operand {
    buffers.append(ModelBuffer(width: width, rows: rows))
    return Operand(buffer: buffers.count - 1, width: width)
  }

  public mutating func append(_ site: Site, _ operation: Operation) {
    steps.append(Step(site: site, operation: operation))
  }
}

/// Turns a family's configuration into operations.
///
/// To add a family: a file in Families/, and a line in `ModelFamilies.all`.
public protocol ModelFamily: Sendable {
  static var family: ModelConfiguration.Family { get }
  static func lower(_ configuration: ModelConfiguration) -> ModelGraph
}

// Packing needs the list, the runtime does not; Embedded Swift has no metatypes for it.
#if !hasFeature(Embedded)
public enum ModelFamilies {
  public static let all: [any ModelFamily.Type] = [
    MobileBERT.self, BERT.self, DistilBERT.self,
  ]

  public static func lower(_ configuration: ModelConfiguration) -> ModelGraph {
    for candidate in all where candidate.family == configuration.family {
      return candidate.lower(configuration)
    }
    preconditionFailure("every case of ModelConfiguration.Family has a line in ModelFamilies.all")
  }
}
#endif
