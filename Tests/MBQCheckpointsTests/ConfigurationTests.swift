import Foundation
import MBQCore
import MBQModel
import MBQTestSupport
import Testing

@testable import MBQCheckpoints

@Suite("Reading config.json")
struct ConfigurationTests {
  private func configuration(_ members: String) throws -> ModelConfiguration {
    let text = "{\"model_type\": \"mobilebert\"\(members.isEmpty ? "" : ", " + members)}"
    return try ConfigurationReader.configuration(
      JSONParser.parse(text, source: "config.json"), path: "config.json")
  }

  private func refusal(_ members: String) -> String { message { try configuration(members) } }

  private func refusalOfFile(_ text: String) -> String {
    message {
      try ConfigurationReader.configuration(
        JSONParser.parse(text, source: "config.json"), path: "config.json")
    }
  }

  private let standard = ModelConfiguration(
    family: .mobileBERT, vocabularySize: 30522, typeVocabularySize: 2, maximumPositions: 512,
    embeddingSize: 128, hiddenSize: 512, layerCount: 24, headCount: 4, intermediateSize: 512,
    bottleneckSize: 128, usesBottleneck: true, sharesKeyQueryBottleneck: true,
    usesBottleneckAttention: false, feedForwardCount: 4, trigramInput: true,
    normalization: .noNorm, normalizationEpsilon: 1e-12, activation: .relu,
    classifierActivation: true, labels: ["LABEL_0", "LABEL_1"])

  @Test("absent keys have the values of MobileBertConfig")
  func defaults() throws {
    #expect(try configuration("") == standard)
  }

  @Test("every key is read into its own field")
  func everyKey() throws {
    var expected = standard
    expected.vocabularySize = 101
    expected.typeVocabularySize = 3
    expected.maximumPositions = 102
    expected.embeddingSize = 103
    expected.hiddenSize = 104
    expected.layerCount = 5
    expected.headCount = 6
    expected.intermediateSize = 107
    expected.bottleneckSize = 108
    expected.usesBottleneck = false
    expected.sharesKeyQueryBottleneck = false
    expected.usesBottleneckAttention = true
    expected.feedForwardCount = 7
    expected.trigramInput = false
    expected.normalization = .layerNorm
    expected.normalizationEpsilon = 1e-5
    expected.activation = .gelu
    expected.classifierActivation = false
    expected.labels = ["a", "b", "c"]
    expected.headCount = 8
    let found = try configuration(
      """
      "vocab_size": 101, "type_vocab_size": 3, "max_position_embeddings": 102,
      "embedding_size": 103, "hidden_size": 104, "num_hidden_layers": 5, "num_attention_heads": 8,
      "intermediate_size": 107, "intra_bottleneck_size": 108, "use_bottleneck": false,
      "key_query_shared_bottleneck": false, "use_bottleneck_attention": true,
      "true_hidden_size": 104, "num_feedforward_networks": 7, "trigram_input": false, "normalization_type": "layer_norm",
      "layer_norm_eps": 1e-5, "hidden_act": "gelu", "classifier_activation": false,
      "id2label": {"2": "c", "0": "a", "1": "b"}, "problem_type": null
      """)
    #expect(found == expected)
  }

  @Test("the configuration transformers saved is read")
  func golden() throws {
    let bytes = try Data(
      contentsOf: URL(
        fileURLWithPath: Repository.path("Formats/huggingface/golden/tiny/config.json")))
    var expected = standard
    expected.vocabularySize = 38
    expected.maximumPositions = 32
    expected.embeddingSize = 8
    expected.hiddenSize = 16
    expected.layerCount = 2
    expected.headCount = 2
    expected.intermediateSize = 16
    expected.bottleneckSize = 8
    expected.feedForwardCount = 2
    expected.classifierActivation = false
    expected.labels = ["real", "fake"]
    let found = try ConfigurationReader.read(
      JSONParser.parse(String(decoding: bytes, as: UTF8.self), source: "x"), path: "x")
    #expect(found.configuration == expected)
    #expect(found.warnings == [])
  }

  @Test("Formats/huggingface/huggingface.md has the same defaults and ranges")
  func specification() throws {
    func rows(_ integers: [IntegerKey], _ flags: [FlagKey], allowed: String) -> [String] {
      integers.map {
        "| `\($0.name)` | \($0.preset) | \($0.allowed.lowerBound) to \($0.allowed.upperBound) |"
      } + flags.map { "| `\($0.name)` | \($0.preset) | \(allowed) |" }
    }
    let documented = try lines("Formats/huggingface/huggingface.md").filter { $0.hasPrefix("| `") }
    #expect(
      documented
        == rows(
          MobileBERTConfiguration.integers, MobileBERTConfiguration.flags, allowed: "true or false")
        + rows(BERTConfiguration.integers, BERTConfiguration.flags, allowed: "false")
        + rows(DistilBERTConfiguration.integers, [], allowed: ""))
  }

  @Test("integers are held to their ranges", arguments: MobileBERTConfiguration.integers.indices)
  func ranges(_ index: Int) {
    let key = MobileBERTConfiguration.integers[index]
    let (low, high) = (key.allowed.lowerBound, key.allowed.upperBound)
    for found in ["\(low - 1)", "\(high + 1)", "-1", "1.5", "true", "null", "1e300"] {
      let shown = found == "1e300" ? "1e+300" : found
      #expect(
        refusal("\"\(key.name)\": \(found)")
          == "'config.json': \(key.name) is \(shown), allowed: a whole number from \(low) to \(high)"
      )
    }
    #expect(
      refusal("\"\(key.name)\": \"\(low)\"")
        == "'config.json': \(key.name) is the text \"\(low)\", allowed: a whole number from \(low) to"
        + " \(high)")
  }

  @Test(
    "values that are not supported are refused",
    arguments: [
      (#""hidden_act": "silu""#, #"hidden_act is the text "silu", allowed: "relu" or "gelu""#),
      (
        #""hidden_act": "gelu_new""#,
        #"hidden_act is the text "gelu_new", allowed: "relu" or "gelu""#
      ),
      (#""hidden_act": null"#, #"hidden_act is null, allowed: "relu" or "gelu""#),
      (
        #""normalization_type": "batch""#,
        #"normalization_type is the text "batch", allowed: "no_norm" or "layer_norm""#
      ),
      (#""trigram_input": 1"#, "trigram_input is 1, allowed: true or false"),
      (#""layer_norm_eps": 0"#, "layer_norm_eps is 0, allowed: a number from 1e-30 to 1.0"),
      (
        #""layer_norm_eps": -1e-5"#, "layer_norm_eps is -1e-05, allowed: a number from 1e-30 to 1.0"
      ),
      (
        #""layer_norm_eps": "tiny""#,
        #"layer_norm_eps is the text "tiny", allowed: a number from 1e-30 to 1.0"#
      ),
      (
        #""num_attention_heads": 5"#,
        "num_attention_heads is 5, allowed: a divisor of intra_bottleneck_size, which is 128"
      ),
      (
        #""use_bottleneck": false, "num_attention_heads": 3"#,
        "num_attention_heads is 3, allowed: a divisor of hidden_size, which is 512"
      ),
      (
        #""intra_bottleneck_size": 2048, "num_attention_heads": 4"#,
        "intra_bottleneck_size / num_attention_heads is 512, allowed: a head size of at most 256"
      ),
      (
        #""architectures": ["MobileBertForPreTraining"]"#,
        #"architectures holds the text "MobileBertForPreTraining"; supported: "MobileBertForSequenceClassification"; fine-tune the model with that class, which adds the classifier, and save it"#
      ),
      (
        #""architectures": []"#,
        #"architectures holds an empty list; supported: "MobileBertForSequenceClassification"; fine-tune the model with that class, which adds the classifier, and save it"#
      ),
      (#""architectures": "x""#, #"architectures is the text "x", allowed: a list with one name"#),
      (
        #""problem_type": "regression""#,
        #"problem_type is "regression"; only models that give texts labels are supported"#
      ),
      (
        #""problem_type": 3"#,
        #"problem_type is 3, allowed: "single_label_classification", "multi_label_classification" or null"#
      ),
      (
        #""true_hidden_size": 512"#,
        "true_hidden_size is 512, allowed: 128, which is intra_bottleneck_size: the width inside a layer; correct the one that is wrong"
      ),
      (
        #""use_bottleneck": false, "true_hidden_size": 128"#,
        "true_hidden_size is 128, allowed: 512, which is hidden_size: the width inside a layer; correct the one that is wrong"
      ),
      (
        #""true_hidden_size": null"#,
        "true_hidden_size is null, allowed: 128, which is intra_bottleneck_size: the width inside a layer; correct the one that is wrong"
      ),
      (
        #""key_query_shared_bottleneck": false"#,
        "key_query_shared_bottleneck and use_bottleneck_attention are false with hidden_size 512 and intra_bottleneck_size 128; transformers cannot run such a model either; use the config.json the model was trained with"
      ),
      (
        #""pruned_heads": {"3": [0, 2]}"#,
        "attention heads were removed (pruned_heads); use the checkpoint from before pruning; layers of different numbers of heads are not supported"
      ),
      (#""pruned_heads": 3"#, "pruned_heads is 3, allowed: an empty object"),
      (
        #""quantization_config": {}"#,
        "the weights are quantized already (quantization_config); use the checkpoint from before quantization"
      ),
      (#""num_labels": 0"#, "the number of labels is 0, allowed: a whole number from 2 to 1024"),
      (
        #""num_labels": 1025"#,
        "the number of labels is 1025, allowed: a whole number from 2 to 1024"
      ),
      (
        #""num_labels": 9000000000000000000"#,
        "the number of labels is 9000000000000000000, allowed: a whole number from 2 to 1024"
      ),
      (
        #""num_labels": 1"#,
        #"the model has one label, which transformers takes for regression; supported: at least two labels to choose between, or problem_type "multi_label_classification" if a text has the label or not"#
      ),
      (
        #""num_labels": "2""#,
        #"num_labels is the text "2", allowed: a whole number from 2 to 1024"#
      ),
      (#""id2label": ["a", "b"]"#, "id2label is a list, allowed: an object with one name a class"),
      (#""id2label": {}"#, "the number of labels is 0, allowed: a whole number from 2 to 1024"),
      (
        #""id2label": {"0": "a", "2": "b"}"#,
        #"id2label["1"] is missing, allowed: the keys "0" to "1", each once"#
      ),
      (
        #""id2label": {"0": "a", "01": "b"}"#,
        #"id2label["1"] is missing, allowed: the keys "0" to "1", each once"#
      ),
      (
        #""id2label": {"0": "a", "1": 7}"#,
        #"id2label["1"] is 7, allowed: a name of 1 to 1024 bytes"#
      ),
      (
        #""id2label": {"0": "a", "1": ""}"#,
        #"id2label["1"] is the text "", allowed: a name of 1 to 1024 bytes"#
      ),
      (
        #""id2label": {"0": "a", "1": "b", "2": "a"}"#,
        #"the classes 0 and 2 are both called "a"; give each its own name in id2label"#
      ),
    ])
  func unsupported(_ members: String, _ expected: String) {
    #expect(refusal(members) == "'config.json': \(expected)")
  }

  @Test(
    "files that are no configuration of a known model are refused",
    arguments: [
      ("[]", "'config.json': the file is an empty list, allowed: an object"),
      (
        "{}",
        #"'config.json': model_type is missing, allowed: "mobilebert", "bert" or "distilbert""#
      ),
      (#"{"model_type": 4}"#, "'config.json': model_type is 4, allowed: a text"),
      (
        #"{"model_type": "roberta"}"#,
        #"'config.json': the model is of type "roberta"; supported: "mobilebert", "bert" or "distilbert", fine-tuned for sequence classification"#
      ),
      (
        #"{"model_type": "mobilebert" "vocab_size": 3}"#,
        "'config.json' is not valid JSON at line 1, column 29: found '\"', needed ',' or '}'"
      ),
    ])
  func unknown(_ text: String, _ expected: String) {
    #expect(refusalOfFile(text) == expected)
  }

  @Test("label counts and maps that disagree are warned about")
  func warnings() throws {
    let text = """
      {"model_type": "mobilebert", "num_labels": 3, "id2label": {"0": "real", "1": "fake"},
       "label2id": {"real": 1, "fake": 0}}
      """
    let found = try ConfigurationReader.read(
      JSONParser.parse(text, source: "config.json"), path: "config.json")
    #expect(found.configuration.labels == ["real", "fake"])
    #expect(
      found.warnings == [
        "'config.json': num_labels is 3, and id2label names 2 classes; id2label was used",
        "'config.json': label2id and id2label disagree about \"real\"; id2label was used",
      ])
  }
}
