/// The rule for probabilities and the label of a single-label model.
///
/// Fitted on labelled text after training (`mbq tune-threshold`); the default changes nothing.
public struct Decision: Equatable, Sendable {
  /// The divisor of the logits before the softmax (Guo et al., "On calibration of modern neural networks",
  /// 2017); a value above 1 lowers the confidence of the model.
  public var temperature: Float
  /// The lowest probability at which the second of two labels is given.
  ///
  /// At 0.5, and with other numbers of labels, the label of the largest logit is given.
  public var threshold: Float

  public init(temperature: Float = 1, threshold: Float = 0.5) {
    self.temperature = temperature
    self.threshold = threshold
  }

  /// The allowed temperatures of a file; outside, probabilities would be meaningless.
  public static var temperatures: ClosedRange<Float> { 0x1p-10...0x1p10 }
}
