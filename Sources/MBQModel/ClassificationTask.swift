/// The rule that turns logits into an answer.
public enum ClassificationTask: UInt16, Sendable, CaseIterable {
  /// One label a text; the probabilities are a softmax.
  case singleLabel = 0
  /// Any number of labels a text, none included; the probabilities are sigmoids.
  case multiLabel = 1
}
