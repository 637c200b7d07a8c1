import MBQCore
import MBQModel
import MBQQuantizer
import Testing

@testable import MBQRuntime

/// What a batch is run in.
@Suite("Groups of a batch")
struct GroupTests {
  private static let shapes: [[Int]] = [
    [1], [640], [641], [10_000], Array(repeating: 128, count: 32), Array(repeating: 1, count: 2000),
    Array(repeating: 512, count: 5), [1, 639, 1, 640, 2, 700, 3], Array(1...200),
    Array((1...200).reversed()),
  ]

  @Test(
    "every text once and in order, within bounds, none of them small", arguments: shapes, [1, 3])
  func groups(_ lengths: [Int], workers: Int) throws {
    let model = try Subject.tinyNews().model(.int8)
    let pool = ThreadPool(workerCount: workers)
    let state = RunState(model: model, parallel: pool.parallel)
    let most = RunState.groupTokens * workers
    let texts = lengths.map { [UInt32](repeating: 0, count: $0) }
    let groups = state.groups(texts)
    #expect(groups.flatMap { Array($0) } == Array(texts.indices))
    let tokens = groups.map { texts[$0].reduce(0) { $0 + $1.count } }
    for (group, count) in zip(groups, tokens) { #expect(count <= most || group.count == 1) }
    // Two neighbours that would fit together are not cut apart.
    for (first, second) in zip(tokens, tokens.dropFirst()) { #expect(first + second > most) }
  }

  @Test("a batch of any size takes the memory of a group")
  func memory() throws {
    let model = try Subject.tinyNews().model(.int8)
    let (small, large) = (RunState(model: model), RunState(model: model))
    small.reserve(tokens: RunState.groupTokens)
    _ = try large.logits(randomTexts(lengths: Array(repeating: 100, count: 64), vocabulary: 2000))
    #expect(large.byteCount <= small.byteCount)
  }
}
