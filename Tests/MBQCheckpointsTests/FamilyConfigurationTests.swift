import MBQModel
import MBQTestSupport
import Testing

@testable import MBQCheckpoints

/// What config.json says of a BERT and of a DistilBERT, and how many labels a text gets.
@Suite("Reading config.json of the other families")
struct FamilyConfigurationTests {
  private func configuration(_ family: String, _ members: String) throws -> ModelConfiguration {
    let text = "{\"model_type\": \"\(family)\"\(members.isEmpty ? "" : ", " + members)}"
    return try ConfigurationReader.configuration(
      JSONParser.parse(text, source: "config.json"), path: "config.json")
  }

  private func refusal(_ family: String, _ members: String) -> String {
    message { try configuration(family, members) }
  }

  private let bert = ModelConfiguration(
    plain: .bert, vocabularySize: 30522, typeVocabularySize: 2, maximumPositions: 512,
    hiddenSize: 768, layerCount: 12, headCount: 12, intermediateSize: 3072,
    normalizationEpsilon: 1e-12, activation: .gelu, labels: ["LABEL_0", "LABEL_1"])

  private let distilBERT = ModelConfiguration(
    plain: .distilBERT, vocabularySize: 30522, typeVocabularySize: 0, maximumPositions: 512,
    hiddenSize: 768, layerCount: 6, headCount: 12, intermediateSize: 3072,
    normalizationEpsilon: 1e-12, activation: .gelu, labels: ["LABEL_0", "LABEL_1"])

  @Test("absent keys have the values of BertConfig and DistilBertConfig")
  func defaults() throws {
    #expect(try configuration("bert", "") == bert)
    #expect(try configuration("distilbert", "") == distilBERT)
  }

  @Test("every key is read into its own field")
  func everyKey() throws {
    let found = try configuration(
      "bert",
      """
      "vocab_size": 101, "type_vocab_size": 3, "max_position_embeddings": 102, "hidden_size": 104,
      "num_hidden_layers": 5, "num_attention_heads": 8, "intermediate_size": 107,
      "layer_norm_eps": 1e-5, "hidden_act": "relu", "is_decoder": false, "pruned_heads": {},
      "position_embedding_type": "absolute", "id2label": {"1": "b", "0": "a"}
      """)
    #expect(
      found
        == ModelConfiguration(
          plain: .bert, vocabularySize: 101, typeVocabularySize: 3, maximumPositions: 102,
          hiddenSize: 104, layerCount: 5, headCount: 8, intermediateSize: 107,
          normalizationEpsilon: 1e-5, activation: .relu, labels: ["a", "b"]))
    let distilled = try configuration(
      "distilbert",
      """
      "vocab_size": 101, "max_position_embeddings": 102, "dim": 104, "n_layers": 5, "n_heads": 8,
      "hidden_dim": 107, "activation": "relu", "sinusoidal_pos_embds": true,
      "layer_norm_eps": 0.5, "id2label": {"1": "b", "0": "a"}
      """)
    #expect(
      distilled
        == ModelConfiguration(
          plain: .distilBERT, vocabularySize: 101, typeVocabularySize: 0, maximumPositions: 102,
          hiddenSize: 104, layerCount: 5, headCount: 8, intermediateSize: 107,
          normalizationEpsilon: 1e-12, activation: .relu, labels: ["a", "b"]))
  }

  @Test("DistilBERT's numbers may stand under the other families' names")
  func synonyms() throws {
    var expected = distilBERT
    expected.hiddenSize = 96
    expected.embeddingSize = 96
    expected.bottleneckSize = 96
    expected.layerCount = 2
    expected.headCount = 4
    let names = #""hidden_size": 96, "num_hidden_layers": 2, "num_attention_heads": 4"#
    #expect(try configuration("distilbert", names) == expected)
    #expect(
      try configuration("distilbert", names + #", "dim": 96, "n_layers": 2, "n_heads": 4"#)
        == expected)
  }

  private static let integers =
    BERTConfiguration.integers.map { ("bert", $0) }
    + DistilBERTConfiguration.integers.map { ("distilbert", $0) }

  @Test("integers are held to their ranges", arguments: integers.indices)
  func ranges(_ index: Int) {
    let (family, key) = Self.integers[index]
    let (low, high) = (key.allowed.lowerBound, key.allowed.upperBound)
    for found in ["\(low - 1)", "\(high + 1)", "1.5", "true", "null"] {
      #expect(
        refusal(family, "\"\(key.name)\": \(found)")
          == "'config.json': \(key.name) is \(found), allowed: a whole number from \(low) to \(high)"
      )
    }
  }

  @Test(
    "what is not supported is refused",
    arguments: [
      (
        "bert", #""hidden_act": "gelu_new""#,
        #"hidden_act is the text "gelu_new", allowed: "relu" or "gelu""#
      ),
      (
        "bert", #""hidden_act": "gelu_pytorch_tanh""#,
        #"hidden_act is the text "gelu_pytorch_tanh", allowed: "relu" or "gelu""#
      ),
      (
        "bert", #""hidden_act": "silu""#,
        #"hidden_act is the text "silu", allowed: "relu" or "gelu""#
      ),
      (
        "bert", #""layer_norm_eps": 2"#, "layer_norm_eps is 2, allowed: a number from 1e-30 to 1.0"
      ),
      (
        "bert", #""position_embedding_type": "relative_key_query""#,
        #"position_embedding_type is "relative_key_query"; only "absolute" position embeddings are supported"#
      ),
      (
        "bert", #""position_embedding_type": 1"#,
        "position_embedding_type is 1, allowed: a text"
      ),
      (
        "bert", #""is_decoder": true"#,
        "is_decoder is true, which makes a decoder of the model; only encoders, in which every token sees every other, are supported"
      ),
      (
        "bert", #""add_cross_attention": true"#,
        "add_cross_attention is true, which makes a decoder of the model; only encoders, in which every token sees every other, are supported"
      ),
      ("bert", #""is_decoder": 0"#, "is_decoder is 0, allowed: true or false"),
      (
        "bert", #""pruned_heads": {"0": [1]}"#,
        "attention heads were removed (pruned_heads); use the checkpoint from before pruning; layers of different numbers of heads are not supported"
      ),
      (
        "bert", #""num_attention_heads": 5"#,
        "num_attention_heads is 5, allowed: a divisor of hidden_size, which is 768"
      ),
      (
        "bert", #""num_attention_heads": 2"#,
        "hidden_size / num_attention_heads is 384, allowed: a head size of at most 256"
      ),
      (
        "bert", #""architectures": ["BertForMaskedLM"]"#,
        #"architectures holds the text "BertForMaskedLM"; supported: "BertForSequenceClassification"; fine-tune the model with that class, which adds the classifier, and save it"#
      ),
      (
        "distilbert", #""activation": "gelu_new""#,
        #"activation is the text "gelu_new", allowed: "relu" or "gelu""#
      ),
      (
        "distilbert", #""n_heads": 5"#, "n_heads is 5, allowed: a divisor of dim, which is 768"
      ),
      (
        "distilbert", #""n_heads": 2"#,
        "dim / n_heads is 384, allowed: a head size of at most 256"
      ),
      (
        "distilbert", #""dim": 768, "hidden_size": 384"#,
        "hidden_size is 384, allowed: 768, which is dim: two names of one number"
      ),
      (
        "distilbert", #""num_hidden_layers": 0"#,
        "num_hidden_layers is 0, allowed: a whole number from 1 to 256"
      ),
      (
        "distilbert", #""pruned_heads": {"0": [1]}"#,
        "attention heads were removed (pruned_heads); use the checkpoint from before pruning; layers of different numbers of heads are not supported"
      ),
      (
        "distilbert", #""architectures": ["DistilBertModel"]"#,
        #"architectures holds the text "DistilBertModel"; supported: "DistilBertForSequenceClassification"; fine-tune the model with that class, which adds the classifier, and save it"#
      ),
    ])
  func unsupported(_ family: String, _ members: String, _ expected: String) {
    #expect(refusal(family, members) == "'config.json': \(expected)")
  }

  @Test(
    "any number of labels a text, one label included",
    arguments: ["mobilebert", "bert", "distilbert"])
  func multiLabel(family: String) throws {
    let type = #""problem_type": "multi_label_classification""#
    let one = try configuration(family, type + #", "id2label": {"0": "toxic"}"#)
    #expect(one.task == .multiLabel)
    #expect(one.labels == ["toxic"])
    #expect(try configuration(family, type).labels == ["LABEL_0", "LABEL_1"])
    #expect(
      refusal(family, type + #", "id2label": {}"#)
        == "'config.json': the number of labels is 0, allowed: a whole number from 1 to 1024")
    let single = #""problem_type": "single_label_classification""#
    #expect(try configuration(family, single).task == .singleLabel)
    #expect(try configuration(family, "").task == .singleLabel)
  }
}
