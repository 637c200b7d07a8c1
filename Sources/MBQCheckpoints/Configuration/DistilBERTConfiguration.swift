import MBQModel

/// `model_type` "distilbert".
///
/// Absent keys have the values of transformers' `DistilBertConfig`;
/// Formats/huggingface/huggingface.md has the same table. `sinusoidal_pos_embds` is not read, because
/// the checkpoint holds the table of positions in both cases.
enum DistilBERTConfiguration: ConfigurationFamily {
  static let modelType = "distilbert"
  static let architecture = "DistilBertForSequenceClassification"

  static let vocabulary = IntegerKey("vocab_size", 30522, EncoderLimits.vocabulary)
  static let positions = IntegerKey("max_position_embeddings", 512, EncoderLimits.positions)
  static let hidden = IntegerKey("dim", 768, EncoderLimits.widths)
  static let layers = IntegerKey("n_layers", 6, EncoderLimits.layers)
  static let heads = IntegerKey("n_heads", 12, EncoderLimits.heads)
  static let intermediate = IntegerKey("hidden_dim", 3072, EncoderLimits.widths)

  static let integers = [vocabulary, positions, hidden, layers, heads, intermediate]

  /// `DistilBertConfig.attribute_map`: the names of other families, which transformers accepts too.
  private static let synonyms = [
    hidden.name: "hidden_size", layers.name: "num_hidden_layers",
    heads.name: "num_attention_heads",
  ]

  /// Every LayerNorm has this value; there is no key for it.
  private static let epsilon: Float = 1e-12

  static func configuration(
    _ fields: ConfigurationFields, labels: [String]
  ) throws(CheckpointError) -> ModelConfiguration {
    let configuration = ModelConfiguration(
      plain: .distilBERT,
      vocabularySize: try fields.integer(vocabulary),
      typeVocabularySize: 0,
      maximumPositions: try fields.integer(positions),
      hiddenSize: try integer(hidden, fields),
      layerCount: try integer(layers, fields),
      headCount: try integer(heads, fields),
      intermediateSize: try fields.integer(intermediate),
      normalizationEpsilon: epsilon,
      activation: try fields.choice("activation", .gelu),
      labels: labels)
    try EncoderLimits.checkHeads(
      configuration, fields, width: hidden.name, ofWidth: configuration.hiddenSize,
      heads: heads.name)
    return configuration
  }

  /// A number with two possible keys, which must agree if both are present.
  private static func integer(
    _ key: IntegerKey, _ fields: ConfigurationFields
  ) throws(CheckpointError) -> Int {
    let own = try fields.integer(key)
    guard let synonym = synonyms[key.name], let value = fields.object[synonym] else { return own }
    let other = try fields.integer(IntegerKey(synonym, key.preset, key.allowed))
    guard fields.object[key.name] == nil || other == own else {
      throw fields.refuse(
        synonym, value, allowed: "\(own), which is \(key.name): two names of one number")
    }
    return other
  }
}
