/// The answers of a model with the true labels: the input of every metric.
///
/// It is filled row by row from a stream of texts; a row costs its logits and 8 bytes.
public struct Predictions: Sendable, Equatable {
  public private(set) var outputs: Outputs
  /// (rows) The true label of each row.
  public private(set) var truths: [Int32] = []
  /// Counted along the way.
  public private(set) var confusion: ConfusionMatrix

  public init(labelCount: Int) throws(EvaluationError) {
    outputs = try Outputs(labelCount: labelCount)
    confusion = ConfusionMatrix(labelCount: labelCount)
  }

  /// From existing answers; `truths` has a label of the model for each row.
  public init(outputs: Outputs, truths: [Int32]) {
    precondition(truths.count == outputs.rowCount, "a truth for every row")
    self.outputs = outputs
    self.truths = truths
    confusion = ConfusionMatrix(labelCount: outputs.labelCount)
    for (truth, predicted) in zip(truths, outputs.predicted) {
      precondition((0..<outputs.labelCount).contains(Int(truth)), "label \(truth)")
      confusion.count(truth: Int(truth), predicted: Int(predicted))
    }
  }

  public var labelCount: Int { outputs.labelCount }
  public var rowCount: Int { truths.count }

  /// (labels) Adds a row and returns the chosen label: `predicted`, or that of the largest logit.
  ///
  /// Refuses a NaN or an infinity.
  @discardableResult
  public mutating func append(
    truth: Int, logits: some Collection<Float>, predicted: Int? = nil
  ) throws(EvaluationError) -> Int {
    precondition((0..<labelCount).contains(truth), "label \(truth) of \(labelCount)")
    let predicted = try outputs.append(logits: logits, predicted: predicted)
    truths.append(Int32(truth))
    confusion.count(truth: truth, predicted: predicted)
    return predicted
  }
}
