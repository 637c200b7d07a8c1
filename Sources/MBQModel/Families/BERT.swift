/// BERT (Devlin et al., "BERT: Pre-training of Deep Bidirectional Transformers for Language
/// Understanding", 2019) with a sequence classification head, and every smaller model of the same
/// structure, such as MiniLM and TinyBERT; Formats/bert/bert.md lists the tensors and the steps with
/// their shapes.
public enum BERT: ModelFamily {
  public static var family: ModelConfiguration.Family { .bert }

  public static func lower(_ configuration: ModelConfiguration) -> ModelGraph {
    var builder = GraphBuilder(configuration)
    let embedded = builder.embeddings(configuration, "bert.embeddings")
    let hidden = builder.encoderLayers(
      configuration, embedded, "bert.encoder.layer",
      EncoderLayerNames(
        query: "attention.self.query", key: "attention.self.key", value: "attention.self.value",
        attentionOutput: "attention.output.dense", attentionNorm: "attention.output.LayerNorm",
        up: "intermediate.dense", down: "output.dense", norm: "output.LayerNorm"))
    builder.head(
      configuration, hidden, dense: "bert.pooler.dense", at: Site(nil, "pooler.dense"),
      activation: .tanh)
    return builder.graph
  }
}
