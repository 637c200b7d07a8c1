import Foundation
import MBQCheckpoints
import MBQCore
import MBQKernels
import MBQModel
import MBQQuantizer
import MBQReference
import MBQRuntime
import MBQTestSupport
import Testing

extension KernelSet: CustomTestStringConvertible {
  public var testDescription: String { name }
}

/// A checkpoint and what it is packed to, made once.
final class Subject: Sendable {
  let checkpoint: Checkpoint
  private let packed: [Precision: [UInt8]]

  init(path: String, precisions: [Precision] = Precision.allCases) throws {
    checkpoint = try Checkpoint.open(path: path)
    var packed: [Precision: [UInt8]] = [:]
    for precision in precisions {
      packed[precision] = try Packer(checkpoint, precision: precision).pack().bytes
    }
    self.packed = packed
  }

  func bytes(_ precision: Precision) throws -> [UInt8] { try #require(packed[precision]) }

  func model(_ precision: Precision, _ kernels: KernelSet = KernelSets.best) throws -> Model {
    try Model(bytes: bytes(precision), kernels: kernels)
  }

  /// The checkpoint as it is, neither folded nor merged.
  func reference() -> Reference {
    Reference(ModelFamilies.lower(checkpoint.configuration)) {
      self.checkpoint.tensor(named: $0)?.floats() ?? []
    }
  }

  static let tinyNewsFolder = Repository.root.appendingPathComponent("Examples/tiny-news")
  private static let tinyNewsResult = Result {
    try Subject(path: tinyNewsFolder.appendingPathComponent("model").path)
  }

  static func tinyNews() throws -> Subject { try tinyNewsResult.get() }

  static func tinyNewsGoldens() throws -> [LogitGolden] {
    try LogitGolden.read(tinyNewsFolder.appendingPathComponent("golden.jsonl"))
  }
}

/// Texts of random tokens.
func randomTexts(lengths: [Int], vocabulary: Int, seed: UInt64 = 1) -> [[UInt32]] {
  var generator = SeededGenerator(seed: seed)
  return lengths.map { length in
    (0..<length).map { _ in UInt32(generator.next() % UInt64(vocabulary)) }
  }
}

/// Bits of one text's logits.
typealias Bits = [UInt32]

/// The bits of every text's logits when the texts are one batch.
func bits(_ state: RunState, _ texts: [[UInt32]]) throws -> [Bits] {
  let logits = try state.logits(texts)
  let labels = logits.count / texts.count
  return texts.indices.map { text in
    logits[(text * labels)..<((text + 1) * labels)].map { $0.bitPattern }
  }
}

/// The same with every text alone.
func bitsAlone(_ state: RunState, _ texts: [[UInt32]]) throws -> [Bits] {
  try texts.map { try bits(state, [$0])[0] }
}
