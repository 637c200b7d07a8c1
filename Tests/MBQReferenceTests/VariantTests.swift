import MBQCheckpoints
import MBQModel
import MBQReference
import MBQTestSupport
import Testing

/// Formats/<family>/golden: small random checkpoints with the logits and hidden states that
/// transformers computed in float64 (Tests/Oracles/reference).
@Suite("The reference on every variant of every family")
struct VariantTests {
  private func checkpoint(_ variant: GoldenCheckpoint) throws -> Checkpoint {
    try Checkpoint.open(path: variant.path)
  }

  @Test("logits within 1e-4 of the largest", arguments: GoldenCheckpoint.all)
  func logits(variant: GoldenCheckpoint) throws {
    let reference = Reference(try checkpoint(variant))
    let texts = try variant.texts()
    #expect(texts.map(\.inputIds.count) == [2, 1, 5, 8, 24])
    for text in texts {
      let error = relativeError(reference.logits(text.inputIds), text.logits)
      #expect(error < 1e-4, "\(text.inputIds.count) tokens")
    }
  }

  /// transformers' name for what a site's operation gives, in each family's `standard`: MobileBERT's
  /// is the published structure with two feed-forward networks.
  private static let modules = [
    "mobilebert": [
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
    ],
    "bert": [
      "embeddings.norm": "embeddings",
      "layer.0.attention.query": "layer.0.attention.self.query",
      "layer.0.attention.key": "layer.0.attention.self.key",
      "layer.0.attention.value": "layer.0.attention.self.value",
      "layer.0.attention": "layer.0.heads",
      "layer.0.attention.output": "layer.0.attention.output",
      "layer.0.ffn.up": "layer.0.intermediate",
      "layer.0.ffn.down": "layer.0",
      "layer.1.ffn.down": "layer.1",
    ],
    "distilbert": [
      "embeddings.norm": "embeddings",
      "layer.0.attention.query": "layer.0.attention.q_lin",
      "layer.0.attention.key": "layer.0.attention.k_lin",
      "layer.0.attention.value": "layer.0.attention.v_lin",
      "layer.0.attention": "layer.0.heads",
      "layer.0.attention.output": "layer.0.sa_layer_norm",
      "layer.0.ffn.down": "layer.0",
      "layer.1.ffn.down": "layer.1",
    ],
  ]

  @Test("every hidden state within 1e-5 of its largest number", arguments: modules.keys.sorted())
  func hiddenStates(family: String) throws {
    let standard = GoldenCheckpoint(family, "standard")
    let modules = try #require(Self.modules[family])
    let reference = Reference(try checkpoint(standard))
    var compared = Set<String>()
    for text in try standard.texts() {
      guard let truths = text.taps else { continue }
      _ = reference.logits(text.inputIds) { tap in
        guard let module = modules[tap.site.name], let truth = truths[module] else { return }
        compared.insert(module)
        #expect(tap.rows == truth.count && tap.width == truth[0].count, "\(module)")
        #expect(relativeError(tap.values, truth.flatMap { $0 }) < 1e-5, "\(module)")
      }
    }
    #expect(compared == Set(modules.values))
  }

  @Test("a tap sees every operation, in order")
  func tapOrder() throws {
    let reference = Reference(try checkpoint(GoldenCheckpoint("mobilebert", "layer-norm")))
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
