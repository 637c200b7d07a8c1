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
    return lowering.builder.graph
  }
}

/// In transformers, two of the norms (the embeddings' and the last feed-forward network's) ignore
/// `layer_norm_eps`: with LayerNorm they have PyTorch's default epsilon.
private let defaultEpsilon: Float = 1e-5

private struct Lowering {
  let c: ModelConfiguration
  var builder: GraphBuilder

  init(_ configuration: ModelConfiguration) {
    c = configuration
    builder = GraphBuilder(configuration)
  }

  /// (tokens, hiddenSize).
  mutating func embeddings() -> Operand {
    let prefix = "mobilebert.embeddings"
    let word = builder.tensor(
      "embeddings.word", "\(prefix).word_embeddings.weight", [c.vocabularySize, c.embeddingSize],
      .table)
    let position = builder.tensor(
      "embeddings.position", "\(prefix).position_embeddings.weight",
      [c.maximumPositions, c.hiddenSize], .table)
    let type = builder.tensor(
      "embeddings.type", "\(prefix).token_type_embeddings.weight",
      [c.typeVocabularySize, c.hiddenSize], .table)

    let places = builder.graph.addBuffer(width: c.hiddenSize)
    builder.graph.append(
      Site(nil, "embeddings.position"),
      .embed(.init(word: nil, position: position, type: type, trigram: false, output: places)))
    let words = builder.graph.addBuffer(width: c.embeddingSize * (c.trigramInput ? 3 : 1))
    builder.graph.append(
      Site(nil, "embeddings.word"),
      .embed(
        .init(word: word, position: nil, type: nil, trigram: c.trigramInput, output: words)))
    if c.trigramInput || c.embeddingSize != c.hiddenSize {
      return builder.linear(
        Site(nil, "embeddings.transformation"), "\(prefix).embedding_transformation", words,
        to: c.hiddenSize, residual: places, norm: "\(prefix).LayerNorm",
        epsilon: defaultEpsilon)
    }
    let output = builder.graph.addBuffer(width: c.hiddenSize)
    let norm = builder.norm(
      Site(nil, "embeddings"), "\(prefix).LayerNorm", c.hiddenSize, defaultEpsilon)
    builder.graph.append(
      Site(nil, "embeddings.norm"),
      .normalize(.init(input: words, residual: places, norm: norm, output: output)))
    return output
  }

  /// (tokens, hiddenSize) to the same.
  mutating func layer(_ index: Int, _ hidden: Operand) -> Operand {
    let prefix = "mobilebert.encoder.layer.\(index)"
    func site(_ role: String) -> Site { Site(index, role) }

    // The input of queries and keys, the input of values, and the residual of the layer.
    var layerInput = hidden
    var queryInput = hidden
    var valueInput = hidden
    if c.usesBottleneck {
      layerInput = builder.linear(
        site("bottleneck.input"), "\(prefix).bottleneck.input.dense", hidden, to: c.bottleneckSize,
        norm: "\(prefix).bottleneck.input.LayerNorm")
      if c.usesBottleneckAttention {
        queryInput = layerInput
        valueInput = layerInput
      } else if c.sharesKeyQueryBottleneck {
        queryInput = builder.linear(
          site("bottleneck.attention"), "\(prefix).bottleneck.attention.dense", hidden,
          to: c.bottleneckSize, norm: "\(prefix).bottleneck.attention.LayerNorm")
      }
    }

    let size = c.trueHiddenSize
    let own = "\(prefix).attention.self"
    let query = builder.linear(site("attention.query"), "\(own).query", queryInput, to: size)
    let key = builder.linear(site("attention.key"), "\(own).key", queryInput, to: size)
    let value = builder.linear(site("attention.value"), "\(own).value", valueInput, to: size)
    let context = builder.attention(
      index, query: query, key: key, value: value, heads: c.headCount)
    var state = builder.linear(
      site("attention.output"), "\(prefix).attention.output.dense", context, to: size,
      residual: layerInput, norm: "\(prefix).attention.output.LayerNorm")

    for network in 0..<(c.feedForwardCount - 1) {
      state = feedForward(index, "\(prefix).ffn.\(network)", "ffn.\(network)", state)
    }
    state = feedForward(
      index, prefix, "ffn.\(c.feedForwardCount - 1)", state, epsilon: defaultEpsilon)
    guard c.usesBottleneck else { return state }
    return builder.linear(
      site("bottleneck.output"), "\(prefix).output.bottleneck.dense", state, to: c.hiddenSize,
      residual: hidden, norm: "\(prefix).output.bottleneck.LayerNorm")
  }

  private mutating func feedForward(
    _ layer: Int, _ prefix: String, _ role: String, _ input: Operand, epsilon: Float? = nil
  ) -> Operand {
    let wide = builder.linear(
      Site(layer, "\(role).up"), "\(prefix).intermediate.dense", input, to: c.intermediateSize,
      activation: c.feedForwardActivation)
    return builder.linear(
      Site(layer, "\(role).down"), "\(prefix).output.dense", wide, to: c.trueHiddenSize,
      residual: input, norm: "\(prefix).output.LayerNorm", epsilon: epsilon)
  }

  /// Logits (texts, labels).
  mutating func head(_ hidden: Operand) {
    var pooled = builder.pool(hidden)
    if c.classifierActivation {
      pooled = builder.linear(
        Site(nil, "pooler.dense"), "mobilebert.pooler.dense", pooled, to: c.hiddenSize,
        activation: .tanh, role: .headWeight)
    }
    builder.graph.logits = builder.linear(
      Site(nil, "classifier"), "classifier", pooled, to: c.labels.count, role: .headWeight)
  }
}
