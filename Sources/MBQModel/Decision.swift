/// How probabilities and the label follow from the logits of a model that gives one label a text.
///
/// Fitted on labelled text after training (`mbq tune-threshold`); the default changes nothing.
public struct Decision: Equatable, Sendable {
  /// Logits are divided by it before the softmax (Guo et al., "On calibration of modern neural networks",
  /// 2017): above 1 makes the model less sure.
  public var temperature: Float
  /// Of two labels, the second is given if its probability is at least this; at 0.5, and with other numbers
  /// of labels, the label is that of the largest logit.
  public var threshold: Float

  public init(temperature: Float = 1, threshold: Float = 0.5) {
    self.temperature = temperature
    self.threshold = threshold
  }

  /// Temperatures a file may state: beyond, probabilities would say nothing.
  public static var temperatures: ClosedRange<Float> { 0x1p-10...0x1p10 }
}
