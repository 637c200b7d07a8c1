import MBQCore
import MBQEvaluation
import MBQRuntime

extension Toolchain {
  /// Seeded random token ids, (batch) texts of `length`, that every model of `vocabulary` pieces reads.
  static func randomTexts(_ batch: Int, of length: Int, vocabulary: Int) -> [[UInt32]] {
    var generator = SeededGenerator(seed: 42)
    return (0..<batch).map { _ in
      (0..<length).map { _ in UInt32.random(in: 0..<UInt32(max(vocabulary, 1)), using: &generator) }
    }
  }

  /// The times of one text of at most `tokens` tokens, both models in turn; the first one's first.
  func pairedTimes(
    _ first: Model, _ second: Model, tokens: Int, rounds: Int, warmUp: Int, name: String
  ) throws -> [InterleavedRounds.Result] {
    let length = min(tokens, first.maximumTokens, second.maximumTokens)
    let text = Self.randomTexts(
      1, of: length, vocabulary: min(first.vocabularyCount, second.vocabularyCount))
    let pool = try pool()
    defer { withExtendedLifetime(pool) {} }
    let stage = stage(name, total: rounds + warmUp, unit: "rounds")
    defer { stage.finish() }
    let variants = [first, second].map { model in
      let state = RunState(model: model, parallel: pool.parallel)
      return InterleavedRounds.Variant<ModelError>("") { () throws(ModelError) in
        _ = try state.logits(text)
      }
    }
    return try InterleavedRounds(warmUpRounds: warmUp, rounds: rounds).run(variants) { _ in
      stage.advance()
    }
  }
}
