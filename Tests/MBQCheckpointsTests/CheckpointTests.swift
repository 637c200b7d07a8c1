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
  /// The tensors PyTorch has in the tiny model, without our own inventory.
  static func requirements() throws -> [TensorRequirement] {
    try lines("Formats/huggingface/golden/tiny/tensors.txt").map { line in
      let parts = line.split(separator: " ", maxSplits: 1)
      let shape = parts[1].dropFirst().dropLast().split(separator: ",").compactMap {
        Int($0.trimmingCharacters(in: .whitespaces))
      }
      return TensorRequirement(String(parts[0]), shape)
    }
  }

  /// The tensors of the tiny model, to write back changed.
  private static func tensors(_ folder: TemporaryFolder) throws -> [SafetensorsWriter.Tensor] {
    let source = try SourceFile(path: folder.path("model.safetensors"))
    return try SafetensorsReader.read(source).map {
      .init($0.name, $0.elementType, $0.shape, bytes: Array(source.bytes[$0.range]))
    }
  }

  private static func rewrite(
    _ folder: TemporaryFolder, _ change: (inout [SafetensorsWriter.Tensor]) -> Void
  ) throws {
    var tensors = try tensors(folder)
    change(&tensors)
    try SafetensorsWriter(tensors).write(to: folder.path("model.safetensors"))
  }

  @Test(
    "the folder transformers saved holds what the model needs",
    arguments: ["", "/", "/model.safetensors"])
  func golden(_ suffix: String) throws {
    let folder = Repository.path("Formats/huggingface/golden/tiny")
    let checkpoint = try Checkpoint.open(path: folder + suffix)
    let requirements = try Self.requirements()
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
          + " `model.save_pretrained(dir)`"
      ),
      (
        "model.safetensors",
        "'DIR' has no weights: looked for safetensors (model.safetensors); save"
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

  @Test("weights in a format that is not read are refused with the way to convert them")
  func otherFormats() throws {
    let expected = [
      (
        "pytorch_model.bin",
        "PyTorch, and only safetensors (model.safetensors) is read; convert it in Python:"
          + " `MobileBertForSequenceClassification.from_pretrained(dir).save_pretrained(dir,"
          + " safe_serialization=True)`"
      ),
      (
        "model.safetensors.index.json",
        "safetensors in several files, and only safetensors (model.safetensors) is read; join them"
          + " in Python: `MobileBertForSequenceClassification.from_pretrained(dir).save_pretrained("
          + "dir, safe_serialization=True, max_shard_size=\"100GB\")`"
      ),
      (
        "tf_model.h5",
        "TensorFlow (Keras), and only safetensors (model.safetensors) is read; convert it in Python"
          + " (transformers 4): `MobileBertForSequenceClassification.from_pretrained(dir,"
          + " from_tf=True).save_pretrained(dir, safe_serialization=True)`"
      ),
    ]
    for (name, text) in expected {
      let folder = try TemporaryFolder(copying: "tiny")
      try folder.remove("model.safetensors")
      try folder.write(name, "{}")
      #expect(folder.openMessage() == "'DIR' has its weights in '\(name)', \(text)")
      #expect(folder.openMessage(name) == "'DIR/\(name)' is \(text)")
    }
    let folder = try TemporaryFolder(copying: "tiny")
    try folder.write("mine.ckpt", "PK\u{3}\u{4}xxxx")
    #expect(folder.openMessage("mine.ckpt").hasPrefix("'DIR/mine.ckpt' is PyTorch, and only"))
    #expect(
      folder.openMessage("vocab.txt")
        == "'DIR/vocab.txt' is no checkpoint of a known format: safetensors (model.safetensors) is"
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
    let data = try Self.tensors(TemporaryFolder(copying: "tiny")).reduce(0) { $0 + $1.bytes.count }
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

  @Test("missing, mis-shaped and mis-typed tensors are listed at once")
  func wrongTensors() throws {
    let folder = try TemporaryFolder(copying: "tiny")
    try Self.rewrite(folder) { tensors in
      for index in tensors.indices {
        switch tensors[index].name {
        case "classifier.weight": tensors[index].shape = [16, 2]
        case "classifier.bias":
          tensors[index] = .init(
            "classifier.bias", .int64, [2], bytes: Array(repeating: 0, count: 16))
        case "mobilebert.embeddings.LayerNorm.weight":
          tensors[index].name = "mobilebert.embeddings.LayerNorm.gamma"
        case "mobilebert.encoder.layer.1.output.dense.bias": tensors[index].name = "x"
        default: break
        }
      }
    }
    let checkpoint = try Checkpoint.open(path: folder.path)
    #expect(
      folder.short(message { try checkpoint.require(Self.requirements()) }) == """
        'DIR/model.safetensors' does not hold the model its config.json describes; 4 tensors are wrong:
          'classifier.bias' is of type I64, needed F32, F16 or BF16
          'classifier.weight' is [16, 2], needed [2, 16]
          'mobilebert.embeddings.LayerNorm.weight' [16] is missing; the most similar name is \
        'mobilebert.embeddings.LayerNorm.gamma'
          'mobilebert.encoder.layer.1.output.dense.bias' [8] is missing
        use the weights and the config.json of one `model.save_pretrained(dir)`
        """)
    #expect(checkpoint.tensor(named: "classifier.bias") == nil)
  }

  @Test("a long list of wrong tensors is cut at 20")
  func longList() throws {
    let checkpoint = try Checkpoint.open(
      path: Repository.path("Formats/huggingface/golden/tiny"))
    let wrong = try Self.requirements().map { TensorRequirement($0.name, $0.shape + [1]) }
    let found = message { try checkpoint.require(wrong) }.split(separator: "\n")
    #expect(found.count == 23)
    #expect(found[0].hasSuffix("; \(wrong.count) tensors are wrong:"))
    #expect(found[21] == "  and \(wrong.count - 20) more")
  }

  @Test("names without the family's prefix are accepted")
  func withoutPrefix() throws {
    let folder = try TemporaryFolder(copying: "tiny")
    try Self.rewrite(folder) { tensors in
      for index in tensors.indices {
        tensors[index].name = tensors[index].name.replacingOccurrences(of: "mobilebert.", with: "")
      }
    }
    let checkpoint = try Checkpoint.open(path: folder.path)
    #expect(checkpoint.omitsFamilyPrefix)
    try checkpoint.require(Self.requirements())
    let name = "mobilebert.embeddings.LayerNorm.weight"
    #expect(checkpoint.tensor(named: name)?.name == "embeddings.LayerNorm.weight")
    let wrong = [TensorRequirement("mobilebert.embeddings.LayerNorm.weights", [16])]
    #expect(
      message { try checkpoint.require(wrong) }
        .contains("most similar name is 'embeddings.LayerNorm.weight'"))
  }

  @Test(
    "NaN and infinities are refused with tensor, count and place",
    arguments: [ElementType.float32, .float16, .bfloat16])
  func notFinite(_ type: ElementType) throws {
    let folder = try TemporaryFolder(copying: "tiny")
    let count = 5000
    func encoded(_ value: Float) -> [UInt8] {
      switch type {
      case .float16: withUnsafeBytes(of: half(from: value), Array.init)
      case .bfloat16: withUnsafeBytes(of: bfloat16(from: value), Array.init)
      default: withUnsafeBytes(of: value, Array.init)
      }
    }
    // The largest finite value of each type must pass.
    let largest: Float = type == .float16 ? 65504 : 0x1.FEp127
    var values = [Float](repeating: -largest, count: count)
    let write = {
      try Self.rewrite(folder) {
        $0.append(.init("w", type, [50, 100], bytes: values.flatMap(encoded)))
        $0.append(.init("v", type, [], bytes: encoded(values[4444])))
      }
      return try Checkpoint.open(path: folder.path)
    }
    let requirements = [TensorRequirement("w", [50, 100]), TensorRequirement("v", [])]
    try write().checkFinite(requirements)
    let original = try TemporaryFolder(copying: "tiny").read("model.safetensors")
    try folder.write("model.safetensors", original)
    values[4321] = .nan
    values[4444] = -.infinity
    values[4999] = .infinity
    let checkpoint = try write()
    #expect(
      folder.short(message { try checkpoint.checkFinite(requirements) }) == """
        'DIR/model.safetensors' has values that are NaN or infinite in 2 tensors:
          'w' has 3, the first at [43, 21]
          'v' has 1, the first at []
        the training diverged, or F16 was too small for the weights; use an earlier checkpoint, or \
        save it as F32
        """)
    let summary = CheckpointSummary(checkpoint, withRanges: true)
    let range = try #require(summary.tensors.first { $0.name == "w" }?.range)
    #expect(range.nonFiniteCount == 3)
    #expect(range.minimum == -largest && range.maximum == -largest)
  }

  @Test("a signalling NaN whose fraction is small is found")
  func smallestNaN() throws {
    let folder = try TemporaryFolder(copying: "tiny")
    try Self.rewrite(folder) {
      $0.append(.init("w", .float32, [1], bytes: [1, 0, 0x80, 0xFF]))
    }
    let checkpoint = try Checkpoint.open(path: folder.path)
    #expect(throws: CheckpointError.self) {
      try checkpoint.checkFinite([TensorRequirement("w", [1])])
    }
  }

  @Test("the summary counts parameters and bytes and finds the ranges")
  func summary() throws {
    let folder = try TemporaryFolder(copying: "tiny")
    var generator = SeededGenerator(seed: 7)
    let values = (0..<3333).map { _ in Float.random(in: -5...3, using: &generator) }
    try Self.rewrite(folder) { tensors in
      tensors.append(.init("w", [3333], values))
      tensors.append(.init("ids", .int64, [4], bytes: Array(repeating: 1, count: 32)))
      tensors.append(.init("none", [0], []))
    }
    let checkpoint = try Checkpoint.open(path: folder.path)
    let summary = CheckpointSummary(checkpoint, withRanges: true)
    let tiny = try Self.requirements().reduce(0) { $0 + $1.shape.reduce(1, *) }
    #expect(summary.parameterCount == tiny + 3333 + 4)
    #expect(summary.byteCount == 4 * (tiny + 3333) + 32)
    #expect(summary.tensors.map(\.name) == checkpoint.tensorNames)
    let range = try #require(summary.tensors.first { $0.name == "w" }?.range)
    #expect(range.minimum == values.min() && range.maximum == values.max())
    let mean = values.reduce(0.0) { $0 + Double(abs($1)) } / 3333
    #expect(abs(range.meanMagnitude - mean) < 1e-6)
    #expect(summary.tensors.first { $0.name == "ids" }?.range == nil)
    let none = try #require(summary.tensors.first { $0.name == "none" }?.range)
    #expect(none.minimum == 0 && none.maximum == 0 && none.meanMagnitude == 0)
    #expect(CheckpointSummary(checkpoint, withRanges: false).tensors.allSatisfy { $0.range == nil })
  }

  @Test(
    "names are compared by edit distance",
    arguments: [
      ("kitten", "sitting", 3), ("", "", 0), ("", "abc", 3), ("abc", "", 3), ("abc", "abc", 0),
      ("flaw", "lawn", 2), ("saturday", "sunday", 3),
    ])
  func distance(_ a: String, _ b: String, _ expected: Int) {
    let (a, b) = (Array(a.utf8), Array(b.utf8))
    for limit in 0...8 {
      let found = NearestName.distance(a, b, limit: limit)
      #expect(found == (limit >= expected ? expected : nil))
    }
  }

  @Test("the nearest name is found, or none if all are far")
  func nearest() {
    let names = ["encoder.layer.1.weight", "encoder.layer.2.weight", "classifier.weight"]
    #expect(NearestName.find("encoder.layers.2.weight", in: names) == names[1])
    #expect(NearestName.find("classifier.weights", in: names) == names[2])
    #expect(NearestName.find("pooler.dense.bias", in: names) == nil)
    #expect(NearestName.find(String(repeating: "a", count: 100_000), in: names) == nil)
  }
}

@Suite("The real checkpoint", .enabled(if: Repository.shared != nil, "needs ../shared"))
struct RealCheckpointTests {
  private func open() throws -> Checkpoint {
    let shared = try #require(Repository.shared)
    return try Checkpoint.open(
      path: shared.appendingPathComponent("data/mobilebert-fakenews").path)
  }

  @Test("it opens with 24,582,914 parameters, all finite")
  func parameters() throws {
    let checkpoint = try open()
    let summary = CheckpointSummary(checkpoint, withRanges: true)
    #expect(summary.parameterCount == 24_582_914)
    #expect(summary.byteCount == 4 * 24_582_914)
    let requirements = summary.tensors.map { TensorRequirement($0.name, $0.shape) }
    try checkpoint.require(requirements)
    try checkpoint.checkFinite(requirements)
    #expect(summary.tensors.allSatisfy { $0.range?.nonFiniteCount == 0 })
    #expect(checkpoint.labels == ["real", "fake"])
    #expect(checkpoint.warnings == [])
  }

  @Test("vocab.txt and tokenizer.json say the same")
  func tokenizer() throws {
    let shared = try #require(Repository.shared)
    let folder = try TemporaryFolder()
    for name in ["vocab.txt", "tokenizer_config.json"] {
      try FileManager.default.copyItem(
        atPath: shared.appendingPathComponent("data/mobilebert-fakenews/\(name)").path,
        toPath: folder.path(name))
    }
    let fromText = try TokenizerReader.read(
      CheckpointFolder(path: folder.path).tokenizer(), maximumPositions: 512)
    #expect(try open().tokenizer == fromText)
    #expect(fromText.pieces.count == 30522)
  }
}
