/// The wrong answers with the highest confidence of the model.
///
/// It keeps `limit` of them and counts the rest.
public struct Mistakes: Sendable, Equatable, Codable {
  public struct Mistake: Sendable, Equatable, Codable {
    /// From 1, as in the dataset.
    public var row: Int
    public var truth: Int
    public var predicted: Int
    /// Of the label it predicted.
    public var probability: Double
    /// The difference to the probability of the true label.
    public var margin: Double
    /// The start of the text.
    public var excerpt: String

    public init(
      row: Int, truth: Int, predicted: Int, probability: Double, margin: Double, excerpt: String
    ) {
      self.row = row
      self.truth = truth
      self.predicted = predicted
      self.probability = probability
      self.margin = margin
      self.excerpt = excerpt
    }
  }

  public let limit: Int
  public private(set) var count = 0
  /// The surest first; of equals the earlier row.
  public private(set) var shown: [Mistake] = []

  public init(limit: Int) { self.limit = max(limit, 0) }

  /// The longest excerpt, in characters.
  public static var excerptLength: Int { 200 }

  /// Counts a wrong answer to `text`.
  public mutating func add(
    row: Int, truth: Int, predicted: Int, probability: Double, margin: Double, text: String
  ) {
    count += 1
    insert(
      Mistake(
        row: row, truth: truth, predicted: predicted, probability: probability, margin: margin,
        excerpt: MBQEvaluation.excerpt(of: text)))
  }

  /// Adds the mistakes of another part of the same dataset.
  public mutating func merge(_ other: Mistakes) {
    count += other.count
    for mistake in other.shown { insert(mistake) }
  }

  private mutating func insert(_ mistake: Mistake) {
    let place =
      shown.firstIndex {
        ($0.probability, mistake.row) < (mistake.probability, $0.row)
      } ?? shown.count
    guard place < limit else { return }
    if shown.count == limit { shown.removeLast() }
    shown.insert(mistake, at: place)
  }
}
