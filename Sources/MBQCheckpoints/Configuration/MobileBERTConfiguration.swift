import MBQModel

/// `model_type` "mobilebert".
///
/// Absent keys have the values of transformers' `MobileBertConfig`;
/// Formats/huggingface/huggingface.md has the same table.
enum MobileBERTConfiguration: ConfigurationFamily {
  static let modelType = "mobilebert"
  static let architecture = "MobileBertForSequenceClassification"

  static let vocabulary = IntegerKey("vocab_size", 30522, EncoderLimits.vocabulary)
  static let types = IntegerKey("type_vocab_size", 2, EncoderLimits.types)
  static let positions = IntegerKey("max_position_embeddings", 512, EncoderLimits.positions)
  static let embedding = IntegerKey("embedding_size", 128, widths)
  static let hidden = IntegerKey("hidden_size", 512, widths)
  static let layers = IntegerKey("num_hidden_layers", 24, EncoderLimits.layers)
  static let heads = IntegerKey("num_attention_heads", 4, EncoderLimits.heads)
  static let intermediate = IntegerKey("intermediate_size", 512, widths)
  static let bottleneck = IntegerKey("intra_bottleneck_size", 128, widths)
  static let feedForwards = IntegerKey("num_feedforward_networks", 4, 1...16)

  static let integers = [
    vocabulary, types, positions, embedding, hidden, layers, heads, intermediate, bottleneck,
    feedForwards,
  ]
  static let trigrams = FlagKey("trigram_input", true)
  static let bottlenecks = FlagKey("use_bottleneck", true)
  static let bottleneckAttention = FlagKey("use_bottleneck_attention", false)
  static let sharedBottleneck = FlagKey("key_query_shared_bottleneck", true)
  static let classifierActivation = FlagKey("classifier_activation", true)

  static let flags = [
    trigrams, bottlenecks, bottleneckAttention, sharedBottleneck, classifierActivation,
  ]

  private static let widths = EncoderLimits.widths

  static func configuration(
    _ fields: ConfigurationFields, labels: [String]
  ) throws(CheckpointError) -> ModelConfiguration {
    let configuration = ModelConfiguration(
      family: .mobileBERT,
      vocabularySize: try fields.integer(vocabulary),
      typeVocabularySize: try fields.integer(types),
      maximumPositions: try fields.integer(positions),
      embeddingSize: try fields.integer(embedding),
      hiddenSize: try fields.integer(hidden),
      layerCount: try fields.integer(layers),
      headCount: try fields.integer(heads),
      intermediateSize: try fields.integer(intermediate),
      bottleneckSize: try fields.integer(bottleneck),
      usesBottleneck: try fields.flag(bottlenecks),
      sharesKeyQueryBottleneck: try fields.flag(sharedBottleneck),
      usesBottleneckAttention: try fields.flag(bottleneckAttention),
      feedForwardCount: try fields.integer(feedForwards),
      trigramInput: try fields.flag(trigrams),
      normalization: try fields.choice("normalization_type", .noNorm),
      normalizationEpsilon: Float(
        try fields.number("layer_norm_eps", 1e-12, allowed: 1e-30...1)),
      activation: try fields.choice("hidden_act", .relu),
      classifierActivation: try fields.flag(classifierActivation),
      labels: labels)
    let width = configuration.usesBottleneck ? bottleneck.name : hidden.name
    try EncoderLimits.checkHeads(
      configuration, fields, width: width, ofWidth: configuration.trueHiddenSize,
      heads: heads.name)
    try checkWidths(configuration, fields, width: width)
    return configuration
  }

  /// Refuses contradictions; `width` is the key of the width inside a layer.
  private static func checkWidths(
    _ configuration: ModelConfiguration, _ fields: ConfigurationFields, width: String
  ) throws(CheckpointError) {
    // Queries and keys then read the residual stream with weights of the bottleneck's width.
    if configuration.usesBottleneck, !configuration.sharesKeyQueryBottleneck,
      !configuration.usesBottleneckAttention,
      configuration.hiddenSize != configuration.bottleneckSize
    {
      throw .unsupported(
        path: fields.path,
        what: "key_query_shared_bottleneck and use_bottleneck_attention are false with hidden_size"
          + " \(configuration.hiddenSize) and intra_bottleneck_size \(configuration.bottleneckSize)",
        advice: "transformers cannot run such a model either; use the config.json the model was"
          + " trained with")
    }
    // transformers derives it and writes it, but accepts any value that it reads.
    let derived = configuration.trueHiddenSize
    if let stated = fields.object["true_hidden_size"] {
      if case .integer(derived) = stated { return }
      throw fields.refuse(
        "true_hidden_size", stated,
        allowed: "\(derived), which is \(width): the width inside a layer; correct the one that is"
          + " wrong")
    }
  }
}
