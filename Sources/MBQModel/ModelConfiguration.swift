/// The numbers that define one model, read from its `config.json`; Formats/<family>/<family>.md says
/// what each of them shapes.
///
/// All families share this structure. The features of MobileBERT are off in the others (no bottleneck, no
/// trigram, one feed-forward network, embeddings as wide as the residual stream).
public struct ModelConfiguration: Equatable, Sendable {
  public enum Family: String, Sendable, CaseIterable {
    case mobileBERT = "mobilebert"
    case bert = "bert"
    case distilBERT = "distilbert"
  }

  /// The normalization of the sum of a block's output and its residual.
  public enum Normalization: String, Sendable, CaseIterable {
    /// `x * gamma + beta`, element by element.
    case noNorm = "no_norm"
    case layerNorm = "layer_norm"
  }

  public enum Activation: String, Sendable, CaseIterable {
    case relu
    /// `x/2 * (1 + erf(x / sqrt 2))`, not the tanh approximation.
    case gelu
  }

  public var family: Family
  public var vocabularySize: Int
  /// 0 in families without token types.
  public var typeVocabularySize: Int
  /// The longest text, in tokens with the special ones.
  public var maximumPositions: Int
  /// Width of the word embeddings; three of them side by side are one token with `trigramInput`.
  public var embeddingSize: Int
  /// Width of the residual stream between layers.
  public var hiddenSize: Int
  public var layerCount: Int
  public var headCount: Int
  /// Width between the two linears of a feed-forward network.
  public var intermediateSize: Int
  /// Width of the bottleneck, `intra_bottleneck_size`.
  public var bottleneckSize: Int
  public var usesBottleneck: Bool
  /// Queries and keys read one bottleneck of their own, values the full residual stream.
  public var sharesKeyQueryBottleneck: Bool
  /// Queries, keys and values all read the bottlenecked layer input.
  public var usesBottleneckAttention: Bool
  /// Feed-forward networks a layer, the last included.
  public var feedForwardCount: Int
  public var trigramInput: Bool
  public var normalization: Normalization
  public var normalizationEpsilon: Float
  public var activation: Activation
  /// A dense layer with an activation between the first token and the classifier; only a MobileBERT may
  /// lack it.
  public var classifierActivation: Bool
  public var task: ClassificationTask
  /// One name a class, in the order of the logits.
  public var labels: [String]

  /// Width inside a layer: the bottleneck's, or the residual stream's without bottlenecks.
  public var trueHiddenSize: Int { usesBottleneck ? bottleneckSize : hiddenSize }
  public var headSize: Int { trueHiddenSize / headCount }

  public init(
    family: Family, vocabularySize: Int, typeVocabularySize: Int, maximumPositions: Int,
    embeddingSize: Int, hiddenSize: Int, layerCount: Int, headCount: Int, intermediateSize: Int,
    bottleneckSize: Int, usesBottleneck: Bool, sharesKeyQueryBottleneck: Bool,
    usesBottleneckAttention: Bool, feedForwardCount: Int, trigramInput: Bool,
    normalization: Normalization, normalizationEpsilon: Float, activation: Activation,
    classifierActivation: Bool, task: ClassificationTask = .singleLabel, labels: [String]
  ) {
    self.family = family
    self.vocabularySize = vocabularySize
    self.typeVocabularySize = typeVocabularySize
    self.maximumPositions = maximumPositions
    self.embeddingSize = embeddingSize
    self.hiddenSize = hiddenSize
    self.layerCount = layerCount
    self.headCount = headCount
    self.intermediateSize = intermediateSize
    self.bottleneckSize = bottleneckSize
    self.usesBottleneck = usesBottleneck
    self.sharesKeyQueryBottleneck = sharesKeyQueryBottleneck
    self.usesBottleneckAttention = usesBottleneckAttention
    self.feedForwardCount = feedForwardCount
    self.trigramInput = trigramInput
    self.normalization = normalization
    self.normalizationEpsilon = normalizationEpsilon
    self.activation = activation
    self.classifierActivation = classifierActivation
    self.task = task
    self.labels = labels
  }

  /// A BERT or a DistilBERT, without the features of MobileBERT.
  public init(
    plain family: Family, vocabularySize: Int, typeVocabularySize: Int, maximumPositions: Int,
    hiddenSize: Int, layerCount: Int, headCount: Int, intermediateSize: Int,
    normalizationEpsilon: Float, activation: Activation, task: ClassificationTask = .singleLabel,
    labels: [String]
  ) {
    self.init(
      family: family, vocabularySize: vocabularySize, typeVocabularySize: typeVocabularySize,
      maximumPositions: maximumPositions, embeddingSize: hiddenSize, hiddenSize: hiddenSize,
      layerCount: layerCount, headCount: headCount, intermediateSize: intermediateSize,
      bottleneckSize: hiddenSize, usesBottleneck: false, sharesKeyQueryBottleneck: false,
      usesBottleneckAttention: false, feedForwardCount: 1, trigramInput: false,
      normalization: .layerNorm, normalizationEpsilon: normalizationEpsilon,
      activation: activation, classifierActivation: true, task: task, labels: labels)
  }
}

/// A tensor that a model needs.
public struct TensorRequirement: Equatable, Hashable, Sendable {
  /// The name in a Hugging Face checkpoint.
  public var name: String
  public var shape: [Int]

  public init(_ name: String, _ shape: [Int]) {
    self.name = name
    self.shape = shape
  }
}
