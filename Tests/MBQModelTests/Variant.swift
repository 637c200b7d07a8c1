import MBQCheckpoints
import MBQModel
import MBQTestSupport

extension ModelConfiguration {
  /// google/mobilebert-uncased with two labels.
  static let standard = ModelConfiguration(
    family: .mobileBERT, vocabularySize: 30_522, typeVocabularySize: 2, maximumPositions: 512,
    embeddingSize: 128, hiddenSize: 512, layerCount: 24, headCount: 4, intermediateSize: 512,
    bottleneckSize: 128, usesBottleneck: true, sharesKeyQueryBottleneck: true,
    usesBottleneckAttention: false, feedForwardCount: 4, trigramInput: true,
    normalization: .noNorm, normalizationEpsilon: 1e-12, activation: .relu,
    classifierActivation: false, labels: ["real", "fake"])
}

extension ModelConfiguration {
  /// nreimers/MiniLM-L6-H384-uncased with two labels.
  static let miniLM = ModelConfiguration(
    plain: .bert, vocabularySize: 30_522, typeVocabularySize: 2, maximumPositions: 512,
    hiddenSize: 384, layerCount: 6, headCount: 12, intermediateSize: 1536,
    normalizationEpsilon: 1e-12, activation: .gelu, labels: ["real", "fake"])

  /// google-bert/bert-base-uncased with two labels.
  static let bertBase = {
    var configuration = miniLM
    configuration.hiddenSize = 768
    configuration.layerCount = 12
    configuration.intermediateSize = 3072
    return configuration
  }()

  /// distilbert/distilbert-base-uncased with two labels.
  static let distilBERTBase = ModelConfiguration(
    plain: .distilBERT, vocabularySize: 30_522, typeVocabularySize: 0, maximumPositions: 512,
    hiddenSize: 768, layerCount: 6, headCount: 12, intermediateSize: 3072,
    normalizationEpsilon: 1e-12, activation: .gelu, labels: ["real", "fake"])
}

/// Every kind of graph: each variant and the real sizes, lowered, folded, merged, and both.
func graphs() throws -> [(name: String, graph: ModelGraph)] {
  var lowered = try GoldenCheckpoint.all.map {
    ($0.description, ModelFamilies.lower(try Checkpoint.open(path: $0.path).configuration))
  }
  lowered.append(("MobileBERT's size", ModelFamilies.lower(.standard)))
  lowered.append(("MiniLM's size", ModelFamilies.lower(.miniLM)))
  lowered.append(("DistilBERT's size", ModelFamilies.lower(.distilBERTBase)))
  return lowered.flatMap { name, graph in
    [
      (name, graph), ("\(name), folded", graph.foldingNorms()),
      ("\(name), merged", graph.mergingLinears()),
      ("\(name), folded and merged", graph.foldingNorms().mergingLinears()),
    ]
  }
}
