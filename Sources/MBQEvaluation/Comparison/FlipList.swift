import Foundation

/// The most harmful rows with different answers of two models.
///
/// It keeps `limit` of them with the start of their texts; `ComparisonSummary` does the counting.
public struct FlipList: Sendable, Equatable, Codable {
  public struct Flip: Sendable, Equatable, Codable {
    /// From 1, as in the dataset.
    public var row: Int
    /// `nil` without labels.
    public var truth: Int?
    public var baseline: Int
    public var candidate: Int
    /// The baseline's probability of the true label; without labels, of the label it chose.
    public var probabilityBefore: Double
    /// The candidate's probability of the same label.
    public var probabilityAfter: Double
    /// KL(baseline ‖ candidate) of the row, in nats.
    public var divergence: Double
    /// The start of the text.
    public var excerpt: String

    public var kind: FlipKind? {
      guard let truth else { return nil }
      return truth == baseline ? .lost : truth == candidate ? .gained : .other
    }

    /// Right answers lost come first, by what the true label lost; then changed wrong answers; then
    /// right answers gained.
    ///
    /// Without labels those whose probabilities moved furthest.
    static func isWorse(_ a: Flip, _ b: Flip) -> Bool {
      if a.kind != b.kind { return (a.kind?.rank ?? 0) < (b.kind?.rank ?? 0) }
      let (first, second) = (a.harm, b.harm)
      return first == second ? a.row < b.row : first > second
    }

    private var harm: Double { truth == nil ? divergence : probabilityBefore - probabilityAfter }
  }

  public let limit: Int
  /// The most harmful first; of equals the earlier row.
  public private(set) var shown: [Flip] = []

  public init(limit: Int) { self.limit = max(limit, 0) }

  /// Of all rows of two outputs, without their texts; `truths` is `nil` without labels.
  public init(limit: Int, baseline: Outputs, candidate: Outputs, truths: [Int32]?) {
    self.init(limit: limit)
    for row in 0..<candidate.rowCount {
      add(
        baseline: baseline, baselineRow: row, candidate: candidate, candidateRow: row,
        truth: truths.map { Int($0[row]) }, number: row + 1, text: "")
    }
  }

  /// Considers a row counted from 0 of both outputs; `number` is its place in the dataset, from 1.
  ///
  /// It ignores rows with the same answer.
  public mutating func add(
    baseline: Outputs, baselineRow: Int, candidate: Outputs, candidateRow: Int, truth: Int?,
    number: Int, text: String
  ) {
    let (before, after) = (
      Int(baseline.predicted[baselineRow]), Int(candidate.predicted[candidateRow])
    )
    guard before != after else { return }
    let label = truth ?? before
    insert(
      Flip(
        row: number, truth: truth, baseline: before, candidate: after,
        probabilityBefore: baseline.probability(of: label, row: baselineRow),
        probabilityAfter: candidate.probability(of: label, row: candidateRow),
        divergence: divergence(
          baseline.logits(row: baselineRow), candidate.logits(row: candidateRow)),
        excerpt: excerpt(of: text)))
  }

  /// Adds the flips of another part of the same dataset.
  public mutating func merge(_ other: FlipList) {
    for flip in other.shown { insert(flip) }
  }

  private mutating func insert(_ flip: Flip) {
    let place = shown.firstIndex { Flip.isWorse(flip, $0) } ?? shown.count
    guard place < limit else { return }
    if shown.count == limit { shown.removeLast() }
    shown.insert(flip, at: place)
  }
}

/// The effect of a changed answer.
public enum FlipKind: String, Sendable, Codable {
  /// Right before, wrong now.
  case lost
  /// Wrong before and now, differently.
  case other
  /// Wrong before, right now.
  case gained

  var rank: Int {
    switch self {
    case .lost: 0
    case .other: 1
    case .gained: 2
    }
  }
}

/// The start of a text, for a list.
///
/// A character may have any number of combining marks: the scalars are bounded as well.
func excerpt(of text: String) -> String {
  let start = String(text.unicodeScalars.prefix(8 * Mistakes.excerptLength))
  return String(start.prefix(Mistakes.excerptLength))
}
