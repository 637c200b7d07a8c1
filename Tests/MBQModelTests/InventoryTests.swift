import Foundation
import MBQCheckpoints
import MBQModel
import MBQTestSupport
import Testing

/// The tensors a lowering asks for are those transformers wrote.
@Suite("The tensors of a model")
struct InventoryTests {
  /// Tensors a variant's file holds that no forward pass reads, as Formats/mobilebert/mobilebert.md
  /// lists them.
  private static func isUnused(_ name: String, in variant: GoldenCheckpoint) -> Bool {
    switch variant.name {
    case "bottleneck-attention": name.contains(".bottleneck.attention.")
    case "no-trigram-equal-widths": name.contains(".embedding_transformation.")
    default: false
    }
  }

  @Test("each variant's tensors, with their shapes, and none else", arguments: GoldenCheckpoint.all)
  func variants(variant: GoldenCheckpoint) throws {
    let checkpoint = try Checkpoint.open(path: variant.path)
    var expected: [String: [Int]] = [:]
    var unusedCount = 0
    for name in checkpoint.tensorNames {
      if Self.isUnused(name, in: variant) {
        unusedCount += 1
      } else {
        expected[name] = try #require(checkpoint.tensor(named: name)).shape
      }
    }
    let graph = ModelFamilies.lower(checkpoint.configuration)
    let found = graph.requirements.map { ($0.name, $0.shape) }
    #expect(Dictionary(found) { first, _ in first } == expected)
    #expect(found.count == expected.count)
    let unused = ["bottleneck-attention": 8, "no-trigram-equal-widths": 2]
    #expect(unusedCount == unused[variant.name] ?? 0)
  }

  @Test("the tiny model's, as PyTorch lists them")
  func tiny() throws {
    let folder = "Formats/huggingface/golden/tiny"
    let checkpoint = try Checkpoint.open(path: Repository.path(folder))
    let text = try String(contentsOfFile: Repository.path("\(folder)/tensors.txt"), encoding: .utf8)
    let found = ModelFamilies.lower(checkpoint.configuration).requirements
      .map { "\($0.name) \($0.shape)" }
    #expect(found.sorted() == text.split(separator: "\n").map(String.init).sorted())
  }

  @Test(
    "every required tensor is read by an operation in its own shape",
    arguments: GoldenCheckpoint.all)
  func allRead(variant: GoldenCheckpoint) throws {
    let graph = ModelFamilies.lower(try Checkpoint.open(path: variant.path).configuration)
    let read = Set(graph.steps.flatMap(\.operation.tensors))
    #expect(read == Set(graph.tensors.indices))
    #expect(
      graph.requirements
        == graph.tensors.map { tensor in
          guard case .checkpoint(let name) = tensor.expression else {
            return TensorRequirement("not from the checkpoint: \(tensor.name)", tensor.shape)
          }
          return TensorRequirement(name, tensor.shape)
        })
  }

  @Test("all variants are there")
  func count() {
    let found = Dictionary(grouping: GoldenCheckpoint.all, by: \.family).mapValues(\.count)
    #expect(found == GoldenCheckpoint.families)
    #expect(Set(found.keys) == Set(ModelConfiguration.Family.allCases.map(\.rawValue)))
  }

  @Test(
    "the published sizes have the parameters PyTorch counts",
    arguments: [
      (ModelConfiguration.bertBase, 201, 109_483_778), (.distilBERTBase, 104, 66_955_010),
      (.miniLM, 105, 22_713_986),
    ])
  func publishedSizes(configuration: ModelConfiguration, tensors: Int, parameters: Int) {
    let requirements = ModelFamilies.lower(configuration).requirements
    #expect(requirements.count == tensors)
    #expect(requirements.reduce(0) { $0 + $1.shape.reduce(1, *) } == parameters)
  }

  @Test("MobileBERT's own size has 1,113 tensors with 24,582,914 parameters")
  func standardSize() {
    let requirements = ModelFamilies.lower(.standard).requirements
    #expect(requirements.count == 1113)
    #expect(requirements.reduce(0) { $0 + $1.shape.reduce(1, *) } == 24_582_914)
  }
}
