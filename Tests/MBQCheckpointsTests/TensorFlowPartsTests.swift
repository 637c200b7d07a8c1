import MBQCore
import MBQTestSupport
import Testing

@testable import MBQCheckpoints

@Suite("The parts of the TensorFlow reader")
struct TensorFlowPartsTests {
  private func checksum(_ bytes: [UInt8]) -> UInt32 {
    bytes.withUnsafeBytes { CRC32C.checksum($0) }
  }

  @Test("the checksum is CRC-32C's, of any length and in pieces")
  func crc() {
    // The examples of RFC 3720, B.4, and the usual one.
    #expect(checksum(Array("123456789".utf8)) == 0xE306_9283)
    #expect(checksum(Array(repeating: 0, count: 32)) == 0x8A91_36AA)
    #expect(checksum(Array(repeating: 0xFF, count: 32)) == 0x62A8_AB43)
    #expect(checksum(Array(0..<32)) == 0x46DD_794E)
    #expect(checksum([]) == 0)
    var generator = SeededGenerator(seed: 5)
    let bytes = (0..<100).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
    for start in 0..<20 {
      for end in start...bytes.count {
        var plain: UInt32 = ~0
        for byte in bytes[start..<end] {
          plain ^= UInt32(byte)
          for _ in 0..<8 { plain = plain >> 1 ^ (plain & 1 == 0 ? 0 : 0x82F6_3B78) }
        }
        #expect(
          bytes.withUnsafeBytes { CRC32C.checksum(.init(rebasing: $0[start..<end])) } == ~plain)
      }
    }
    let whole = checksum(bytes)
    let pieces = bytes.withUnsafeBytes {
      CRC32C.checksum(
        .init(rebasing: $0[37...]), after: CRC32C.checksum(.init(rebasing: $0[..<37])))
    }
    #expect(pieces == whole)
  }

  @Test("Snappy's literals and copies of every kind")
  func snappy() {
    func decompress(_ bytes: [UInt8]) -> [UInt8]? { bytes.withUnsafeBytes(Snappy.decompress) }
    #expect(decompress([0]) == [])
    #expect(decompress([3, 8, 1, 2, 3]) == [1, 2, 3])
    // Literals whose length takes one and two bytes.
    let long = (0..<61).map(UInt8.init)
    #expect(decompress([61, 60 << 2, 60] + long) == long)
    #expect(decompress([61, 61 << 2, 60, 0] + long) == long)
    // Copies with offsets of 11, 16 and 32 bits; the first overlaps what it makes.
    #expect(decompress([6, 0, 7, 1 << 2 | 1, 1]) == [7, 7, 7, 7, 7, 7])
    #expect(decompress([4, 4, 7, 8, 1 << 2 | 2, 2, 0]) == [7, 8, 7, 8])
    #expect(decompress([4, 4, 7, 8, 1 << 2 | 3, 2, 0, 0, 0]) == [7, 8, 7, 8])
    for wrong: [UInt8] in [
      [], [1], [0x80], [2, 0, 7], [0, 0, 7], [5, 0, 7, 1], [5, 0, 7, 1, 0], [5, 0, 7, 1, 2],
      [4, 4, 7, 8, 6, 2], [0xFF, 0xFF, 0xFF, 0xFF, 0xF],
      [255, 255, 255, 255, 255, 255, 255, 255, 127],
      [9, 63 << 2, 255, 255, 255, 255],
    ] {
      #expect(decompress(wrong) == nil, "\(wrong)")
    }
  }

  private func translated(_ names: [String]) -> [String?] {
    let rules = VariableNames(names)
    return names.map { name in
      rules.translated(name).map { $0.isKernel ? "\($0.name), turned" : $0.name }
    }
  }

  @Test("names of variables become Hugging Face's")
  func names() {
    #expect(
      translated([
        "bert/encoder/layer_11/attention/output/dense/kernel:0", "bert/pooler/dense/bias:0",
        "output_bias:0", "bert/pooler/dense/bias/Adam:0", "beta1_power:0",
      ]) == [
        "bert.encoder.layer.11.attention.output.dense.weight, turned", "bert.pooler.dense.bias",
        "classifier.bias", nil, nil,
      ])
    // One name says that the model is a MobileBERT.
    #expect(
      translated(["bert/pooler/dense/bias", "bert/encoder/layer_0/ffn_layer_1/output/dense/bias"])
        == ["mobilebert.pooler.dense.bias", "mobilebert.encoder.layer.0.ffn.1.output.dense.bias"])
    // A teacher stays what it is, beside the model.
    #expect(
      translated(["bert/pooler/dense/bias", "teacher/bert/layer_0/bottleneck/bias"]) == [
        "bert.pooler.dense.bias", "teacher.bert.layer.0.bottleneck.bias",
      ])
    // Hugging Face's own stay, and so does what has no part to change.
    let own = ["mobilebert.embeddings.word_embeddings.weight", "classifier.weight", "w"]
    #expect(translated(own) == own)
    #expect(!VariableNames.areTensorFlow(own))
    #expect(
      translated(["", "/", "//", "layer_", "a/layer_x/layer_1x/kernel"]) == [
        "", "/", "//", "layer_", "a.layer_x.layer_1x.weight, turned",
      ])
  }

  @Test("names of an archive of arrays can be translated as they are stored")
  func rename() throws {
    let source = SourceFile(path: "x.npz", memory: OwnedBytes(0..<24))
    func tensor(_ name: String, _ shape: [Int], strides: [Int]? = nil) -> StoredTensor {
      StoredTensor(
        name: name, elementType: .float32, shape: shape, strides: strides, range: 0..<24,
        source: source)
    }
    let renamed = try VariableNames.rename(
      [
        tensor("bert/a/dense/kernel", [2, 3]),
        tensor("bert/b/dense/kernel", [2, 3], strides: [1, 2]),
        tensor("bert/c/dense/kernel", [1, 2, 3]), tensor("bert/d/dense/kernel", [6, 1]),
      ], path: "x.npz")
    #expect(renamed.map(\.shape) == [[3, 2], [3, 2], [1, 2, 3], [1, 6]])
    #expect(renamed.map(\.strides) == [[1, 3], nil, nil, nil])
  }
}
