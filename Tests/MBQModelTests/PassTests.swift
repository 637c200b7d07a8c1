import MBQCheckpoints
import MBQModel
import MBQReference
import MBQTestSupport
import Testing

@Suite("Folding and merging")
struct PassTests {
  @Test("twice is once")
  func idempotent() throws {
    for (name, graph) in try graphs() {
      let folded = graph.foldingNorms()
      #expect(folded.foldingNorms() == folded, "\(name)")
      let merged = graph.mergingLinears()
      #expect(merged.mergingLinears().steps == merged.steps, "\(name)")
      #expect(merged.mergingLinears().tensors == merged.tensors, "\(name)")
    }
  }

  @Test("what a pass leaves is whole: tensors in use, operands inside of their buffers")
  func wellFormed() throws {
    for (name, graph) in try graphs() {
      let read = Set(graph.steps.flatMap(\.operation.tensors))
      #expect(read == Set(graph.tensors.indices), "\(name)")
      var written = Set<Int>()
      for step in graph.steps {
        for operand in step.operation.inputs {
          #expect(written.contains(operand.buffer), "\(name), \(step.site.name)")
        }
        for operand in step.operation.inputs + [step.operation.output] {
          #expect(operand.column + operand.width <= graph.buffers[operand.buffer].width)
          #expect(operand.column.isMultiple(of: 16))
        }
        #expect(written.insert(step.operation.output.buffer).inserted, "\(name): written twice")
      }
      #expect(written.contains(graph.logits.buffer))
    }
  }

  @Test("in MobileBERT no NoNorm stays without a residual, and a layer has 12 products, not 15")
  func standardSize() {
    let graph = ModelFamilies.lower(.standard).foldingNorms().mergingLinears()
    var roles: [String] = []
    for step in graph.steps {
      guard case .linear(let linear) = step.operation else { continue }
      #expect(linear.norm == nil || (linear.residual != nil && linear.bias == nil))
      if step.site.layer == 7 { roles.append(step.site.role) }
    }
    #expect(
      roles == [
        "bottleneck.input+bottleneck.attention+attention.value",
        "attention.query+attention.key", "attention.output", "ffn.0.up", "ffn.0.down", "ffn.1.up",
        "ffn.1.down", "ffn.2.up", "ffn.2.down", "ffn.3.up", "ffn.3.down", "bottleneck.output",
      ])
  }

  @Test("in BERT queries, keys and values are one product, in widths that allow it")
  func mergedProducts() {
    func roles(_ configuration: ModelConfiguration) -> [String] {
      ModelFamilies.lower(configuration).foldingNorms().mergingLinears().steps
        .filter { $0.site.layer == 1 }.map(\.site.role)
    }
    let merged = [
      "attention.query+attention.key+attention.value", "attention", "attention.output", "ffn.up",
      "ffn.down",
    ]
    #expect(roles(.miniLM) == merged)
    #expect(roles(.bertBase) == merged)
    #expect(roles(.distilBERTBase) == merged)
    // TinyBERT's 312 columns are no multiple of 16: keys would start within a row's sixteen.
    var tiny = ModelConfiguration.miniLM
    tiny.hiddenSize = 312
    #expect(
      roles(tiny) == ["attention.query", "attention.key", "attention.value"] + merged.dropFirst())
  }

  @Test("the logits stay within 1e-5", arguments: GoldenCheckpoint.all)
  func sameLogits(variant: GoldenCheckpoint) throws {
    let checkpoint = try Checkpoint.open(path: variant.path)
    func reference(_ graph: ModelGraph) -> Reference {
      Reference(graph) { checkpoint.tensor(named: $0)?.floats() ?? [] }
    }
    let graph = ModelFamilies.lower(checkpoint.configuration)
    let whole = reference(graph)
    let passes = [
      graph.foldingNorms(), graph.mergingLinears(), graph.foldingNorms().mergingLinears(),
    ].map(reference)
    for tokens in [[2, 3], [7], [2, 34, 35, 38, 3], [2, 46, 0, 1, 49, 5, 31, 3]] as [[UInt32]] {
      let truth = whole.logits(tokens).map(Double.init)
      for pass in passes { #expect(relativeError(pass.logits(tokens), truth) < 1e-5) }
    }
  }
}
