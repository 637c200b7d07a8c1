#if !DEBUG
import Foundation
import MBQKernels
import MBQQuantizer
import MBQReference
import MBQRuntime
import MBQTestSupport
import Testing

/// The fine-tuned MobileBERT of ../shared, in release builds only.
@Suite("The real model", .serialized, .enabled(if: Repository.shared != nil, "needs ../shared"))
struct RealModelTests {
  private static let result = Result {
    let folder = try #require(Repository.shared)
      .appendingPathComponent("data/mobilebert-fakenews")
    return (
      subject: try Subject(path: folder.path, precisions: [.float32, .int8]),
      goldens: try LogitGolden.read(folder.appendingPathComponent("golden.jsonl"))
    )
  }

  /// 32 texts of 1 to 512 tokens, the odd ones random.
  private func texts() throws -> [[UInt32]] {
    let goldens = try Self.result.get().goldens.map(\.inputIds)
    let short = goldens.filter { $0.count <= 150 }.prefix(26)
    let long = goldens.filter { $0.count == 512 }.prefix(2)
    let random = randomTexts(lengths: [1, 2, 49, 301], vocabulary: 30_522)
    return (short + long + random).enumerated()
      .sorted { ($0.offset * 7) % 32 < ($1.offset * 7) % 32 }.map(\.element)
  }

  @Test(
    "the same bits on every set, alone, in a batch, reversed, with 1, 2 and 3 threads",
    arguments: [Precision.int8, .float32])
  func sameBits(precision: Precision) throws {
    let subject = try Self.result.get().subject
    let texts = try texts()
    #expect(texts.count == 32)
    let model = try subject.model(precision)
    let truth = try bitsAlone(RunState(model: model), texts)
    for kernels in KernelSets.runnable where kernels.name != "generic" {
      let state = RunState(model: try subject.model(precision, kernels))
      #expect(try bits(state, texts) == truth, "\(kernels.name)")
    }
    for workerCount in [2, 3] {
      let pool = ThreadPool(workerCount: workerCount)
      let state = RunState(model: model, parallel: pool.parallel)
      #expect(try bits(state, texts.reversed()) == truth.reversed(), "\(workerCount) workers")
    }
    let generic = try #require(KernelSets.named("generic"))
    let state = RunState(model: try subject.model(precision, generic))
    for index in texts.indices where texts[index].count <= 30 {
      #expect(try bits(state, [texts[index]]) == [truth[index]], "generic, text \(index)")
    }
  }

  @Test(
    "all 220 golden texts: fp32 within 1e-4 of transformers' larger logit, int8 within 0.5, and the label of all but one",
    arguments: [(Precision.float32, 1e-4, 0), (.int8, 0.5, 1)])
  func goldens(precision: Precision, ceiling: Double, otherLabels: Int) throws {
    let (subject, goldens) = try Self.result.get()
    #expect(goldens.count == 220)
    let state = RunState(model: try subject.model(precision))
    var worst = 0.0
    var different = 0
    for golden in goldens {
      let logits = try state.logits([golden.inputIds])
      worst = max(worst, relativeError(logits, golden.logits))
      if (logits[0] < logits[1]) != (golden.logits[0] < golden.logits[1]) { different += 1 }
    }
    #expect(worst < ceiling, "\(worst)")
    #expect(different <= otherLabels)
  }

  @Test("fp32 within 1e-5 of the reference")
  func reference() throws {
    let (subject, goldens) = try Self.result.get()
    let reference = subject.reference()
    let state = RunState(model: try subject.model(.float32))
    for golden in goldens.filter({ $0.inputIds.count <= 64 }).prefix(12) {
      let truth = reference.logits(golden.inputIds).map(Double.init)
      #expect(relativeError(try state.logits([golden.inputIds]), truth) < 1e-5)
    }
  }
}
#endif
