import Foundation
import MBQCheckpoints
import MBQModel
import MBQTestSupport
import Testing

/// One of the small random checkpoints in Formats/mobilebert/golden.
struct Variant: CustomTestStringConvertible, Sendable {
  var name: String
  var path: String { Repository.path("Formats/mobilebert/golden/\(name)") }
  var testDescription: String { name }

  static let all = [
    "standard", "one-feed-forward", "three-feed-forwards", "five-labels", "classifier-activation",
    "gelu", "layer-norm", "bottleneck-attention", "bottleneck-attention-unshared",
    "unshared-equal-widths", "no-bottleneck", "no-trigram", "no-trigram-equal-widths",
  ].map(Variant.init)
}

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

/// Every kind of graph: each variant and the real size, lowered, folded, merged, and both.
func graphs() throws -> [(name: String, graph: ModelGraph)] {
  var lowered = try Variant.all.map {
    ($0.name, ModelFamilies.lower(try Checkpoint.open(path: $0.path).configuration))
  }
  lowered.append(("the real size", ModelFamilies.lower(.standard)))
  return lowered.flatMap { name, graph in
    [
      (name, graph), ("\(name), folded", graph.foldingNorms()),
      ("\(name), merged", graph.mergingLinears()),
      ("\(name), folded and merged", graph.foldingNorms().mergingLinears()),
    ]
  }
}
