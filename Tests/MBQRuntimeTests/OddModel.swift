import Foundation
import MBQCheckpoints
import MBQCore
import MBQModel
import MBQQuantizer
import MBQTestSupport
import Testing

/// A random checkpoint of a shape no published model has: widths that are no multiple of 16.
struct OddModel: CustomTestStringConvertible, Sendable {
  var testDescription: String
  var family = "mobilebert"
  /// What differs from Formats/<family>/golden/standard/config.json.
  var changes: [String: Int]
  var flags: [String: Bool] = [:]
  var names: [String: String] = [:]

  static let all = small + published

  private static let small = [
    OddModel(
      testDescription: "a bottleneck of 24 with 3 heads of 8",
      changes: [
        "hidden_size": 40, "intra_bottleneck_size": 24, "true_hidden_size": 24,
        "num_attention_heads": 3, "intermediate_size": 20,
      ]),
    OddModel(
      testDescription: "no bottleneck, LayerNorm, GELU, a pooler, 44 columns in 4 heads",
      changes: [
        "embedding_size": 20, "hidden_size": 44, "intra_bottleneck_size": 44,
        "true_hidden_size": 44, "num_attention_heads": 4, "intermediate_size": 50,
      ],
      flags: [
        "use_bottleneck": false, "trigram_input": false, "classifier_activation": true,
      ],
      names: ["hidden_act": "gelu", "normalization_type": "layer_norm"]),
    OddModel(
      testDescription: "one bottleneck for all, a head of 72, one layer",
      changes: [
        "hidden_size": 33, "intra_bottleneck_size": 72, "true_hidden_size": 72,
        "num_attention_heads": 1, "num_hidden_layers": 1, "num_feedforward_networks": 1,
      ],
      flags: ["use_bottleneck_attention": true]),
    OddModel(
      testDescription: "queries and keys from the whole stream, 30 columns in 2 heads",
      changes: [
        "hidden_size": 30, "intra_bottleneck_size": 30, "true_hidden_size": 30,
        "num_attention_heads": 2, "num_hidden_layers": 3,
      ],
      flags: ["key_query_shared_bottleneck": false]),
    OddModel(
      testDescription: "BERT, 45 columns in 5 heads", family: "bert",
      changes: [
        "hidden_size": 45, "num_attention_heads": 5, "intermediate_size": 81,
        "num_hidden_layers": 3,
      ]),
    OddModel(
      testDescription: "DistilBERT, 128 columns in 2 heads", family: "distilbert",
      changes: ["dim": 128, "n_heads": 2, "hidden_dim": 90, "n_layers": 1]),
  ]

  /// Widths that are published, in optimized code only: they have a million parameters a layer.
  #if DEBUG
  private static let published: [OddModel] = []
  #else
  private static let published = [
    OddModel(
      testDescription: "BERT, TinyBERT's 312 columns in 12 heads", family: "bert",
      changes: [
        "hidden_size": 312, "num_attention_heads": 12, "intermediate_size": 1200,
        "num_hidden_layers": 1,
      ]),
    OddModel(
      testDescription: "BERT, MiniLM's 384 columns in 12 heads, ReLU", family: "bert",
      changes: [
        "hidden_size": 384, "num_attention_heads": 12, "intermediate_size": 70,
        "num_hidden_layers": 1,
      ],
      names: ["hidden_act": "relu"]),
    OddModel(
      testDescription: "DistilBERT, 768 columns in 12 heads", family: "distilbert",
      changes: ["dim": 768, "n_heads": 12, "hidden_dim": 80, "n_layers": 1]),
  ]
  #endif

  /// Written to a folder, opened, packed, and removed.
  func subject() throws -> Subject {
    let files = FileManager.default
    let folder = files.temporaryDirectory.appendingPathComponent("mbq-\(UUID().uuidString)")
    try files.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? files.removeItem(at: folder) }
    let standard = Repository.root.appendingPathComponent("Formats/\(family)/golden/standard")
    try files.copyItem(
      at: standard.appendingPathComponent("vocab.txt"),
      to: folder.appendingPathComponent("vocab.txt"))
    let json = try JSONSerialization.jsonObject(
      with: Data(contentsOf: standard.appendingPathComponent("config.json")))
    var configuration = try #require(json as? [String: Any])
    if family == "mobilebert" { configuration["embedding_size"] = 16 }
    configuration["max_position_embeddings"] = 120
    for (key, value) in changes { configuration[key] = value }
    for (key, value) in flags { configuration[key] = value }
    for (key, value) in names { configuration[key] = value }
    try JSONSerialization.data(withJSONObject: configuration)
      .write(to: folder.appendingPathComponent("config.json"))
    let read = try ConfigurationReader.configuration(
      JSONParser.parse(
        String(contentsOf: folder.appendingPathComponent("config.json"), encoding: .utf8),
        source: "config.json"),
      path: "config.json")
    try SafetensorsWriter(Self.tensors(read)).write(
      to: folder.appendingPathComponent("model.safetensors").path)
    return try Subject(path: folder.path)
  }

  private static func tensors(_ configuration: ModelConfiguration) -> [SafetensorsWriter.Tensor] {
    var generator = SeededGenerator(seed: 77)
    func random(_ count: Int, _ scale: Float) -> [Float] {
      (0..<count).map { _ in Float(Int32(truncatingIfNeeded: generator.next())) * 0x1p-31 * scale }
    }
    return ModelFamilies.lower(configuration).requirements.map { requirement in
      let count = requirement.shape.reduce(1, *)
      let values: [Float]
      if requirement.shape.count == 2 {
        let isTable = requirement.name.contains("_embeddings.")
        values = random(count, isTable ? 1 : (3 / Float(requirement.shape[1])).squareRoot())
      } else if requirement.name.lowercased().hasSuffix("norm.weight") {
        values = random(count, 0.3).map { $0 + 1 }
      } else {
        values = random(count, 0.3)
      }
      return SafetensorsWriter.Tensor(requirement.name, requirement.shape, values)
    }
  }
}
