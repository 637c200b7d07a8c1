public import Foundation

/// Texts with the token ids and logits that Hugging Face transformers gives them, one JSON object a
/// line: `{"text": …, "input_ids": […], "logits": […]}`.
public struct LogitGolden: Decodable, Sendable {
  public var text: String
  public var inputIds: [UInt32]
  public var logits: [Double]

  public static func read(_ url: URL) throws -> [LogitGolden] {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try Data(contentsOf: url).split(separator: UInt8(ascii: "\n")).map {
      try decoder.decode(LogitGolden.self, from: $0)
    }
  }
}

/// The largest difference between two lists of logits, as a share of the largest magnitude in
/// `truth`.
public func relativeError(_ logits: [Float], _ truth: [Double]) -> Double {
  guard logits.count == truth.count else { return .infinity }
  var error = 0.0
  var largest = 0.0
  for (logit, truth) in zip(logits, truth) {
    let difference = abs(Double(logit) - truth)
    // A NaN must not look like agreement.
    error = difference.isNaN ? .infinity : max(error, difference)
    largest = max(largest, abs(truth))
  }
  return largest == 0 ? error : error / largest
}
