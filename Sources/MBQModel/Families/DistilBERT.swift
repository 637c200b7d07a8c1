/// DistilBERT (Sanh et al., "DistilBERT, a distilled version of BERT: smaller, faster, cheaper and
/// lighter", 2019) with a sequence classification head: BERT's layers under other names, without token
/// types, and ReLU instead of tanh before the classifier; Formats/distilbert/distilbert.md lists the
/// tensors and the steps with their shapes.
public enum DistilBERT: ModelFamily {
  public static var family: ModelConfiguration.Family { .distilBERT }

  public static func lower(_ configuration: ModelConfiguration) -> ModelGraph {
    let c = configuration
    var builder = GraphBuilder(c)
    var hidden = embeddings(c, &builder)
    for index in 0..<c.layerCount { hidden = layer(index, hidden, c, &builder) }

    let pooled = builder.linear(
      Site(nil, "pre_classifier"), "pre_classifier", builder.pool(hidden), to: c.hiddenSize,
      activation: .relu, role: .headWeight)
    builder.graph.logits = builder.linear(
      Site(nil, "classifier"), "classifier", pooled, to: c.labels.count, role: .headWeight)
    return builder.graph
  }

  /// (tokens, hiddenSize).
  private static func embeddings(
    _ c: ModelConfiguration, _ builder: inout GraphBuilder
  ) -> Operand {
    let prefix = "distilbert.embeddings"
    let word = builder.tensor(
      "embeddings.word", "\(prefix).word_embeddings.weight", [c.vocabularySize, c.hiddenSize],
      .table)
    // Stored in the checkpoint even where it is made of sines.
    let position = builder.tensor(
      "embeddings.position", "\(prefix).position_embeddings.weight",
      [c.maximumPositions, c.hiddenSize], .table)
    return builder.embeddings(
      word: word, position: position, type: nil, norm: "\(prefix).LayerNorm", width: c.hiddenSize)
  }

  /// (tokens, hiddenSize) to the same.
  private static func layer(
    _ index: Int, _ hidden: Operand, _ c: ModelConfiguration, _ builder: inout GraphBuilder
  ) -> Operand {
    let prefix = "distilbert.transformer.layer.\(index)"
    let own = "\(prefix).attention"
    func site(_ role: String) -> Site { Site(index, role) }

    let query = builder.linear(
      site("attention.query"), "\(own).q_lin", hidden, to: c.hiddenSize)
    let key = builder.linear(site("attention.key"), "\(own).k_lin", hidden, to: c.hiddenSize)
    let value = builder.linear(
      site("attention.value"), "\(own).v_lin", hidden, to: c.hiddenSize)
    let context = builder.attention(
      index, query: query, key: key, value: value, heads: c.headCount)
    let attended = builder.linear(
      site("attention.output"), "\(own).out_lin", context, to: c.hiddenSize, residual: hidden,
      norm: "\(prefix).sa_layer_norm")

    let wide = builder.linear(
      site("ffn.up"), "\(prefix).ffn.lin1", attended, to: c.intermediateSize,
      activation: c.feedForwardActivation)
    return builder.linear(
      site("ffn.down"), "\(prefix).ffn.lin2", wide, to: c.hiddenSize, residual: attended,
      norm: "\(prefix).output_layer_norm")
  }
}
