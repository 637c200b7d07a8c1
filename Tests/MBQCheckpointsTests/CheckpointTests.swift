import Foundation
import MBQCore
import MBQModel
import MBQTestSupport
import Testing

@testable import MBQCheckpoints

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

@Suite("Opening a checkpoint")
struct CheckpointTests {
  @Test(
    "the folder transformers saved holds what the model needs",
    arguments: ["", "/", "/model.safetensors"])
  func golden(_ suffix: String) throws {
    let folder = Repository.path("Formats/huggingface/golden/tiny")
    let checkpoint = try Checkpoint.open(path: folder + suffix)
    let requirements = try TinyModel.requirements()
    try checkpoint.require(requirements)
    try checkpoint.checkFinite(requirements)
    #expect(Set(checkpoint.tensorNames) == Set(requirements.map(\.name)))
    #expect(checkpoint.labels == ["real", "fake"])
    #expect(checkpoint.warnings == [])
    #expect(!checkpoint.omitsFamilyPrefix)
    #expect(
      checkpoint.sources.map(\.path)
        == [
          "config.json", "model.safetensors", "tokenizer.json", "vocab.txt",
          "tokenizer_config.json",
        ]
        .map { "\(folder)/\($0)" })
    let bytes = try Data(contentsOf: URL(fileURLWithPath: "\(folder)/config.json"))
    #expect(Array(checkpoint.sources[0].bytes) == Array(bytes))
    let weight = try #require(checkpoint.tensor(named: "classifier.weight"))
    #expect(weight.shape == [2, 16] && weight.count == 32 && weight.floats().count == 32)
    #expect(checkpoint.tensor(named: "classifier.wait") == nil)
  }

  @Test("tensors outlive the checkpoint they came from")
  func lifetime() throws {
    let folder = try TemporaryFolder(copying: "tiny")
    func tensor() throws -> TensorView? {
      try Checkpoint.open(path: folder.path).tensor(named: "classifier.weight")
    }
    let expected = try tensor()?.floats()
    let view = try #require(try tensor())
    #expect(view.floats() == expected)
  }

  @Test("files that are missing are named, with where they come from")
  func missingFiles() throws {
    let expected = [
      (
        "config.json",
        "'DIR' has no config.json; it is written beside the weights by"
          + " `model.save_pretrained(dir)`; if it is in another folder, name that with --config"
      ),
      (
        "model.safetensors",
        "'DIR' has no weights: looked for \(CheckpointReaders.description); save"
          + " the model with `model.save_pretrained(dir, safe_serialization=True)`"
      ),
    ]
    for (name, text) in expected {
      let folder = try TemporaryFolder(copying: "tiny")
      try folder.remove(name)
      #expect(folder.openMessage() == text)
    }
    let folder = try TemporaryFolder(copying: "tiny")
    try folder.remove("tokenizer.json")
    try folder.remove("vocab.txt")
    #expect(
      folder.openMessage()
        == "'DIR' has no tokenizer.json or vocab.txt; they are written by"
        + " `tokenizer.save_pretrained(dir)`")
    #expect(
      folder.openMessage("none")
        == "cannot open 'DIR/none': No such file or directory; check the spelling of the path")
  }

  @Test("tokens of an added_tokens.json alone are refused with the way to save them")
  func addedTokens() throws {
    let folder = try TemporaryFolder(copying: "tiny")
    try folder.remove("tokenizer.json")
    try folder.edit("config.json", "\"vocab_size\": 38", "\"vocab_size\": 40")
    try folder.write("added_tokens.json", "{\"covid\": 38, \"[URL]\": 39}")
    #expect(
      folder.openMessage()
        == "'DIR/added_tokens.json': it adds tokens to vocab.txt, which has 38 pieces for the word"
        + " embedding's 40 rows; save the tokenizer again so that there is a tokenizer.json:"
        + " `AutoTokenizer.from_pretrained(dir).save_pretrained(dir)`")
  }

  @Test("weights in a format that is not read are refused with the way to convert them")
  func otherFormats() throws {
    let expected = [
      (
        "tf_model.h5",
        "TensorFlow (Keras), and only \(CheckpointReaders.description) is read; convert it in Python"
          + " (transformers 4): `MobileBertForSequenceClassification.from_pretrained(dir,"
          + " from_tf=True).save_pretrained(dir, safe_serialization=True)`"
      )
    ]
    for (name, text) in expected {
      let folder = try TemporaryFolder(copying: "tiny")
      try folder.remove("model.safetensors")
      try folder.write(name, "{}")
      #expect(folder.openMessage() == "'DIR' has its weights in '\(name)', \(text)")
      #expect(folder.openMessage(name) == "'DIR/\(name)' is \(text)")
    }
    let folder = try TemporaryFolder(copying: "tiny")
    #expect(
      folder.openMessage("vocab.txt")
        == "'DIR/vocab.txt' is no checkpoint of a known format: \(CheckpointReaders.description) is"
        + " read; name the model's folder or its weights")
  }

  @Test("folders, empty files, pipes, devices and loops in place of a file are refused at once")
  func notRegularFiles() throws {
    for name in ["config.json", "model.safetensors", "vocab.txt", "tokenizer.json"] {
      let folder = try TemporaryFolder(copying: "tiny")
      let path = folder.path(name)
      try folder.remove(name)
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
      #expect(
        folder.openMessage()
          == "cannot open 'DIR/\(name)': Is a directory; name a file, not a folder")
      try folder.remove(name)
      #expect(mkfifo(path, 0o600) == 0)
      #expect(folder.openMessage().hasPrefix("cannot open 'DIR/\(name)': Invalid argument"))
      try folder.remove(name)
      #expect(mkfifo(folder.path("pipe"), 0o600) == 0)
      try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: "pipe")
      #expect(folder.openMessage().hasPrefix("cannot open 'DIR/\(name)': Invalid argument"))
      try folder.remove(name)
      try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: "/dev/zero")
      #expect(folder.openMessage().hasPrefix("cannot open 'DIR/\(name)': Invalid argument"))
    }
    let folder = try TemporaryFolder(copying: "tiny")
    try folder.write("model.safetensors", [UInt8]())
    #expect(folder.openMessage().hasPrefix("'DIR/model.safetensors' has 0 bytes, and a"))
    try folder.write("config.json", [UInt8]())
    #expect(
      folder.openMessage()
        == "'DIR/config.json' is not valid JSON at line 1, column 1: it ends in the middle of a"
        + " value; copy or download the file again")
  }

  @Test("a truncated file of weights is refused")
  func truncated() throws {
    let folder = try TemporaryFolder(copying: "tiny")
    let bytes = try folder.read("model.safetensors")
    try folder.write("model.safetensors", Array(bytes.dropLast()))
    let data = try TinyModel.tensors(TemporaryFolder(copying: "tiny")).reduce(0) {
      $0 + $1.bytes.count
    }
    #expect(
      folder.openMessage()
        == "'DIR/model.safetensors' is cut off: its tensors need \(data) bytes after the header, and"
        + " the file has \(data - 1); copy or download the file again")
  }

  @Test("a vocabulary of another size than the embedding is refused with both sizes")
  func vocabularySize() throws {
    let folder = try TemporaryFolder(copying: "tiny")
    try folder.edit("config.json", "\"vocab_size\": 38", "\"vocab_size\": 40")
    #expect(
      folder.openMessage()
        == "'DIR/tokenizer.json' has 38 pieces, and the word embedding has 40 rows (vocab_size in"
        + " 'DIR/config.json'); use the tokenizer files the model was trained with, or make them"
        + " equal: `model.resize_token_embeddings(len(tokenizer))` in Python, then save both again")
  }
}
