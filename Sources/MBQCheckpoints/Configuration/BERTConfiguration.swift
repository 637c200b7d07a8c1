import MBQModel

/// `model_type` "bert".
///
/// Absent keys have the values of transformers' `BertConfig`;
/// Formats/huggingface/huggingface.md has the same table.
enum BERTConfiguration: ConfigurationFamily {
  static let modelType = "bert"
  static let architecture = "BertForSequenceClassification"

  static let vocabulary = IntegerKey("vocab_size", 30522, EncoderLimits.vocabulary)
  static let types = IntegerKey("type_vocab_size", 2, EncoderLimits.types)
  static let positions = IntegerKey("max_position_embeddings", 512, EncoderLimits.positions)
  static let hidden = IntegerKey("hidden_size", 768, EncoderLimits.widths)
  static let layers = IntegerKey("num_hidden_layers", 12, EncoderLimits.layers)
  static let heads = IntegerKey("num_attention_heads", 12, EncoderLimits.heads)
  static let intermediate = IntegerKey("intermediate_size", 3072, EncoderLimits.widths)

  static let integers = [
    vocabulary, types, positions, hidden, layers, heads, intermediate,
  ]
  /// With either, the model is a decoder.
  static let flags = [FlagKey("is_decoder", false), FlagKey("add_cross_attention", false)]

  static func configuration(
    _ fields: ConfigurationFields, labels: [String]
  ) throws(CheckpointError) -> ModelConfiguration {
    try checkEncoder(fields)
    let configuration = ModelConfiguration(
      plain: .bert,
      vocabularySize: try fields.integer(vocabulary),
      typeVocabularySize: try fields.integer(types),
      maximumPositions: try fields.integer(positions),
      hiddenSize: try fields.integer(hidden),
      layerCount: try fields.integer(layers),
      headCount: try fields.integer(heads),
      intermediateSize: try fields.integer(intermediate),
      normalizationEpsilon: Float(
        try fields.number("layer_norm_eps", 1e-12, allowed: EncoderLimits.epsilon)),
      activation: try fields.choice("hidden_act", .gelu),
      labels: labels)
    try EncoderLimits.checkHeads(
      configuration, fields, width: hidden.name, ofWidth: configuration.hiddenSize,
      heads: heads.name)
    return configuration
  }

  /// Refuses decoders and positions that are not added to the embeddings.
  private static func checkEncoder(_ fields: ConfigurationFields) throws(CheckpointError) {
    for key in flags where try fields.flag(key) {
      throw .unsupported(
        path: fields.path, what: "\(key.name) is true, which makes a decoder of the model",
        advice: "only encoders, in which every token sees every other, are supported")
    }
    // transformers 5 ignores this key and would treat such a model as one with absolute positions.
    if let name = try fields.text("position_embedding_type"), name != "absolute" {
      throw .unsupported(
        path: fields.path, what: "position_embedding_type is \(quoted(name, "\""))",
        advice: "only \"absolute\" position embeddings are supported")
    }
  }
}
