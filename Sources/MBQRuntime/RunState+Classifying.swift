import MBQCore
import MBQFormat
import MBQKernels
public import MBQModel
import MBQTokenizer

/// What a model says of one text.
public struct Classification: Equatable, Sendable {
  /// The index of the largest logit, the first of equal ones; or what the model's threshold says.
  public var label: Int
  /// The labels given: `label` alone, or in a multi-label model those whose logit is above 0, which is
  /// a probability above 0.5.
  public var labels: [Int]
  /// One a label: a softmax, which adds up to 1, or in a multi-label model the sigmoid of each.
  public var probabilities: [Float]
  public var logits: [Float]
  /// Tokens the model saw, the special ones included.
  public var tokenCount: Int
  /// The text was longer than the model takes, and its end was not seen.
  public var isTruncated: Bool

  public init(
    logits: [Float], tokenCount: Int, isTruncated: Bool, isMultiLabel: Bool,
    decision: Decision = Decision()
  ) {
    self.logits = logits
    self.tokenCount = tokenCount
    self.isTruncated = isTruncated
    var best = 0
    for index in logits.indices where logits[index] > logits[best] { best = index }
    label = best
    if isMultiLabel {
      probabilities = sigmoid(logits)
      labels = logits.indices.filter { logits[$0] > 0 }
    } else {
      probabilities = softmax(logits, temperature: decision.temperature)
      // Of two labels only: a file with another number has no threshold.
      if decision.threshold != 0.5 { label = probabilities[1] >= decision.threshold ? 1 : 0 }
      labels = [label]
    }
  }
}

extension Model {
  /// The token ids of a text, special ones included, and whether it was cut to `limit` of them.
  public func tokens(of text: String, limit: Int) -> (ids: [UInt32], isTruncated: Bool) {
    var ids: [UInt32] = []
    let summary = text.withUTF8Bytes {
      tokenizer.encode($0, limit: limit, countsAll: false, into: &ids)
    }
    return (ids, summary.isTruncated)
  }
}

extension RunState {
  /// Logits (texts, labels) of texts given as token ids, special tokens included.
  ///
  /// Refuses, with `ModelError.badTokens`, a text of no tokens or more than the model takes and ids
  /// outside of the vocabulary; with `.notFinite` logits that are no numbers.
  public func logits(_ texts: [[UInt32]]) throws(ModelError) -> [Float] {
    guard !texts.isEmpty else { return [] }
    let header = model.packed.header
    for (index, text) in texts.enumerated() {
      guard !text.isEmpty, text.count <= header.maximumTokens else {
        throw .badTokens(
          """
          text \(index + 1) has \(text.count) tokens; this model takes 1 to \(header.maximumTokens)
          """)
      }
      for token in text where token >= header.vocabularyCount {
        throw .badTokens(
          """
          text \(index + 1) has token \(token); the vocabulary ends at \(header.vocabularyCount - 1)
          """)
      }
    }
    var logits: [Float] = []
    logits.reserveCapacity(texts.count * header.labels.count)
    for group in groups(texts) {
      logits += Executor(state: self, batch: TokenBatch(texts[group])).run()
    }
    for (index, value) in logits.enumerated() where !value.isFinite {
      throw .notFinite(text: index / header.labels.count)
    }
    return logits
  }

  /// Classifies texts; each is cut to `limit` tokens, or to what the model takes.
  public func classify(
    _ texts: [String], limit: Int? = nil
  ) throws(ModelError) -> [Classification] {
    let most = min(max(limit ?? model.maximumTokens, 2), model.maximumTokens)
    var tokens: [[UInt32]] = []
    var truncated: [Bool] = []
    for text in texts {
      let (ids, isTruncated) = model.tokens(of: text, limit: most)
      tokens.append(ids)
      truncated.append(isTruncated)
    }
    let logits = try self.logits(tokens)
    let labels = model.labels.count
    return tokens.indices.map {
      Classification(
        logits: Array(logits[($0 * labels)..<(($0 + 1) * labels)]), tokenCount: tokens[$0].count,
        isTruncated: truncated[$0], isMultiLabel: model.isMultiLabel, decision: model.decision)
    }
  }
}
