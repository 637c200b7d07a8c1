import Foundation
import MBQQuantizer
import MBQReference
import MBQRuntime
import MBQTestSupport
import MBQTokenizer
import Testing

/// How far packed models are from transformers in float64 and from our reference.
@Suite("Agreement")
struct AgreementTests {
  private func logits(_ precision: Precision) throws -> [(golden: LogitGolden, logits: [Float])] {
    let goldens = try Subject.tinyNewsGoldens()
    let state = RunState(model: try Subject.tinyNews().model(precision))
    let logits = try state.logits(goldens.map(\.inputIds))
    return goldens.indices.map { (goldens[$0], Array(logits[(2 * $0)..<(2 * $0 + 2)])) }
  }

  @Test(
    "tiny-news against transformers: fp32 within 2e-5 of the larger logit, fp16 0.01, int8 0.2",
    arguments: [(Precision.float32, 2e-5), (.float16, 0.01), (.int8, 0.2)])
  func goldens(precision: Precision, ceiling: Double) throws {
    var worst = 0.0
    var sameLabel = 0
    let results = try logits(precision)
    for (golden, logits) in results {
      worst = max(worst, relativeError(logits, golden.logits))
      if (logits[0] < logits[1]) == (golden.logits[0] < golden.logits[1]) { sameLabel += 1 }
    }
    #expect(worst < ceiling, "\(worst)")
    // One text in a hundred may stand so near the border that eight bits move it across.
    #expect(sameLabel >= results.count - (precision == .int8 ? 1 : 0))
  }

  @Test("tiny-news in fp32 within 1e-5 of the reference")
  func reference() throws {
    let reference = try Subject.tinyNews().reference()
    let state = RunState(model: try Subject.tinyNews().model(.float32))
    #if DEBUG
    let step = 60
    #else
    let step = 1
    #endif
    let goldens = try Subject.tinyNewsGoldens()
    for index in stride(from: 0, to: goldens.count, by: step) {
      let tokens = goldens[index].inputIds
      let truth = reference.logits(tokens).map(Double.init)
      #expect(relativeError(try state.logits([tokens]), truth) < 1e-5, "text \(index)")
    }
  }

  @Test("texts give the tokens of the goldens and the classes of their logits")
  func classify() throws {
    let goldens = try Subject.tinyNewsGoldens()
    let model = try Subject.tinyNews().model(.float32)
    let state = RunState(model: model)
    let results = try state.classify(goldens.map(\.text))
    let logits = try state.logits(goldens.map(\.inputIds))
    for (index, result) in results.enumerated() {
      #expect(result.logits == Array(logits[(2 * index)..<(2 * index + 2)]))
      #expect(result.tokenCount == goldens[index].inputIds.count)
      #expect(result.label == (result.logits[0] >= result.logits[1] ? 0 : 1))
      let odds = exp(Double(result.logits[1] - result.logits[0]))
      #expect(abs(Double(result.probabilities[1]) - odds / (1 + odds)) < 1e-6)
      #expect(abs(result.probabilities[0] + result.probabilities[1] - 1) < 1e-6)
      if result.isTruncated { #expect(result.tokenCount == model.maximumTokens) }
    }
    let cut = try state.classify([goldens[1].text, "a"], limit: 5)
    #expect(cut.map(\.tokenCount) == [5, 3])
    #expect(cut.map(\.isTruncated) == [true, false])
    let tokens = model.tokenizer.encode(goldens[1].text, limit: 5).ids
    #expect(try cut[0].logits == state.logits([tokens]))
  }
}
