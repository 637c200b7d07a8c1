/// DistilBERT (Sanh et al., "DistilBERT, a distilled version of BERT: smaller, faster, cheaper and
/// lighter", 2019) with a sequence classification head: BERT's layers under other names, without token
/// types, and ReLU instead of tanh before the classifier; Formats/distilbert/distilbert.md lists the
/// tensors and the steps with their shapes.
public enum DistilBERT: ModelFamily {
  public static var family: ModelConfiguration.Family { .distilBERT }

  public static func lower(_ configuration: ModelConfiguration) -> ModelGraph {
    var builder = GraphBuilder(configuration)
    // The checkpoint holds the table of positions even if it consists of sines.
    let embedded = builder.embeddings(configuration, "distilbert.embeddings")
    let hidden = builder.encoderLayers(
      configuration, embedded, "distilbert.transformer.layer",
      EncoderLayerNames(
        query: "attention.q_lin", key: "attention.k_lin", value: "attention.v_lin",
        attentionOutput: "attention.out_lin", attentionNorm: "sa_layer_norm", up: "ffn.lin1",
        down: "ffn.lin2", norm: "output_layer_norm"))
    builder.head(
      configuration, hidden, dense: "pre_classifier", at: Site(nil, "pre_classifier"),
      activation: .relu)
    return builder.graph
  }
}
