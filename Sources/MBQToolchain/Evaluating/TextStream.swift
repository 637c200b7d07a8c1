import MBQCore
import MBQRuntime

/// Feeds texts to a model in batches of some thousand tokens: memory stays bounded, threads stay busy.
package struct TextStream<Row> {
  /// A text, what the caller wants to know it by, and what the model said.
  package struct Answer {
    package var row: Row
    package var text: String
    package var classification: Classification
  }

  private let model: Model
  private let state: RunState
  private let limit: Int
  private let tokensPerBatch: Int
  private var pending: [(row: Row, text: String, tokens: [UInt32], isTruncated: Bool)] = []
  private var pendingTokens = 0
  package private(set) var tokenCount = 0
  package private(set) var truncatedCount = 0

  /// Texts are cut to `limit` tokens.
  ///
  /// Refuses more of them than the model takes (`ToolchainError.tokenLimit`).
  package init(
    _ model: Model, _ state: RunState, limit: Int? = nil, tokensPerBatch: Int = 4096
  ) throws(ToolchainError) {
    self.model = model
    self.state = state
    self.limit = try ToolchainError.tokenLimit(limit, most: model.maximumTokens)
    self.tokensPerBatch = tokensPerBatch
  }

  package var tokenLimit: Int { limit }

  /// Adds a text; gives the answers of a batch that became full.
  package mutating func add(_ text: String, _ row: Row) throws(ModelError) -> [Answer] {
    let (tokens, isTruncated) = model.tokens(of: text, limit: limit)
    pending.append((row, text, tokens, isTruncated))
    pendingTokens += tokens.count
    return pendingTokens >= tokensPerBatch ? try finish() : []
  }

  /// The answers of what is left.
  package mutating func finish() throws(ModelError) -> [Answer] {
    guard !pending.isEmpty else { return [] }
    let logits = try state.logits(pending.map(\.tokens))
    let labels = model.labels.count
    let answers = pending.indices.map { index in
      Answer(
        row: pending[index].row, text: pending[index].text,
        classification: Classification(
          logits: Array(logits[(index * labels)..<((index + 1) * labels)]),
          tokenCount: pending[index].tokens.count, isTruncated: pending[index].isTruncated,
          isMultiLabel: model.isMultiLabel, decision: model.decision))
    }
    tokenCount += pendingTokens
    truncatedCount += answers.count { $0.classification.isTruncated }
    pending.removeAll(keepingCapacity: true)
    pendingTokens = 0
    return answers
  }
}
