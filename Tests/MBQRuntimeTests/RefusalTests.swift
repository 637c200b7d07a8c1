import MBQCore
import MBQFormat
import MBQKernels
import MBQModel
import MBQQuantizer
import MBQRuntime
import MBQSchemes
import Testing

@Suite("What a run refuses")
struct RefusalTests {
  /// What `body` throws, as the user would see it.
  private func message(_ body: () throws(ModelError) -> [Float]) -> String {
    do throws(ModelError) {
      return "no error, logits \(try body())"
    } catch {
      return error.explanation
    }
  }

  @Test("no tokens, too many, and ids outside of the vocabulary")
  func badTokens() throws {
    let model = try Subject.tinyNews().model(.int8)
    let state = RunState(model: model)
    let good: [UInt32] = [2, 7, 3]
    #expect(
      message { () throws(ModelError) in try state.logits([good, []]) }
        == "text 2 has 0 tokens; this model takes 1 to 256")
    #expect(
      message { () throws(ModelError) in
        try state.logits([good, good, [UInt32](repeating: 5, count: 257)])
      } == "text 3 has 257 tokens; this model takes 1 to 256")
    #expect(
      message { () throws(ModelError) in try state.logits([[2, 2399, 3], [2, 2400, 3]]) }
        == "text 2 has token 2400; the vocabulary ends at 2399")
    #expect(
      message { () throws(ModelError) in try state.logits([[.max]]) }
        == "text 1 has token 4294967295; the vocabulary ends at 2399")
    #expect(try state.logits([]) == [])
    #expect(try state.classify([]) == [])
    #expect(ModelError.badTokens("").kind == .badInput)
    // The state is as good as new.
    #expect(try bits(state, [good]) == bits(RunState(model: model), [good]))
  }

  /// Token 1000's embedding is infinite: its row of the table has an infinite scale.
  @Test(
    "logits that are no numbers, also when the first token never saw the cause",
    arguments: KernelSets.runnable)
  func notFinite(kernels: KernelSet) throws {
    let altered = try Rewriter(Subject.tinyNews().bytes(.int8)) { parts in
      guard case .embed(let embed) = parts.header.steps[1].operation, let word = embed.word else {
        Issue.record("step 1 is not the words' embedding")
        return
      }
      parts.matrices[word].scales[1000] = 0x7F80
    }
    let state = RunState(model: try Model(bytes: altered.bytes, kernels: kernels))
    let good: [UInt32] = [2, 7, 9, 11, 13, 3]
    for place in [0, 1, 4] {
      var bad = good
      bad[place] = 1000
      let texts = [good, good, bad]
      #expect(
        message { () throws(ModelError) in try state.logits(texts) }
          == "text 3 gives logits that are not finite numbers; the checkpoint overflows on it: "
          + "look at its ranges with 'mbq inspect'", "place \(place)")
    }
    // What is not finite must not stay behind for the texts that follow.
    let sound = RunState(model: try Subject.tinyNews().model(.int8, kernels))
    #expect(try bits(state, [good]) == bits(sound, [good]))
  }
}
