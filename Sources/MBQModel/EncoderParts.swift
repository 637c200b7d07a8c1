/// A family's names for the parts of a post-norm encoder layer, without the prefix of the layer.
struct EncoderLayerNames {
  var query, key, value: String
  var attentionOutput, attentionNorm: String
  var up, down, norm: String
}

/// The steps that BERT and DistilBERT share.
extension GraphBuilder {
  /// The tables' rows summed in one operation, then normalized: (tokens, hiddenSize).
  ///
  /// The tables are `<prefix>.word_embeddings` and so on; token types only if the model has them.
  mutating func embeddings(_ c: ModelConfiguration, _ prefix: String) -> Operand {
    let word = table("word", "\(prefix).word_embeddings.weight", c.vocabularySize, c.hiddenSize)
    let position = table(
      "position", "\(prefix).position_embeddings.weight", c.maximumPositions, c.hiddenSize)
    var type: Int?
    if c.typeVocabularySize > 0 {
      type = table(
        "type", "\(prefix).token_type_embeddings.weight", c.typeVocabularySize, c.hiddenSize)
    }
    let sum = graph.addBuffer(width: c.hiddenSize)
    graph.append(
      Site(nil, "embeddings"),
      .embed(.init(word: word, position: position, type: type, trigram: false, output: sum)))
    let norm = self.norm(Site(nil, "embeddings"), "\(prefix).LayerNorm", c.hiddenSize)
    let output = graph.addBuffer(width: c.hiddenSize)
    graph.append(
      Site(nil, "embeddings.norm"),
      .normalize(.init(input: sum, residual: nil, norm: norm, output: output)))
    return output
  }

  private mutating func table(
    _ name: String, _ source: String, _ rows: Int, _ width: Int
  ) -> Int {
    tensor("embeddings.\(name)", source, [rows, width], .table)
  }

  /// Layers from (tokens, hiddenSize) to the same: attention and a feed-forward network, each with its input
  /// as the residual and a norm of the sum.
  mutating func encoderLayers(
    _ c: ModelConfiguration, _ input: Operand, _ prefix: String, _ names: EncoderLayerNames
  ) -> Operand {
    var hidden = input
    for layer in 0..<c.layerCount {
      let own = "\(prefix).\(layer)."
      let query = linear(
        Site(layer, "attention.query"), own + names.query, hidden, to: c.hiddenSize)
      let key = linear(Site(layer, "attention.key"), own + names.key, hidden, to: c.hiddenSize)
      let value = linear(
        Site(layer, "attention.value"), own + names.value, hidden, to: c.hiddenSize)
      let context = attention(layer, query: query, key: key, value: value, heads: c.headCount)
      let attended = linear(
        Site(layer, "attention.output"), own + names.attentionOutput, context, to: c.hiddenSize,
        residual: hidden, norm: own + names.attentionNorm)
      let wide = linear(
        Site(layer, "ffn.up"), own + names.up, attended, to: c.intermediateSize,
        activation: c.feedForwardActivation)
      hidden = linear(
        Site(layer, "ffn.down"), own + names.down, wide, to: c.hiddenSize, residual: attended,
        norm: own + names.norm)
    }
    return hidden
  }

  /// The first token's row through a dense layer and the classifier: logits (texts, labels).
  mutating func head(
    _ c: ModelConfiguration, _ hidden: Operand, dense: String, at site: Site,
    activation: LinearActivation
  ) {
    let pooled = linear(
      site, dense, pool(hidden), to: c.hiddenSize, activation: activation, role: .headWeight)
    graph.logits = linear(
      Site(nil, "classifier"), "classifier", pooled, to: c.labels.count, role: .headWeight)
  }
}
