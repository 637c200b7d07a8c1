#if !DEBUG
import Foundation
import MBQKernels
import MBQQuantizer
import MBQRuntime
import MBQTestSupport
import MBQTokenizer
import Testing

/// The fine-tuned MiniLM of ../shared, a BERT of 6 layers of 384, in release builds only; whose token ids
/// and reference are GoldenTextTests' business.
@Suite("The real MiniLM", .serialized, .enabled(if: Repository.shared != nil, "needs ../shared"))
struct RealMiniLMTests {
  private static let result = Result {
    let folder = try #require(Repository.shared).appendingPathComponent("data/minilm-fakenews")
    return (
      subject: try Subject(path: folder.path, precisions: [.float32, .int8]),
      goldens: try LogitGolden.read(folder.appendingPathComponent("golden.jsonl"))
    )
  }

  @Test("its tokenizer.json gives transformers' token ids on all golden texts")
  func tokens() throws {
    let (subject, goldens) = try Self.result.get()
    let model = try subject.model(.int8)
    #expect(goldens.count == 220)
    for golden in goldens {
      #expect(model.tokens(of: golden.text, limit: 512).ids == golden.inputIds)
    }
  }

  @Test("fp32: all golden texts within 1e-4 of transformers' larger logit")
  func float32() throws {
    let (subject, goldens) = try Self.result.get()
    let state = RunState(model: try subject.model(.float32))
    for golden in goldens {
      #expect(relativeError(try state.logits([golden.inputIds]), golden.logits) < 1e-4)
    }
  }

  /// No share of the larger logit: a text on the border has two small ones.
  @Test("int8: the label of all golden texts but one, and logits within 0.5")
  func int8() throws {
    let (subject, goldens) = try Self.result.get()
    let state = RunState(model: try subject.model(.int8))
    var worst = 0.0
    var different = 0
    for golden in goldens {
      let logits = try state.logits([golden.inputIds])
      for (logit, truth) in zip(logits, golden.logits) {
        worst = max(worst, abs(Double(logit) - truth))
      }
      if (logits[0] < logits[1]) != (golden.logits[0] < golden.logits[1]) { different += 1 }
    }
    #expect(worst < 0.5, "\(worst)")
    #expect(different <= 1)
  }

  @Test(
    "the same bits on every set, in a batch and with 2 threads",
    arguments: [Precision.int8, .float32])
  func sameBits(precision: Precision) throws {
    let (subject, goldens) = try Self.result.get()
    let texts =
      goldens.map(\.inputIds).filter { $0.count <= 60 }.prefix(12)
      + randomTexts(lengths: [1, 2, 49], vocabulary: 30_522)
    let truth = try bitsAlone(RunState(model: subject.model(precision)), Array(texts))
    for kernels in KernelSets.runnable {
      let state = RunState(model: try subject.model(precision, kernels))
      #expect(try bits(state, Array(texts)) == truth, "\(kernels.name)")
    }
    let pool = ThreadPool(workerCount: 2)
    let state = RunState(model: try subject.model(precision), parallel: pool.parallel)
    #expect(try bits(state, Array(texts)) == truth)
  }
}
#endif
