/// A stretch of columns of a buffer; the rows are the tokens of all texts, or the texts.
public struct Operand: Equatable, Hashable, Sendable {
  public var buffer: Int
  /// The first column, a multiple of 16 unless the stretch is a head's.
  public var column: Int
  public var width: Int

  public init(buffer: Int, column: Int = 0, width: Int) {
    self.buffer = buffer
    self.column = column
    self.width = width
  }
}

/// What one row of a buffer stands for.
public enum RowDomain: UInt8, Sendable, CaseIterable {
  case tokens = 0
  case texts = 1
}

/// Where an operation stands in the model, for reports and taps.
public struct Site: Equatable, Hashable, Sendable {
  /// The layer, from 0, or `nil` before the first and after the last.
  public var layer: Int?
  /// The role in the layer, such as `attention.output`.
  public var role: String

  public init(_ layer: Int?, _ role: String) {
    self.layer = layer
    self.role = role
  }

  /// Such as `layer.3.attention.output`.
  public var name: String { layer.map { "layer.\($0).\(role)" } ?? role }
}

public enum LinearActivation: UInt8, Sendable, CaseIterable {
  case none = 0
  case relu = 1
  case gelu = 2
  case tanh = 3
}

/// How a row is normalized; `gamma` and `beta` index the model's tensors.
public struct Norm: Equatable, Sendable {
  public enum Kind: UInt8, Sendable, CaseIterable {
    case noNorm = 1
    case layerNorm = 2
  }

  public var kind: Kind
  public var gamma: Int
  public var beta: Int
  /// Added to the variance; LayerNorm only.
  public var epsilon: Float

  public init(kind: Kind, gamma: Int, beta: Int, epsilon: Float) {
    self.kind = kind
    self.gamma = gamma
    self.beta = beta
    self.epsilon = epsilon
  }
}

/// How the rows of a linear with integer weights are put on a grid (Formats/arithmetic.md).
///
/// Linears with float weights have none; the first case stands there.
public enum ActivationGrid: Equatable, Sendable {
  /// int8, the step found for each row at run time: (1), (2).
  case int8PerToken
  /// int8 with the same step for every row, found by calibration: (5).
  case int8Static(step: Float)
  /// 16 bits as two int8 products, the step found for each row: (6).
  case int16PerToken
}

/// Steps found by calibration for the three inputs of an attention: (5).
public struct AttentionSteps: Equatable, Sendable {
  public var query: Float
  public var key: Float
  public var value: Float

  public init(query: Float, key: Float, value: Float) {
    self.query = query
    self.key = key
    self.value = value
  }
}

/// One step of a model.
///
/// Tensors and buffers are indices into the model's lists.
public enum Operation: Equatable, Sendable {
  /// Rows of tables, summed: the token's word embedding, or with `trigram` the next, the token's own
  /// and the previous one side by side (zeros past the ends); the position's; the token type's.
  public struct Embed: Equatable, Sendable {
    public var word: Int?
    public var position: Int?
    public var type: Int?
    public var trigram: Bool
    public var output: Operand

    public init(word: Int?, position: Int?, type: Int?, trigram: Bool, output: Operand) {
      self.word = word
      self.position = position
      self.type = type
      self.trigram = trigram
      self.output = output
    }
  }

  /// `norm(activation((input * smoothing) · weightᵀ + bias) + residual)`; weight (output width, input
  /// width).
  public struct Linear: Equatable, Sendable {
    public var weight: Int
    public var bias: Int?
    public var input: Operand
    public var activation: LinearActivation
    public var residual: Operand?
    public var norm: Norm?
    public var output: Operand
    /// Integer weights in a model of int8 activations only.
    public var inputGrid: ActivationGrid
    /// A vector of the input's width: what is put on the grid is the input times it, column by column.
    ///
    /// It smooths a hidden state whose own scale cannot be changed, for a residual reads it too (Xiao
    /// et al., "SmoothQuant", 2022, equation 3). Integer weights only.
    public var smoothing: Int?

    public init(
      weight: Int, bias: Int?, input: Operand, activation: LinearActivation = .none,
      residual: Operand? = nil, norm: Norm? = nil, output: Operand,
      inputGrid: ActivationGrid = .int8PerToken, smoothing: Int? = nil
    ) {
      self.weight = weight
      self.bias = bias
      self.input = input
      self.activation = activation
      self.residual = residual
      self.norm = norm
      self.output = output
      self.inputGrid = inputGrid
      self.smoothing = smoothing
    }
  }

  /// `softmax(query · keyᵀ / √(head width)) · value`, head by head, over the tokens of one text.
  public struct Attention: Equatable, Sendable {
    public var query: Operand
    public var key: Operand
    public var value: Operand
    public var heads: Int
    public var output: Operand
    /// Each token's own if `nil`; models of int8 activations only.
    public var steps: AttentionSteps?

    public init(
      query: Operand, key: Operand, value: Operand, heads: Int, output: Operand,
      steps: AttentionSteps? = nil
    ) {
      self.query = query
      self.key = key
      self.value = value
      self.heads = heads
      self.output = output
      self.steps = steps
    }
  }

  /// `norm(input + residual)`.
  public struct Normalize: Equatable, Sendable {
    public var input: Operand
    public var residual: Operand?
    public var norm: Norm
    public var output: Operand

    public init(input: Operand, residual: Operand?, norm: Norm, output: Operand) {
      self.input = input
      self.residual = residual
      self.norm = norm
      self.output = output
    }
  }

  /// The first token's row of every text.
  public struct Pool: Equatable, Sendable {
    public var input: Operand
    public var output: Operand

    public init(input: Operand, output: Operand) {
      self.input = input
      self.output = output
    }
  }

  case embed(Embed)
  case linear(Linear)
  case attention(Attention)
  case normalize(Normalize)
  case pool(Pool)

  /// The operands read, in a fixed order.
  public var inputs: [Operand] {
    switch self {
    case .embed: []
    case .linear(let o): [o.input] + (o.residual.map { [$0] } ?? [])
    case .attention(let o): [o.query, o.key, o.value]
    case .normalize(let o): [o.input] + (o.residual.map { [$0] } ?? [])
    case .pool(let o): [o.input]
    }
  }

  public var output: Operand {
    switch self {
    case .embed(let o): o.output
    case .linear(let o): o.output
    case .attention(let o): o.output
    case .normalize(let o): o.output
    case .pool(let o): o.output
    }
  }

  /// Every row of the output depends only on the same row of the inputs.
  public var isRowLocal: Bool {
    if case .attention = self { false } else { true }
  }

  /// The same operation with every operand replaced.
  public func mapOperands(_ replace: (Operand) -> Operand) -> Operation {
    switch self {
    case .embed(var o):
      o.output = replace(o.output)
      return .embed(o)
    case .linear(var o):
      o.input = replace(o.input)
      o.residual = o.residual.map(replace)
      o.output = replace(o.output)
      return .linear(o)
    case .attention(var o):
      o.query = replace(o.query)
      o.key = replace(o.key)
      o.value = replace(o.value)
      o.output = replace(o.output)
      return .attention(o)
    case .normalize(var o):
      o.input = replace(o.input)
      o.residual = o.residual.map(replace)
      o.output = replace(o.output)
      return .normalize(o)
    case .pool(var o):
      o.input = replace(o.input)
      o.output = replace(o.output)
      return .pool(o)
    }
  }
}
