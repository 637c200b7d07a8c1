/// The building blocks of the families' lowerings: tensors with their requirements on the checkpoint, and
/// operations that write a new buffer each.
///
/// Not inlined: statically linked programs carry the families, which call these dozens of times.
struct GraphBuilder {
  var graph = ModelGraph()
  private let normKind: Norm.Kind
  private let epsilon: Float

  init(_ configuration: ModelConfiguration) {
    normKind = configuration.normalization == .noNorm ? .noNorm : .layerNorm
    epsilon = configuration.normalizationEpsilon
  }

  /// The tensor `source` of the checkpoint, unchanged.
  @inline(never)
  mutating func tensor(
    _ name: String, _ source: String, _ shape: [Int], _ role: TensorRole
  ) -> Int {
    graph.requirements.append(TensorRequirement(source, shape))
    return graph.add(ModelTensor(name, shape, role, .checkpoint(source)))
  }

  /// `<prefix>.weight` (width, input width) and `<prefix>.bias` (width); `norm` is the prefix of the
  /// norm of the sum with the residual, with the configuration's epsilon or its own.
  @inline(never)
  mutating func linear(
    _ site: Site, _ prefix: String, _ input: Operand, to width: Int,
    activation: LinearActivation = .none, residual: Operand? = nil, norm: String? = nil,
    epsilon: Float? = nil, role: TensorRole = .weight
  ) -> Operand {
    let weight = tensor("\(site.name).weight", "\(prefix).weight", [width, input.width], role)
    let bias = tensor("\(site.name).bias", "\(prefix).bias", [width], .vector)
    let normalization = norm.map { self.norm(site, $0, width, epsilon) }
    let output = graph.addBuffer(width: width, rows: graph.buffers[input.buffer].rows)
    graph.append(
      site,
      .linear(
        .init(
          weight: weight, bias: bias, input: input, activation: activation, residual: residual,
          norm: normalization, output: output)))
    return output
  }

  /// `<prefix>.weight` and `<prefix>.bias`, both (width).
  @inline(never)
  mutating func norm(
    _ site: Site, _ prefix: String, _ width: Int, _ epsilon: Float? = nil
  ) -> Norm {
    Norm(
      kind: normKind,
      gamma: tensor("\(site.name).gamma", "\(prefix).weight", [width], .vector),
      beta: tensor("\(site.name).beta", "\(prefix).bias", [width], .vector),
      epsilon: epsilon ?? self.epsilon)
  }

  /// (tokens, width of the queries).
  @inline(never)
  mutating func attention(
    _ layer: Int, query: Operand, key: Operand, value: Operand, heads: Int
  ) -> Operand {
    let output = graph.addBuffer(width: query.width)
    graph.append(
      Site(layer, "attention"),
      .attention(.init(query: query, key: key, value: value, heads: heads, output: output)))
    return output
  }

  /// The first token's row: (texts, width).
  @inline(never)
  mutating func pool(_ hidden: Operand) -> Operand {
    let output = graph.addBuffer(width: hidden.width, rows: .texts)
    graph.append(Site(nil, "pooler"), .pool(.init(input: hidden, output: output)))
    return output
  }
}

extension ModelConfiguration {
  var feedForwardActivation: LinearActivation {
    switch activation {
    case .relu: .relu
    case .gelu: .gelu
    }
  }
}
