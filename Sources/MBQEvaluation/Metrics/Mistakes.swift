/// The wrong answers worth reading: those the model was surest of.
///
/// Keeps `limit` of them and counts the rest.
public struct Mistakes: Sendable, Equatable, Codable {
  public struct Mistake: Sendable, Equatable, Codable {
    /// From 1, as in the dataset.
    public var row: Int
    public var truth: Int
    public var predicted: Int
    /// Of the label it predicted.
    public var probability: Double
    /// The start of the text.
    public var excerpt: String

    public init(row: Int, truth: Int, predicted: Int, probability: Double, excerpt: String) {
      self.row = row
      self.truth = truth
      self.predicted = predicted
      self.probability = probability
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
    row: Int, truth: Int, predicted: Int, probability: Double, text: String
  ) {
    count += 1
    let place = shown.firstIndex { $0.probability < probability } ?? shown.count
    guard place < limit else { return }
    // A character may have any number of combining marks: bound the scalars as well.
    let start = String(text.unicodeScalars.prefix(8 * Self.excerptLength))
    let excerpt = String(start.prefix(Self.excerptLength))
    if shown.count == limit { shown.removeLast() }
    shown.insert(
      Mistake(
        row: row, truth: truth, predicted: predicted, probability: probability, excerpt: excerpt),
      at: place)
  }
}
