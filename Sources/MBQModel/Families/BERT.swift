/// BERT (Devlin et al., "BERT: Pre-training of Deep Bidirectional Transformers for Language
/// Understanding", 2019) with a sequence classification head, and every smaller model of the same
/// structure, such as MiniLM and TinyBERT; Formats/bert/bert.md lists the tensors and the steps with
/// their shapes.
public enum BERT: ModelFamily {
  public static var family: ModelConfiguration.Family { .bert }

  public static func lower(_ configuration: ModelConfiguration) -> ModelGraph {
    let c = configuration
    var builder = GraphBuilder(c)
    var hidden = embeddings(c, &builder)
    for index in 0..<c.layerCount { hidden = layer(index, hidden, c, &builder) }

    let pooled = builder.linear(
      Site(nil, "pooler.dense"), "bert.pooler.dense", builder.pool(hidden), to: c.hiddenSize,
      activation: .tanh, role: .headWeight)
    builder.graph.logits = builder.linear(
      Site(nil, "classifier"), "classifier", pooled, to: c.labels.count, role: .headWeight)
    return builder.graph
  }

  /// (tokens, hiddenSize).
  private static func embeddings(
    _ c: ModelConfiguration, _ builder: inout GraphBuilder
  ) -> Operand {
    let prefix = "bert.embeddings"
    let word = builder.tensor(
      "embeddings.word", "\(prefix).word_embeddings.weight", [c.vocabularySize, c.hiddenSize],
      .table)
    let position = builder.tensor(
      "embeddings.position", "\(prefix).position_embeddings.weight",
      [c.maximumPositions, c.hiddenSize], .table)
    let type = builder.tensor(
      "embeddings.type", "\(prefix).token_type_embeddings.weight",
      [c.typeVocabularySize, c.hiddenSize], .table)
    return builder.embeddings(
      word: word, position: position, type: type, norm: "\(prefix).LayerNorm",
      width: c.hiddenSize)
  }

  /// (tokens, hiddenSize) to the same.
  private static func layer(
    _ index: Int, _ hidden: Operand, _ c: ModelConfiguration, _ builder: inout GraphBuilder
  ) -> Operand {
    let prefix = "bert.encoder.layer.\(index)"
    let own = "\(prefix).attention.self"
    func site(_ role: String) -> Site { Site(index, role) }

    let query = builder.linear(
      site("attention.query"), "\(own).query", hidden, to: c.hiddenSize)
    let key = builder.linear(site("attention.key"), "\(own).key", hidden, to: c.hiddenSize)
    let value = builder.linear(
      site("attention.value"), "\(own).value", hidden, to: c.hiddenSize)
    let context = builder.attention(
      index, query: query, key: key, value: value, heads: c.headCount)
    let attended = builder.linear(
      site("attention.output"), "\(prefix).attention.output.dense", context, to: c.hiddenSize,
      residual: hidden, norm: "\(prefix).attention.output.LayerNorm")

    let wide = builder.linear(
      site("ffn.up"), "\(prefix).intermediate.dense", attended, to: c.intermediateSize,
      activation: c.feedForwardActivation)
    return builder.linear(
      site("ffn.down"), "\(prefix).output.dense", wide, to: c.hiddenSize, residual: attended,
      norm: "\(prefix).output.LayerNorm")
  }
}
