import MBQCheckpoints
import MBQFormat
import MBQModel
import MBQQuantizer
import MBQRuntime
import Testing

/// After the last attention only the first token's row of each text is computed.
///
/// A model that has one
/// more attention, which nobody reads, must compute every row, and gives the same logits.
@Suite("Only the rows that are read")
struct FirstRowsTests {
  @Test("computing every row gives the same bits", arguments: Precision.allCases)
  func sameBits(precision: Precision) throws {
    let subject = try Subject.tinyNews()
    let rewritten = try Rewriter(subject.bytes(precision)) { parts in
      let pools = parts.header.steps.indices.filter {
        if case .pool = parts.header.steps[$0].operation { true } else { false }
      }
      guard pools.count == 1, case .pool(let pool) = parts.header.steps[pools[0]].operation else {
        Issue.record("not one pool")
        return
      }
      parts.header.buffers.append(ModelBuffer(width: 16, rows: .tokens))
      parts.header.plan.slots.append(
        .init(place: .batch, offset: parts.header.plan.batchWidth, stride: 16))
      parts.header.plan.batchWidth += 16
      let read = Operand(buffer: pool.input.buffer, width: 16)
      let step = PackedStep(
        layer: nil,
        operation: .attention(
          .init(
            query: read, key: read, value: read, heads: 1,
            output: Operand(buffer: parts.header.buffers.count - 1, width: 16))))
      parts.header.steps.insert(step, at: pools[0])
      parts.header.names = []
    }
    let configuration = subject.checkpoint.configuration
    let texts = randomTexts(
      lengths: [1, 2, 60, 3, 256, 17], vocabulary: configuration.vocabularySize)
    let few = RunState(model: try subject.model(precision))
    let all = RunState(model: try Model(bytes: rewritten.bytes))
    #expect(try bits(few, texts) == bits(all, texts))
    let pool = ThreadPool(workerCount: 2)
    let threaded = RunState(model: try Model(bytes: rewritten.bytes), parallel: pool.parallel)
    #expect(try bits(few, texts) == bits(threaded, texts))
  }
}
