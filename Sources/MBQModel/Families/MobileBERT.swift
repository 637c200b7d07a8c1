/// MobileBERT (Sun et al., "MobileBERT: a Compact Task-Agnostic BERT for Resource-Limited Devices",
/// 2020) with a sequence classification head; Formats/mobilebert/mobilebert.md lists the tensors and
/// the steps with their shapes.
public enum MobileBERT: ModelFamily {
  public static var family: ModelConfiguration.Family { .mobileBERT }

  public static func lower(_ configuration: ModelConfiguration) -> ModelGraph {
    var lowering = Lowering(configuration)
    var hidden = lowering.embeddings()
    for layer in 0..<configuration.layerCount { hidden = lowering.layer(layer, hidden) }
    lowering.head(hidden)
    return lowering.graph
  }
}

/// transformers gives two of the norms (the embeddings' and the last feed-forward network's) no epsilon,
/// so that with LayerNorm they have PyTorch's default, whatever `layer_norm_eps` says.
private let defaultEpsilon: Float = 1e-5

private struct Lowering {
  let c: ModelConfiguration
  var graph = ModelGraph()

  init(_ configuration: ModelConfiguration) { c = configuration }

  // MARK: Steps of the model

  /// (tokens, hiddenSize).
  mutating func embeddings() -> Operand {
    let prefix = "mobilebert.embeddings"
    let word = tensor(
      "embeddings.word", "\(prefix).word_embeddings.weight", [c.vocabularySize, c.embeddingSize],
      .table)
    let position = tensor(
      "embeddings.position", "\(prefix).position_embeddings.weight",
      [c.maximumPositions, c.hiddenSize], .table)
    let type = tensor(
      "embeddings.type", "\(prefix).token_type_embeddings.weight",
      [c.typeVocabularySize, c.hiddenSize], .table)

    let places = graph.addBuffer(width: c.hiddenSize)
    graph.append(
      Site(nil, "embeddings.position"),
      .embed(.init(word: nil, position: position, type: type, trigram: false, output: places)))
    let words = graph.addBuffer(width: c.embeddingSize * (c.trigramInput ? 3 : 1))
    graph.append(
      Site(nil, "embeddings.word"),
      .embed(
        .init(word: word, position: nil, type: nil, trigram: c.trigramInput, output: words)))
    if c.trigramInput || c.embeddingSize != c.hiddenSize {
      return linear(
        Site(nil, "embeddings.transformation"), "\(prefix).embedding_transformation", words,
        to: c.hiddenSize, residual: places, norm: "\(prefix).LayerNorm",
        epsilon: defaultEpsilon)
    }
    let output = graph.addBuffer(width: c.hiddenSize)
    let norm = self.norm(
      Site(nil, "embeddings"), "\(prefix).LayerNorm", c.hiddenSize, defaultEpsilon)
    graph.append(
      Site(nil, "embeddings.norm"),
      .normalize(.init(input: words, residual: places, norm: norm, output: output)))
    return output
  }

  /// (tokens, hiddenSize) to the same.
  mutating func layer(_ index: Int, _ hidden: Operand) -> Operand {
    let prefix = "mobilebert.encoder.layer.\(index)"
    func site(_ role: String) -> Site { Site(index, role) }

    // What queries and keys read, what values read, and what the layer adds its results to.
    var layerInput = hidden
    var queryInput = hidden
    var valueInput = hidden
    if c.usesBottleneck {
      layerInput = linear(
        site("bottleneck.input"), "\(prefix).bottleneck.input.dense", hidden, to: c.bottleneckSize,
        norm: "\(prefix).bottleneck.input.LayerNorm")
      if c.usesBottleneckAttention {
        queryInput = layerInput
        valueInput = layerInput
      } else if c.sharesKeyQueryBottleneck {
        queryInput = linear(
          site("bottleneck.attention"), "\(prefix).bottleneck.attention.dense", hidden,
          to: c.bottleneckSize, norm: "\(prefix).bottleneck.attention.LayerNorm")
      }
    }

    let size = c.trueHiddenSize
    let own = "\(prefix).attention.self"
    let query = linear(site("attention.query"), "\(own).query", queryInput, to: size)
    let key = linear(site("attention.key"), "\(own).key", queryInput, to: size)
    let value = linear(site("attention.value"), "\(own).value", valueInput, to: size)
    let context = graph.addBuffer(width: size)
    graph.append(
      site("attention"),
      .attention(
        .init(query: query, key: key, value: value, heads: c.headCount, output: context)))
    var state = linear(
      site("attention.output"), "\(prefix).attention.output.dense", context, to: size,
      residual: layerInput, norm: "\(prefix).attention.output.LayerNorm")

    for network in 0..<(c.feedForwardCount - 1) {
      state = feedForward(index, "\(prefix).ffn.\(network)", "ffn.\(network)", state)
    }
    state = feedForward(
      index, prefix, "ffn.\(c.feedForwardCount - 1)", state, epsilon: defaultEpsilon)
    guard c.usesBottleneck else { return state }
    return linear(
      site("bottleneck.output"), "\(prefix).output.bottleneck.dense", state, to: c.hiddenSize,
      residual: hidden, norm: "\(prefix).output.bottleneck.LayerNorm")
  }

  private mutating func feedForward(
    _ layer: Int, _ prefix: String, _ role: String, _ input: Operand, epsilon: Float? = nil
  ) -> Operand {
    let wide = linear(
      Site(layer, "\(role).up"), "\(prefix).intermediate.dense", input, to: c.intermediateSize,
      activation: c.activation == .relu ? .relu : .gelu)
    return linear(
      Site(layer, "\(role).down"), "\(prefix).output.dense", wide, to: c.trueHiddenSize,
      residual: input, norm: "\(prefix).output.LayerNorm", epsilon: epsilon)
  }

  /// Logits (texts, labels).
  mutating func head(_ hidden: Operand) {
    var pooled = graph.addBuffer(width: c.hiddenSize, rows: .texts)
    graph.append(Site(nil, "pooler"), .pool(.init(input: hidden, output: pooled)))
    if c.classifierActivation {
      pooled = linear(
        Site(nil, "pooler.dense"), "mobilebert.pooler.dense", pooled, to: c.hiddenSize,
        activation: .tanh, role: .headWeight)
    }
    graph.logits = linear(
      Site(nil, "classifier"), "classifier", pooled, to: c.labels.count, role: .headWeight)
  }

  // MARK: Parts

  private mutating func linear(
    _ site: Site, _ prefix: String, _ input: Operand, to width: Int,
    activation: LinearActivation = .none, residual: Operand? = nil, norm: String? = nil,
    epsilon: Float? = nil, role: TensorRole = .weight
  ) -> Operand {
    let weight = tensor("\(site.name).weight", "\(prefix).weight", [width, input.width], role)
    let bias = tensor("\(site.name).bias", "\(prefix).bias", [width], .vector)
    let normalization = norm.map {
      self.norm(site, $0, width, epsilon ?? c.normalizationEpsilon)
    }
    let output = graph.addBuffer(width: width, rows: graph.buffers[input.buffer].rows)
    graph.append(
      site,
      .linear(
        .init(
          weight: weight, bias: bias, input: input, activation: activation, residual: residual,
          norm: normalization, output: output)))
    return output
  }

  private mutating func norm(
    _ site: Site, _ prefix: String, _ width: Int, _ epsilon: Float
  ) -> Norm {
    Norm(
      kind: c.normalization == .noNorm ? .noNorm : .layerNorm,
      gamma: tensor("\(site.name).gamma", "\(prefix).weight", [width], .vector),
      beta: tensor("\(site.name).beta", "\(prefix).bias", [width], .vector),
      epsilon: epsilon)
  }

  private mutating func tensor(
    _ name: String, _ source: String, _ shape: [Int], _ role: TensorRole
  ) -> Int {
    graph.requirements.append(TensorRequirement(source, shape))
    return graph.add(ModelTensor(name, shape, role, .checkpoint(source)))
  }
}
