import Foundation
import MBQCheckpoints
import MBQKernels
import MBQQuantizer
import MBQRuntime
import MBQTestSupport
import Testing

/// Every structure transformers can build, packed and run, against the logits it computed in float64
/// (Formats/mobilebert/golden).
@Suite("Every variant of MobileBERT, packed")
struct PackedVariantTests {
  private struct Golden: Decodable {
    struct Text: Decodable {
      var inputIds: [UInt32]
      var tokenTypeIds: [Int]
      var logits: [Double]
    }

    var texts: [Text]
  }

  private static let folder = Repository.root.appendingPathComponent("Formats/mobilebert/golden")

  static let variants: [String] =
    (try? FileManager.default.contentsOfDirectory(atPath: folder.path))?
    .filter { FileManager.default.fileExists(atPath: "\(folder.path)/\($0)/golden.json") }
    .sorted() ?? []

  @Test("all of them are there")
  func count() { #expect(Self.variants.count == 13) }

  @Test("fp32 within 1e-4 of transformers, 8 bits alike on every set", arguments: variants)
  func logits(variant: String) throws {
    let folder = Self.folder.appendingPathComponent(variant)
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    let golden = try decoder.decode(
      Golden.self, from: Data(contentsOf: folder.appendingPathComponent("golden.json")))
    let checkpoint = try Checkpoint.open(path: folder.path)
    let exact = try Packer(checkpoint, precision: .float32).pack(goldens: [])
    let small = try Packer(checkpoint, precision: .int8).pack(goldens: [])
    let state = RunState(model: try Model(bytes: exact.bytes))
    for text in golden.texts where text.tokenTypeIds.allSatisfy({ $0 == 0 }) {
      let error = relativeError(try state.logits([text.inputIds]), text.logits)
      #expect(error < 1e-4, "\(text.inputIds.count) tokens")
      var bits: Set<[UInt32]> = []
      for set in KernelSets.runnable {
        let other = RunState(model: try Model(bytes: small.bytes, kernels: set))
        bits.insert(try other.logits([text.inputIds]).map(\.bitPattern))
      }
      #expect(bits.count == 1)
    }
  }
}
