import MBQCheckpoints
import MBQKernels
import MBQModel
import MBQQuantizer
import MBQRuntime
import MBQTestSupport
import Testing

/// Every structure transformers can build, packed and run, against the logits it computed in float64
/// (Formats/<family>/golden).
@Suite("Every variant of every family, packed")
struct PackedVariantTests {
  @Test(
    "fp32 within 1e-4 of transformers, int8 within 0.2 and alike on every set",
    arguments: GoldenCheckpoint.all)
  func logits(variant: GoldenCheckpoint) throws {
    let checkpoint = try Checkpoint.open(path: variant.path)
    let exact = try Packer(checkpoint, precision: .float32).pack(goldens: [])
    let small = try Packer(checkpoint, precision: .int8).pack(goldens: [])
    let state = RunState(model: try Model(bytes: exact.bytes))
    for text in try variant.texts() {
      let error = relativeError(try state.logits([text.inputIds]), text.logits)
      #expect(error < 1e-4, "\(text.inputIds.count) tokens")
      var answers: [[UInt32]: [Float]] = [:]
      for set in KernelSets.runnable {
        let other = RunState(model: try Model(bytes: small.bytes, kernels: set))
        let logits = try other.logits([text.inputIds])
        answers[logits.map(\.bitPattern)] = logits
      }
      #expect(answers.count == 1)
      for logits in answers.values {
        let error = relativeError(logits, text.logits)
        #expect(error < 0.2, "\(text.inputIds.count) tokens")
      }
    }
  }

  @Test(
    "multi-label: the sigmoids of torch, and every label above one half",
    arguments: GoldenCheckpoint.all.filter { $0.name.contains("multi-label") })
  func multiLabel(variant: GoldenCheckpoint) throws {
    let checkpoint = try Checkpoint.open(path: variant.path)
    #expect(checkpoint.configuration.task == .multiLabel)
    let packed = try Packer(checkpoint, precision: .float32).pack(goldens: [])
    let model = try Model(bytes: packed.bytes)
    #expect(model.isMultiLabel)
    let state = RunState(model: model)
    for text in try variant.texts() {
      let said = Classification(
        logits: try state.logits([text.inputIds]), tokenCount: text.inputIds.count,
        isTruncated: false, isMultiLabel: true)
      let truth = try #require(text.probabilities)
      for (found, expected) in zip(said.probabilities, truth) {
        #expect(abs(Double(found) - expected) < 1e-5)
      }
      #expect(said.labels == truth.indices.filter { truth[$0] > 0.5 })
      #expect(said.label == truth.indices.max { truth[$0] < truth[$1] })
    }
    // What `classify` gives is the same rule.
    let said = try state.classify(["the news said", "town !"])
    for one in said { #expect(one.labels == one.logits.indices.filter { one.logits[$0] > 0 }) }
  }
}
