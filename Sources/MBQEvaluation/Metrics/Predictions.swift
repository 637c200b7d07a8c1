/// The answers of a model beside the true labels: what every metric is computed from.
///
/// Filled row by row while the texts stream past; a row costs its logits and 8 bytes.
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

  /// From answers that are there already; `truths` has a label of the model for each row.
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

  /// (labels) Adds a row and returns the label the model chose: `predicted`, or that of the largest logit.
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
