import Foundation
import MBQCheckpoints
import MBQModel
import MBQReference
import MBQTestSupport
import Testing

/// Formats/mobilebert/golden: small random checkpoints with the logits and hidden states that
/// transformers computed in float64 (Tests/Oracles/reference/taps.py).
@Suite("The reference on every variant of MobileBERT")
struct VariantTests {
  private struct Golden: Decodable {
    struct Text: Decodable {
      var inputIds: [UInt32]
      var tokenTypeIds: [Int]
      var logits: [Double]
      /// (tokens, width) by the name of transformers' module.
      var taps: [String: [[Double]]]?
    }

    var texts: [Text]

    /// Those of a single text: a pair has tokens of a second type, which no text has here.
    static func singleTexts(_ variant: String) throws -> [Text] {
      let path = Repository.path("Formats/mobilebert/golden/\(variant)/golden.json")
      let decoder = JSONDecoder()
      decoder.keyDecodingStrategy = .convertFromSnakeCase
      let golden = try decoder.decode(
        Golden.self, from: Data(contentsOf: URL(fileURLWithPath: path)))
      return golden.texts.filter { text in text.tokenTypeIds.allSatisfy { $0 == 0 } }
    }
  }

  private func checkpoint(_ variant: String) throws -> Checkpoint {
    try Checkpoint.open(path: Repository.path("Formats/mobilebert/golden/\(variant)"))
  }

  @Test(
    "logits within 1e-4 of the largest",
    arguments: [
      "standard", "one-feed-forward", "three-feed-forwards", "five-labels",
      "classifier-activation", "gelu", "layer-norm", "bottleneck-attention",
      "bottleneck-attention-unshared", "unshared-equal-widths", "no-bottleneck", "no-trigram",
      "no-trigram-equal-widths",
    ])
  func logits(variant: String) throws {
    let reference = Reference(try checkpoint(variant))
    let texts = try Golden.singleTexts(variant)
    #expect(texts.map(\.inputIds.count) == [2, 1, 5, 8, 24])
    for text in texts {
      let error = relativeError(reference.logits(text.inputIds), text.logits)
      #expect(error < 1e-4, "\(text.inputIds.count) tokens")
    }
  }

  /// transformers' name for what a site's operation gives, for the published structure with two
  /// feed-forward networks.
  private static let modules = [
    "embeddings.transformation": "embeddings",
    "layer.0.bottleneck.input": "layer.0.bottleneck.input",
    "layer.0.bottleneck.attention": "layer.0.bottleneck.attention",
    "layer.0.attention.query": "layer.0.attention.self.query",
    "layer.0.attention.key": "layer.0.attention.self.key",
    "layer.0.attention.value": "layer.0.attention.self.value",
    "layer.0.attention": "layer.0.attention.self",
    "layer.0.attention.output": "layer.0.attention.output",
    "layer.0.ffn.0.up": "layer.0.ffn.0.intermediate",
    "layer.0.ffn.0.down": "layer.0.ffn.0.output",
    "layer.0.ffn.1.up": "layer.0.intermediate",
    "layer.0.bottleneck.output": "layer.0",
    "layer.1.bottleneck.output": "layer.1",
  ]

  @Test("every hidden state within 1e-5 of its largest number")
  func hiddenStates() throws {
    let reference = Reference(try checkpoint("standard"))
    var compared = Set<String>()
    for text in try Golden.singleTexts("standard") {
      guard let truths = text.taps else { continue }
      _ = reference.logits(text.inputIds) { tap in
        guard let module = Self.modules[tap.site.name], let truth = truths[module] else { return }
        compared.insert(module)
        #expect(tap.rows == truth.count && tap.width == truth[0].count, "\(module)")
        #expect(relativeError(tap.values, truth.flatMap { $0 }) < 1e-5, "\(module)")
      }
    }
    #expect(compared == Set(Self.modules.values))
  }

  @Test("a tap sees every operation, in order")
  func tapOrder() throws {
    let reference = Reference(try checkpoint("layer-norm"))
    var sites: [Site] = []
    _ = reference.logits([2, 9, 3]) { sites.append($0.site) }
    #expect(sites == reference.graph.steps.map(\.site))
  }
}

extension Reference {
  /// The checkpoint as it is, neither folded nor merged.
  init(_ checkpoint: Checkpoint) {
    self.init(ModelFamilies.lower(checkpoint.configuration)) {
      checkpoint.tensor(named: $0)?.floats() ?? []
    }
  }
}
