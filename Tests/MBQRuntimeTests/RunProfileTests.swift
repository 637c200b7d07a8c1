import MBQFormat
import MBQModel
import MBQQuantizer
import MBQRuntime
import MBQTestSupport
import Synchronization
import Testing

/// A clock that moves on by one whenever it is read.
private final class Ticks: Sendable {
  private let count = Atomic<UInt64>(0)
  var next: UInt64 { count.add(1, ordering: .relaxed).newValue }
}

@Suite("run profile")
struct RunProfileTests {
  private let lengths = [7, 50, 1, 128]

  private func profile(
    _ model: Model, threads: Int, runs: Int = 1
  ) throws -> (entries: [RunProfile.Entry], profile: RunProfile, logits: [Bits]) {
    let pool = ThreadPool(workerCount: threads)
    let state = RunState(model: model, parallel: pool.parallel)
    let ticks = Ticks()
    let profile = RunProfile(for: state, now: { ticks.next })
    state.profile = profile
    let texts = randomTexts(lengths: lengths, vocabulary: model.vocabularyCount)
    var logits: [Bits] = []
    for _ in 0..<runs { logits = try bits(state, texts) }
    return (model.packed.header.steps.indices.map { profile[$0] }, profile, logits)
  }

  /// What the model's definition needs, counted from it alone.
  private func multiplications(_ header: PackedHeader) -> [Int] {
    let tokens = lengths.reduce(0, +)
    let lastAttention = header.steps.lastIndex {
      if case .attention = $0.operation { true } else { false }
    }!
    return header.steps.enumerated().map { index, step in
      switch step.operation {
      case .linear(let o):
        o.input.width * o.output.width * (index < lastAttention ? tokens : lengths.count)
      case .attention(let o):
        // Only the first row of a text is used after the last one.
        2 * o.query.width * lengths.reduce(0) { $0 + $1 * (index < lastAttention ? $1 : 1) }
      case .embed, .normalize, .pool: 0
      }
    }
  }

  @Test("one thread: a clock tick a call, every step called, the model's multiplications")
  func counts() throws {
    let model = try Subject.tinyNews().model(.int8)
    let (entries, profile, _) = try profile(model, threads: 1)
    for (step, entry) in entries.enumerated() {
      #expect(entry.calls >= 1, "step \(step)")
      #expect(entry.nanoseconds == UInt64(entry.calls), "step \(step)")
    }
    #expect(entries.map(\.multiplications) == multiplications(model.packed.header))
    profile.reset()
    #expect(entries.indices.allSatisfy { profile[$0] == RunProfile.Entry() })
  }

  @Test("runs add up; threads change calls at most", arguments: [2, 3])
  func addsUp(threads: Int) throws {
    let model = try Subject.tinyNews().model(.float32)
    let once = try profile(model, threads: threads)
    let thrice = try profile(model, threads: threads, runs: 3)
    #expect(thrice.entries.map(\.calls) == once.entries.map { $0.calls * 3 })
    #expect(
      thrice.entries.map(\.multiplications)
        == multiplications(model.packed.header).map { $0 * 3 })
  }

  @Test("a profile changes no bit")
  func sameBits() throws {
    let model = try Subject.tinyNews().model(.int8)
    let texts = randomTexts(lengths: lengths, vocabulary: model.vocabularyCount)
    let plain = try bits(RunState(model: model), texts)
    for threads in [1, 2] {
      #expect(try profile(model, threads: threads).logits == plain)
    }
  }
}
