import MBQModel
import MBQTestSupport
import Testing

@testable import MBQCheckpoints

@Suite("Names of tensors")
struct TensorNamesTests {
  private let source = SourceFile(path: "x.bin", memory: OwnedBytes([0, 0, 0, 0]))

  private func names(
    _ names: [String], _ family: ModelConfiguration.Family = .mobileBERT
  ) throws -> TensorNames {
    try TensorNames(
      names.map {
        StoredTensor(name: $0, elementType: .float32, shape: [1], range: 0..<4, source: source)
      }, family: family, path: "x.bin")
  }

  /// The names of a model in which everything is called as transformers calls it.
  private let plain = [
    "mobilebert.embeddings.word_embeddings.weight", "mobilebert.encoder.layer.0.ffn.0.output.bias",
    "classifier.weight",
  ]

  @Test("Hugging Face's own stay as they are")
  func unchanged() throws {
    let found = try names(plain)
    #expect(found.tensors.map(\.name) == plain)
    #expect(found.wrapper == "")
    #expect(!found.omitsFamilyPrefix)
  }

  @Test(
    "what a wrapper put before them is left out",
    arguments: ["module.", "model.", "_orig_mod.", "module._orig_mod.", "net.mobilebert."])
  func wrapper(_ wrapper: String) throws {
    let found = try names(plain.map { wrapper + $0 })
    #expect(found.tensors.map(\.name) == plain)
    #expect(found.wrapper == wrapper)
  }

  @Test("a classifier beside a wrapped encoder keeps its name")
  func encoderInWrapper() throws {
    let found = try names([
      "encoder.embeddings.word_embeddings.weight", "encoder.encoder.layer.0.output.dense.bias",
      "classifier.weight",
    ])
    #expect(
      found.tensors.map(\.name) == [
        "embeddings.word_embeddings.weight", "encoder.layer.0.output.dense.bias",
        "classifier.weight",
      ])
    #expect(found.wrapper == "encoder.")
    #expect(found.omitsFamilyPrefix)
  }

  @Test("one family's prefix at the end of another's is not that family")
  func otherFamily() throws {
    let found = try names(["bert.embeddings.word_embeddings.weight"], .bert)
    #expect(found.wrapper == "" && !found.omitsFamilyPrefix)
    for wrapper in ["", "module."] {
      #expect(
        message { try names(["\(wrapper)mobilebert.embeddings.word_embeddings.weight"], .bert) }
          == "'x.bin': the weights are called as those of the family \"mobilebert\" are, and model_type"
          + " in config.json is \"bert\"; use the weights and the config.json of one model")
    }
  }

  @Test("gamma and beta of old checkpoints are weight and bias")
  func gamma() throws {
    let found = try names(plain + ["mobilebert.embeddings.LayerNorm.gamma", "x.LayerNorm.beta"])
    #expect(
      found.tensors.suffix(2).map(\.name) == [
        "mobilebert.embeddings.LayerNorm.weight", "x.LayerNorm.bias",
      ])
  }

  @Test("several models in one file are refused")
  func several() {
    let both = ["student.", "teacher."].flatMap { prefix in plain.map { prefix + $0 } }
    #expect(
      message { try names(both) }
        == "'x.bin': the weights hold several models: 'student.' and 'teacher.'; save the one to use"
        + " by itself: `torch.save(model.state_dict(), path)`")
  }

  @Test("two tensors that come to have one name are refused")
  func duplicate() {
    #expect(
      message { try names(plain.map { "module." + $0 } + ["classifier.weight"]) }
        == "'x.bin': two tensors are called 'classifier.weight' once the prefix 'module.' is left"
        + " out; save the model alone: `torch.save(model.state_dict(), path)`")
  }

  @Test("tensors that share their bytes are allowed up to eight times the file")
  func sharing() throws {
    func weights(_ count: Int) -> StoredWeights {
      StoredWeights(
        tensors: (0..<count).map {
          StoredTensor(
            name: "\($0)", elementType: .float32, shape: [1], range: 0..<4, source: source)
        }, files: [source])
    }
    try Checkpoint.checkSharing(weights(8), path: "x.bin")
    #expect(
      message { try Checkpoint.checkSharing(weights(9), path: "x.bin") }
        == "'x.bin': its tensors are 36 bytes, kept in 4: too many share the same bytes; save the model"
        + " again with each tensor in memory of its own")
  }
}
