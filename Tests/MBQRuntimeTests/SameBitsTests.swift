import MBQCheckpoints
import MBQFormat
import MBQKernels
import MBQModel
import MBQQuantizer
import MBQRuntime
import Testing

/// The same model and text give the same logits, to the bit, however they are run.
@Suite("The same bits")
struct SameBitsTests {
  /// 32 lengths from one token to the most, in no order.
  static func lengths(most: Int) -> [Int] {
    let spread = (0..<24).map { 5 + $0 * $0 * (most - 6) / (23 * 23) }
    return (spread + [1, 2, 3, 47, 48, 49, most - 1, most]).enumerated()
      .sorted { ($0.offset * 13) % 32 < ($1.offset * 13) % 32 }.map { min($0.element, most) }
  }

  private func texts() throws -> [[UInt32]] {
    let configuration = try Subject.tinyNews().checkpoint.configuration
    let lengths = Self.lengths(most: configuration.maximumPositions)
    #if DEBUG
    // Generic C calls fmaf for every product of an fp32 model: a few texts are enough here.
    let some = stride(from: 0, to: lengths.count, by: 4).map { min(lengths[$0], 70) }
    #else
    let some = lengths
    #endif
    return randomTexts(lengths: some, vocabulary: configuration.vocabularySize)
  }

  @Test(
    "alone, in a batch, and in the reverse order, on every kernel set",
    arguments: Precision.allCases)
  func batches(precision: Precision) throws {
    let texts = try texts()
    #if !DEBUG
    #expect(texts.count == 32 && texts.map(\.count).max() == 256 && texts.map(\.count).min() == 1)
    #endif
    let truth = try bitsAlone(RunState(model: Subject.tinyNews().model(precision)), texts)
    #expect(Set(truth).count > texts.count / 2)
    for kernels in KernelSets.runnable {
      let state = RunState(model: try Subject.tinyNews().model(precision, kernels))
      #expect(try bits(state, texts) == truth, "\(kernels.name)")
      #expect(try bits(state, texts.reversed()) == truth.reversed(), "\(kernels.name)")
      #expect(try bitsAlone(state, texts) == truth, "\(kernels.name), after a batch")
    }
  }

  @Test("with 1, 2 and 3 threads", arguments: Precision.allCases)
  func threads(precision: Precision) throws {
    let texts = try texts()
    let model = try Subject.tinyNews().model(precision)
    let truth = try bits(RunState(model: model), texts)
    for workerCount in 1...3 {
      let pool = ThreadPool(workerCount: workerCount)
      let state = RunState(model: model, parallel: pool.parallel)
      #expect(try bits(state, texts) == truth, "\(workerCount) workers")
      #expect(try bitsAlone(state, texts) == truth, "\(workerCount) workers, alone")
    }
  }

  @Test("whatever a state ran before, and however much room it has", arguments: Precision.allCases)
  func states(precision: Precision) throws {
    let texts = try texts()
    let model = try Subject.tinyNews().model(precision)
    let truth = try bitsAlone(RunState(model: model), texts)
    let roomy = RunState(model: model, tokens: 10_000)
    #expect(try bits(roomy, texts) == truth)
    #expect(try bitsAlone(roomy, texts) == truth)
    let growing = RunState(model: model)
    for count in [1, 2, 5, 3, texts.count, 1] {
      #expect(try bits(growing, Array(texts.prefix(count))) == Array(truth.prefix(count)))
    }
    let before = growing.byteCount
    _ = try growing.logits([texts[0]])
    #expect(growing.byteCount == before)
  }

  @Test("with one model in several threads at once", arguments: Precision.allCases)
  func concurrency(precision: Precision) async throws {
    let texts = try texts()
    let model = try Subject.tinyNews().model(precision)
    let truth = try bits(RunState(model: model), texts)
    try await withThrowingTaskGroup(of: Bool.self) { group in
      for task in 0..<4 {
        group.addTask {
          let pool = ThreadPool(workerCount: 1 + task % 2)
          let state = RunState(model: model, parallel: pool.parallel)
          for _ in 0..<3 where try bits(state, texts) != truth { return false }
          return try bitsAlone(state, texts) == truth
        }
      }
      for try await same in group { #expect(same) }
    }
  }

  @Test("the golden vectors of the file, on every kernel set", arguments: Precision.allCases)
  func goldenVectors(precision: Precision) throws {
    for kernels in KernelSets.runnable {
      let model = try Subject.tinyNews().model(precision, kernels)
      let state = RunState(model: model)
      #expect(model.packed.header.goldens.count == GoldenTexts.all.count)
      for golden in model.packed.header.goldens {
        #expect(try bits(state, [golden.tokens]) == [golden.logitBits], "\(kernels.name)")
      }
    }
  }
}
