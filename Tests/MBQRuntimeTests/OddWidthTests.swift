import MBQKernels
import MBQQuantizer
import MBQReference
import MBQRuntime
import MBQTestSupport
import Testing

/// Rows are padded to multiples of 16 floats; models whose widths are none show what is in the padding.
@Suite("Widths that are no multiple of 16")
struct OddWidthTests {
  private let texts = randomTexts(lengths: [9, 1, 120, 2, 33, 50, 16, 5], vocabulary: 50)

  @Test("the same bits alone, in a batch, reversed, in threads, on every set", arguments: OddModel.all)
  func sameBits(odd: OddModel) throws {
    let subject = try odd.subject()
    for precision in Precision.allCases {
      let truth = try bitsAlone(RunState(model: subject.model(precision)), texts)
      for kernels in KernelSets.runnable {
        let state = RunState(model: try subject.model(precision, kernels))
        #expect(try bits(state, texts) == truth, "\(kernels.name), \(precision)")
        #expect(try bits(state, texts.reversed()) == truth.reversed(), "\(kernels.name), \(precision)")
        #expect(try bitsAlone(state, texts) == truth, "\(kernels.name), \(precision), after")
      }
      let pool = ThreadPool(workerCount: 3)
      let state = RunState(model: try subject.model(precision), parallel: pool.parallel)
      for _ in 0..<3 { #expect(try bits(state, texts) == truth, "3 workers, \(precision)") }
    }
  }

  @Test(
    "fp32 within 1e-5 of the reference, fp16 within 0.01, int8 within 0.1", arguments: OddModel.all)
  func agreement(odd: OddModel) throws {
    let subject = try odd.subject()
    let reference = subject.reference()
    for (precision, ceiling) in [(Precision.float32, 1e-5), (.float16, 0.01), (.int8, 0.1)] {
      let state = RunState(model: try subject.model(precision))
      for text in texts where text.count < 60 {
        let truth = reference.logits(text).map(Double.init)
        let error = relativeError(try state.logits([text]), truth)
        #expect(error < ceiling, "\(precision), \(text.count) tokens")
      }
    }
  }
}
