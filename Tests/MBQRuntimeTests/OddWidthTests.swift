import MBQFormat
import MBQKernels
import MBQModel
import MBQQuantizer
import MBQReference
import MBQRuntime
import MBQSchemes
import MBQTestSupport
import Testing

/// Rows are padded to multiples of 16 floats; models whose widths are none show what is in the padding.
@Suite("Widths that are no multiple of 16")
struct OddWidthTests {
  private let texts = randomTexts(lengths: [9, 1, 120, 2, 33, 50, 16, 5], vocabulary: 50)

  @Test(
    "the same bits alone, in a batch, reversed, in threads, on every set", arguments: OddModel.all)
  func sameBits(odd: OddModel) throws {
    let subject = try odd.subject()
    for precision in Precision.allCases {
      let truth = try bitsAlone(RunState(model: subject.model(precision)), texts)
      for kernels in KernelSets.runnable {
        let state = RunState(model: try subject.model(precision, kernels))
        #expect(try bits(state, texts) == truth, "\(kernels.name), \(precision)")
        #expect(
          try bits(state, texts.reversed()) == truth.reversed(), "\(kernels.name), \(precision)")
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

  /// Layer 1's attention writes where layer 0's queries stood, half a row further: with an odd number
  /// of tokens the padding of its rows then lies on their numbers, which are made large.
  @Test("what another buffer left in the padding of attention's output does not count")
  func staleAttentionPadding() throws {
    let subject = try OddModel.all[0].subject()
    func rewritten(moving: Bool) throws -> RunState {
      let file = try Rewriter(subject.bytes(.int8)) { parts in
        var attentions: [MBQModel.Operation.Attention] = []
        var linears: [MBQModel.Operation.Linear] = []
        for step in parts.header.steps {
          if case .attention(let attention) = step.operation { attentions.append(attention) }
          if case .linear(let linear) = step.operation { linears.append(linear) }
        }
        let query = attentions[0].query.buffer
        for linear in linears where linear.output.buffer == query {
          guard let bias = linear.bias else { continue }
          let large = [Float](repeating: 1000, count: linear.output.width)
          parts.matrices[bias] = SchemeCode.float32.encode(large, rows: 1, columns: large.count)
        }
        guard moving else { return }
        let first = parts.header.plan.batchWidth
        parts.header.plan.slots[query].offset = first
        parts.header.plan.slots[attentions[1].output.buffer].offset = first + 16
        parts.header.plan.batchWidth += 48
      }
      return RunState(model: try Model(bytes: file.bytes))
    }
    let text = try #require(texts.first { $0.count == 9 })
    #expect(try bits(rewritten(moving: true), [text]) == bits(rewritten(moving: false), [text]))
  }
}
