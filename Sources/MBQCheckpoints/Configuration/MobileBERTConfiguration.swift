import MBQModel

/// `model_type` "mobilebert".
///
/// Absent keys have the values of transformers' `MobileBertConfig`;
/// Formats/huggingface/huggingface.md has the same table.
enum MobileBERTConfiguration: ConfigurationFamily {
  static let modelType = "mobilebert"
  static let architecture = "MobileBertForSequenceClassification"

  static let vocabulary = IntegerKey("vocab_size", 30522, 1...1 << 20)
  static let types = IntegerKey("type_vocab_size", 2, 1...1024)
  /// The attention kernel sums at most 1024 products of two bytes in an int32.
  static let positions = IntegerKey("max_position_embeddings", 512, 2...1024)
  static let embedding = IntegerKey("embedding_size", 128, widths)
  static let hidden = IntegerKey("hidden_size", 512, widths)
  static let layers = IntegerKey("num_hidden_layers", 24, 1...256)
  static let heads = IntegerKey("num_attention_heads", 4, 1...256)
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

  private static let widths = 1...8192
  private static let maximumHeadSize = 256

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
    try checkHeads(configuration, fields)
    return configuration
  }

  private static func checkHeads(
    _ configuration: ModelConfiguration, _ fields: ConfigurationFields
  ) throws(CheckpointError) {
    let width = configuration.trueHiddenSize
    let key = configuration.usesBottleneck ? bottleneck.name : hidden.name
    guard width % configuration.headCount == 0 else {
      throw .field(
        path: fields.path, key: heads.name, found: "\(configuration.headCount)",
        allowed: "a divisor of \(key), which is \(width)")
    }
    guard configuration.headSize <= maximumHeadSize else {
      throw .field(
        path: fields.path, key: "\(key) / \(heads.name)", found: "\(configuration.headSize)",
        allowed: "a head size of at most \(maximumHeadSize)")
    }
  }
}
